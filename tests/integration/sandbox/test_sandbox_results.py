"""The results of batches: rows of every type, and how requests are told to end."""

from __future__ import annotations

import json
from collections import Counter

import httpx2
import pytest
from anthropic import Anthropic
from asking import VERSION, counts, create, request_of

from modelgate.domain.errors import UsageError
from modelgate.sandbox import Sandbox
from modelgate.sandbox.answers import ERROR_TYPES


def types_of(client: Anthropic, batch_id: str) -> dict[str, str]:
    """The result type of each custom_id."""
    return {row.custom_id: row.result.type for row in client.messages.batches.results(batch_id)}


def raw_results(sandbox: Sandbox, batch_id: str) -> httpx2.Response:
    """The results as they are on the wire."""
    return httpx2.get(f"{sandbox.url}/v1/messages/batches/{batch_id}/results", headers=VERSION)


@pytest.mark.parametrize("plan", [{"custom_ids": {"a": "lost"}}, {"custom_ids": {"a": [5]}},
                                  {"proportions": {"expired": 0.7, "canceled": 0.7}},
                                  {"proportions": {"expired": -1}}, {"proportions": {"lost": 0.1}}])  # fmt: skip
def test_a_plan_that_makes_no_sense_is_refused(modelgate_sandbox: Sandbox, plan: dict[str, object]) -> None:
    """Unknown outcomes and impossible proportions raise."""
    with pytest.raises(UsageError):
        modelgate_sandbox.send("POST", "outcomes", plan)


def test_requests_end_as_told_by_custom_id(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """Each result type can be had, a missing row and a type of the future too; counts agree with the rows."""
    told = {"b": "errored:overloaded_error", "c": "expired", "d": "canceled", "e": "missing", "f": "other:paused"}
    modelgate_sandbox.set_outcomes(told)
    batch = create(client, *"abcdef")
    modelgate_sandbox.end_batches()
    ended = client.messages.batches.retrieve(batch.id)
    assert counts(ended) == {"succeeded": 3, "errored": 1, "expired": 1, "canceled": 1}
    expected = {"a": "succeeded", "b": "errored", "c": "expired", "d": "canceled", "f": "paused"}
    assert types_of(client, batch.id) == expected


@pytest.mark.parametrize("error_type", ERROR_TYPES)
def test_every_error_type_can_be_a_row(modelgate_sandbox: Sandbox, client: Anthropic, error_type: str) -> None:
    """An errored row carries the API's error body."""
    modelgate_sandbox.set_outcomes({"a": f"errored:{error_type}"})
    batch = create(client, "a")
    modelgate_sandbox.end_batches()
    (row,) = client.messages.batches.results(batch.id)
    assert row.result.type == "errored"
    assert (row.result.error.type, row.result.error.error.type) == ("error", error_type)
    assert row.result.error.error.message


def test_a_resent_request_may_end_otherwise(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """A sequence of outcomes is used up one batch at a time; afterwards the request succeeds."""
    modelgate_sandbox.set_outcomes({"a": ["errored:api_error", "expired"]})
    batches = [create(client, "a") for _ in range(3)]
    modelgate_sandbox.end_batches()
    assert [types_of(client, batch.id)["a"] for batch in batches] == ["errored", "expired", "succeeded"]


def _drawn(sandbox: Sandbox, client: Anthropic) -> dict[str, str]:
    proportions = {"errored:overloaded_error": 0.2, "expired": 0.1}
    sandbox.set_outcomes({"r0": "canceled"}, proportions=proportions, seed=3, batches=1)
    batch = create(client, *(f"r{number}" for number in range(500)))
    sandbox.end_batches()
    return types_of(client, batch.id)


def test_proportions_are_drawn_from_a_seed(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """About as many as told, the same ones again, and only for as many batches as told."""
    drawn = _drawn(modelgate_sandbox, client)
    numbers = Counter(drawn.values())
    assert numbers["canceled"] == 1
    assert 60 < numbers["errored"] < 140
    assert 25 < numbers["expired"] < 75
    later = create(client, "r0", "r1")
    modelgate_sandbox.end_batches()
    assert set(types_of(client, later.id).values()) == {"succeeded"}
    assert _drawn(modelgate_sandbox, client) == drawn


def test_a_message_is_that_of_the_canonical_model(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """An alias is served by its ID; tokens are counted and stay below max_tokens."""
    requests = [request_of("a", "claude-haiku-4-5", max_tokens=3)]
    batch = client.messages.batches.create(requests=requests)
    modelgate_sandbox.end_batches()
    (row,) = client.messages.batches.results(batch.id)
    assert row.result.type == "succeeded"
    message = row.result.message
    assert (message.model, message.role, message.stop_reason) == ("claude-haiku-4-5-20251001", "assistant", "end_turn")
    assert message.usage.input_tokens > 0
    assert message.usage.output_tokens == 3
    assert message.usage.service_tier == "batch"


def test_another_model_can_serve(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """message.model differs from the requested model where that was asked for."""
    modelgate_sandbox.serve_as("claude-sonnet-4-6", "claude-sonnet-4-6-quiet")
    batch = create(client, "a")
    modelgate_sandbox.end_batches()
    (row,) = client.messages.batches.results(batch.id)
    assert row.result.type == "succeeded"
    assert row.result.message.model == "claude-sonnet-4-6-quiet"


def test_rows_come_in_another_order_but_always_the_same(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """The order is not that of the requests, and reading twice gives the same bytes."""
    sent = [f"r{number}" for number in range(450)]
    batch = create(client, *sent)
    modelgate_sandbox.end_batches()
    lines = raw_results(modelgate_sandbox, batch.id).text.splitlines()
    received = [json.loads(line)["custom_id"] for line in lines]
    assert received != sent
    assert sorted(received) == sorted(sent)
    assert lines == raw_results(modelgate_sandbox, batch.id).text.splitlines()


def test_results_can_break_off(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """Cut in the middle, the stream raises for whoever reads it; read again it is whole."""
    batch = create(client, *(f"r{number}" for number in range(450)))
    modelgate_sandbox.end_batches()
    modelgate_sandbox.cut_next("during", path="*/results")
    with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError, json.JSONDecodeError)):
        types_of(client, batch.id)
    assert len(types_of(client, batch.id)) == 450


@pytest.mark.parametrize("last_newline", [True, False])
@pytest.mark.parametrize("content_type", ["application/x-jsonl", None])
def test_results_are_json_lines(
    modelgate_sandbox: Sandbox, client: Anthropic, last_newline: bool, content_type: str | None
) -> None:
    """With or without a newline at the end, with or without a content type; the SDK reads them all."""
    modelgate_sandbox.configure(last_newline=last_newline, results_content_type=content_type)
    batch = create(client, "a", "b")
    modelgate_sandbox.end_batches()
    answer = raw_results(modelgate_sandbox, batch.id)
    assert answer.headers.get("content-type") == content_type
    assert answer.text.endswith("\n") is last_newline
    assert set(types_of(client, batch.id)) == {"a", "b"}


def test_results_can_be_said_to_be_elsewhere(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """results_url names another origin; the SDK would take the key there."""
    modelgate_sandbox.configure(results_origin="https://results.invalid")
    batch = create(client, "a")
    modelgate_sandbox.end_batches()
    url = client.messages.batches.retrieve(batch.id).results_url
    assert url == f"https://results.invalid/v1/messages/batches/{batch.id}/results"


def test_a_batch_whose_rows_all_are_missing_has_empty_results(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """No row is an empty body, not an error."""
    modelgate_sandbox.set_outcomes(proportions={"missing": 1})
    batch = create(client, "a")
    modelgate_sandbox.end_batches()
    assert raw_results(modelgate_sandbox, batch.id).content == b""
