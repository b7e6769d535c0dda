"""The Models API of the sandbox, asked by the real SDK over real HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import anthropic
import httpx2
import pytest
from anthropic import Anthropic

from modelgate.sandbox import Sandbox
from modelgate.sandbox.catalogue import ALIASES, MODELS

IN_SERVICE = [model.id for model in MODELS if model.lifecycle != "retired"]
RETIRED = [model.id for model in MODELS if model.lifecycle == "retired"]
VERSION = {"anthropic-version": "2026-10-21"}


def test_a_request_without_a_key_is_refused(modelgate_sandbox: Sandbox) -> None:
    """Neither header: 401, in the API's shape, not worth a retry, the request ID in header and body."""
    answer = httpx2.get(f"{modelgate_sandbox.url}/v1/models", headers=VERSION)
    assert (answer.status_code, answer.headers["x-should-retry"]) == (401, "false")
    assert answer.json()["error"]["type"] == "authentication_error"
    assert answer.json()["request_id"] == answer.headers["request-id"]


def test_a_request_without_a_version_is_refused(modelgate_sandbox: Sandbox) -> None:
    """The header anthropic-version is required."""
    answer = httpx2.get(f"{modelgate_sandbox.url}/v1/models", headers={"x-api-key": "any"})
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize("headers", [{"x-api-key": "right"}, {"Authorization": "Bearer right"}])
def test_both_ways_to_send_a_key_are_accepted(modelgate_sandbox: Sandbox, headers: dict[str, str]) -> None:
    """A key is taken from x-api-key and from Authorization alike."""
    modelgate_sandbox.accept_keys("right")
    answer = httpx2.get(f"{modelgate_sandbox.url}/v1/models", headers=VERSION | headers)
    assert answer.status_code == 200


@pytest.mark.parametrize("headers", [{"x-api-key": "wrong"}, {"Authorization": "Bearer wrong"}])
def test_a_wrong_key_is_refused(modelgate_sandbox: Sandbox, headers: dict[str, str]) -> None:
    """Once keys are named, any other is a 401."""
    modelgate_sandbox.accept_keys("right")
    answer = httpx2.get(f"{modelgate_sandbox.url}/v1/models", headers=VERSION | headers)
    assert answer.status_code == 401


def test_an_unknown_model_is_not_found(client: Anthropic) -> None:
    """The 404 names the model that was asked for, whatever characters it has."""
    with pytest.raises(anthropic.NotFoundError) as caught:
        client.models.retrieve("a/b?c")
    assert caught.value.body["error"]["message"] == "model: a/b?c"  # type: ignore[index] # a dict, typed as object


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "lifecycle[]=young", "after_id=nobody",
                                   "after_id=claude-opus-5&before_id=claude-opus-4-6",
                                   "&".join(["lifecycle[]=active"] * 4)])  # fmt: skip
def test_a_wrong_parameter_is_refused(modelgate_sandbox: Sandbox, query: str) -> None:
    """A limit out of 1..1000, an unknown or a fourth lifecycle, an unknown cursor, two cursors: 400."""
    answer = httpx2.get(f"{modelgate_sandbox.url}/v1/models?{query}", headers=VERSION | {"x-api-key": "any"})
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")


def test_the_list_holds_active_and_deprecated_ids_newest_first(client: Anthropic) -> None:
    """Without a filter: canonical IDs in service, no alias, no retired model."""
    assert [model.id for model in client.models.list()] == IN_SERVICE


def test_retired_models_are_listed_when_asked_for(client: Anthropic) -> None:
    """The filter takes several lifecycles."""
    assert [model.id for model in client.models.list(lifecycle=["retired"])] == RETIRED
    everything = client.models.list(lifecycle=["active", "deprecated", "retired"], limit=1000)
    assert [model.id for model in everything] == IN_SERVICE + RETIRED


@pytest.mark.parametrize("limit", [1, 3, len(IN_SERVICE) - 1, len(IN_SERVICE)])
def test_pages_add_up_to_the_list(client: Anthropic, limit: int) -> None:
    """The SDK's paging by after_id ends with every model once."""
    assert [model.id for model in client.models.list(limit=limit)] == IN_SERVICE


def test_pages_go_backwards_too(client: Anthropic) -> None:
    """before_id gives the page just before the cursor, and says whether more precede it."""
    page = client.models.list(before_id=IN_SERVICE[4], limit=3)
    assert ([model.id for model in page.data], page.has_more) == (IN_SERVICE[1:4], True)
    first = client.models.list(before_id=IN_SERVICE[1], limit=3)
    assert ([model.id for model in first.data], first.has_more) == (IN_SERVICE[:1], False)


def test_a_page_cap_shortens_pages(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """A server may answer shorter pages than asked for; nothing is lost."""
    modelgate_sandbox.configure(page_cap=2)
    page = client.models.list(limit=1000)
    assert len(page.data) == 2
    assert [model.id for model in page] == IN_SERVICE


@pytest.mark.parametrize(("alias", "canonical"), ALIASES.items())
def test_an_alias_resolves_to_its_canonical_id(client: Anthropic, alias: str, canonical: str) -> None:
    """The answer's id is the canonical one."""
    assert client.models.retrieve(alias).id == canonical


def test_an_entry_carries_every_fact(client: Anthropic) -> None:
    """Lifecycle, line, dates, limits and capabilities reach the SDK's types."""
    entry = client.models.retrieve("claude-sonnet-4-6")
    assert (entry.lifecycle, entry.line, entry.deprecated_at, entry.retires_at) == ("active", "sonnet", None, None)
    assert (entry.max_input_tokens, entry.max_tokens) == (1_000_000, 128_000)
    assert entry.capabilities is not None
    assert entry.capabilities.thinking.types.adaptive.supported
    assert entry.capabilities.effort.xhigh is not None
    assert not entry.capabilities.effort.xhigh.supported


def test_every_entry_satisfies_the_sdks_own_types(modelgate_sandbox: Sandbox) -> None:
    """The SDK's strict validation accepts the whole catalogue, retired models included."""
    with Anthropic(_strict_response_validation=True) as strict:
        entries = list(strict.models.list(lifecycle=["active", "deprecated", "retired"]))
    assert len(entries) == len(MODELS)


def test_the_deprecated_model_retires_in_the_future(client: Anthropic) -> None:
    """The default catalogue holds a deprecated model with some 200 days left, whatever day it is."""
    entry = client.models.retrieve("claude-opus-4-1")
    assert entry.lifecycle == "deprecated"
    assert entry.retires_at is not None
    assert entry.retires_at - datetime.now(UTC) > timedelta(days=198)


def test_a_retired_model_is_answered_or_not_found(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """Which of the two the real API does is unknown, so both can be had."""
    assert client.models.retrieve("claude-3-opus-latest").lifecycle == "retired"
    modelgate_sandbox.configure(retired_answer=404)
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("claude-3-opus-20240229")


def test_an_older_gateway_knows_no_lifecycle(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """The newer fields are absent, the filter is ignored, and the SDK gives None without an error."""
    modelgate_sandbox.older_gateway()
    entries = list(client.models.list(lifecycle=["retired"]))
    assert [model.id for model in entries] == IN_SERVICE
    newer = ("lifecycle", "line", "deprecated_at", "retires_at")
    assert {getattr(model, name) for model in entries for name in newer} == {None}


def test_an_unknown_path_answers_in_the_apis_shape(modelgate_sandbox: Sandbox) -> None:
    """What the sandbox does not serve is a 404 of the API."""
    answer = httpx2.get(f"{modelgate_sandbox.url}/v1/nothing", headers=VERSION | {"x-api-key": "any"})
    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "not_found_error")
