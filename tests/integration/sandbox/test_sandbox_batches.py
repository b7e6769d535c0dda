"""The Message Batches API of the sandbox: the way of a batch, asked by the real SDK over real HTTP."""

from __future__ import annotations

from datetime import timedelta

import anthropic
import httpx2
import pytest
from anthropic import Anthropic
from asking import VERSION, counts, create

from modelgate.sandbox import Sandbox


def test_an_unknown_batch_is_not_found(client: Anthropic) -> None:
    """Every endpoint of a batch that is not there is a 404."""
    batches = client.messages.batches
    for ask in (batches.retrieve, batches.cancel, batches.delete, batches.results):
        with pytest.raises(anthropic.NotFoundError):
            ask("msgbatch_nobody")


def test_a_batch_goes_from_in_progress_to_ended(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """Counts other than processing stay 0 until the end; then all add up and the results have a URL."""
    modelgate_sandbox.configure(batch_polls=2)
    batch = create(client, "a", "b", "c")
    seen = [batch, *(client.messages.batches.retrieve(batch.id) for _ in range(3))]
    assert [step.processing_status for step in seen] == ["in_progress", "in_progress", "in_progress", "ended"]
    assert [counts(step) for step in seen] == [{"processing": 3}] * 3 + [{"succeeded": 3}]
    assert [step.results_url is None for step in seen] == [True, True, True, False]
    assert seen[-1].results_url == f"{modelgate_sandbox.url}/v1/messages/batches/{batch.id}/results"
    assert batch.expires_at - batch.created_at == timedelta(hours=24)
    assert seen[-1].ended_at is not None


def test_an_unfinished_batch_says_when_to_ask_again(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """Every GET in progress carries retry-after; the one that tells the end does not; the header can be had without."""
    modelgate_sandbox.configure(retry_after="10", batch_polls=2)
    batch = create(client, "a")
    retrieve = client.messages.batches.with_raw_response.retrieve
    first = retrieve(batch.id).headers.get("retry-after")
    modelgate_sandbox.configure(retry_after=None)
    assert (first, retrieve(batch.id).headers.get("retry-after")) == ("10", None)
    assert retrieve(batch.id).headers.get("retry-after") is None


def test_a_batch_may_not_be_found_right_after_create(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """The first GETs can be told to answer 404; the batch is there nevertheless."""
    modelgate_sandbox.configure(not_found_polls=2)
    batch = create(client, "a")
    for _ in range(2):
        with pytest.raises(anthropic.NotFoundError):
            client.messages.batches.retrieve(batch.id)
    assert client.messages.batches.retrieve(batch.id).processing_status == "in_progress"


def test_there_are_no_results_before_the_end(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """Asked too early, the results are a 404 that says so."""
    batch = create(client, "a")
    answer = httpx2.get(f"{modelgate_sandbox.url}/v1/messages/batches/{batch.id}/results", headers=VERSION)
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == f"Message Batch {batch.id} has no available results."


def test_a_running_batch_is_not_deleted(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """DELETE is a 400 in progress, and forgets the batch after its end."""
    modelgate_sandbox.hold_batches()
    batch = create(client, "a")
    with pytest.raises(anthropic.BadRequestError):
        client.messages.batches.delete(batch.id)
    modelgate_sandbox.end_batches(batch.id)
    assert client.messages.batches.delete(batch.id).type == "message_batch_deleted"
    with pytest.raises(anthropic.NotFoundError):
        client.messages.batches.retrieve(batch.id)


def test_a_cancel_takes_its_time(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """Canceling, then ended with every request canceled; a second cancel is no error, one after the end is."""
    modelgate_sandbox.configure(batch_polls=9, cancel_polls=1)
    batch = create(client, "a", "b")
    canceling = client.messages.batches.cancel(batch.id)
    assert (canceling.processing_status, counts(canceling)) == ("canceling", {"processing": 2})
    assert canceling.cancel_initiated_at is not None
    assert client.messages.batches.cancel(batch.id).cancel_initiated_at == canceling.cancel_initiated_at
    assert client.messages.batches.retrieve(batch.id).processing_status == "canceling"
    ended = client.messages.batches.retrieve(batch.id)
    assert (ended.processing_status, counts(ended)) == ("ended", {"canceled": 2})
    with pytest.raises(anthropic.BadRequestError):
        client.messages.batches.cancel(batch.id)


def test_a_batch_takes_as_long_as_it_was_told(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """With batch_seconds the sandbox's clock decides."""
    modelgate_sandbox.configure(batch_polls=0, batch_seconds=3600)
    batch = create(client, "a")
    assert client.messages.batches.retrieve(batch.id).processing_status == "in_progress"
    modelgate_sandbox.advance(3601)
    assert client.messages.batches.retrieve(batch.id).processing_status == "ended"


def test_what_is_not_done_after_a_day_expires(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """After 24 hours a batch ends with the rest expired."""
    modelgate_sandbox.hold_batches()
    batch = create(client, "a", "b")
    modelgate_sandbox.advance(24 * 3600)
    ended = client.messages.batches.retrieve(batch.id)
    assert (counts(ended), ended.ended_at) == ({"expired": 2}, ended.expires_at)


def test_results_are_archived_after_29_days(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """Then archived_at is set and the results are gone."""
    batch = create(client, "a")
    modelgate_sandbox.end_batches()
    assert client.messages.batches.retrieve(batch.id).archived_at is None
    modelgate_sandbox.advance(29 * 24 * 3600)
    archived = client.messages.batches.retrieve(batch.id)
    assert archived.archived_at == batch.created_at + timedelta(days=29)
    answer = httpx2.get(f"{modelgate_sandbox.url}/v1/messages/batches/{batch.id}/results", headers=VERSION)
    assert answer.status_code == 404


def test_batches_are_listed_newest_first_in_pages(client: Anthropic) -> None:
    """The SDK's paging ends with every batch once."""
    made = [create(client, "a").id for _ in range(5)]
    assert [batch.id for batch in client.messages.batches.list(limit=2)] == made[::-1]


def test_a_lost_answer_leaves_a_batch_behind(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """The create fails for the client, but the batch is there and found in the list; the SDK's own retry makes two."""
    modelgate_sandbox.lose_next_creates(2)
    with pytest.raises(anthropic.APIConnectionError):
        create(client, "a")
    assert [batch["custom_ids"] for batch in modelgate_sandbox.batches()] == [["a"]]
    create(client.with_options(max_retries=1), "b")
    assert [batch["custom_ids"] for batch in modelgate_sandbox.batches()] == [["b"], ["b"], ["a"]]


def test_ended_batches_stay_ended_after_the_catalogue_changes(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """A batch is judged by the catalogue at its end."""
    first = create(client, "a")
    modelgate_sandbox.end_batches(first.id)
    second = create(client, "b")
    modelgate_sandbox.retire("claude-sonnet-4-6")
    modelgate_sandbox.end_batches(second.id)
    ended = [client.messages.batches.retrieve(batch.id) for batch in (first, second)]
    assert [counts(batch) for batch in ended] == [{"succeeded": 1}, {"errored": 1}]


def test_a_reset_forgets_batches_and_outcomes(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """No batch of one test is seen by the next."""
    modelgate_sandbox.set_outcomes({"a": "expired"})
    create(client, "a")
    modelgate_sandbox.reset()
    assert modelgate_sandbox.batches() == []
    assert modelgate_sandbox.state()["outcomes"]["custom_ids"] == {}
