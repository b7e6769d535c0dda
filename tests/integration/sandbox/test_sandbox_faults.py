"""Faults on request, as the SDK sees them."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import anthropic
import httpx2
import pytest
from anthropic import Anthropic

from modelgate.sandbox import Sandbox

BY_STATUS = [
    (400, anthropic.BadRequestError, "invalid_request_error"),
    (401, anthropic.AuthenticationError, "authentication_error"),
    (402, anthropic.APIStatusError, "billing_error"),
    (403, anthropic.PermissionDeniedError, "permission_error"),
    (404, anthropic.NotFoundError, "not_found_error"),
    (409, anthropic.ConflictError, "conflict_error"),
    (429, anthropic.RateLimitError, "rate_limit_error"),
    (500, anthropic.InternalServerError, "api_error"),
    (504, anthropic.InternalServerError, "timeout_error"),
    (529, anthropic.InternalServerError, "overloaded_error"),
]


@pytest.mark.parametrize(("status", "kind", "error_type"), BY_STATUS)
def test_a_failing_answer_raises_the_sdks_own_class(
    modelgate_sandbox: Sandbox, client: Anthropic, status: int, kind: type[anthropic.APIStatusError], error_type: str
) -> None:
    """Each status comes as the API's body with a request ID, once; then all is well again."""
    modelgate_sandbox.fail_next(status)
    with pytest.raises(kind) as caught:
        client.models.list()
    body = caught.value.response.json()
    assert (caught.value.status_code, body["type"], body["error"]["type"]) == (status, "error", error_type)
    assert body["request_id"] == caught.value.request_id == modelgate_sandbox.requests()[-1]["request_id"]
    assert client.models.list().data


def test_a_413_comes_from_the_edge(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """Too large is answered without type, request_id or the header."""
    modelgate_sandbox.fail_next(413)
    with pytest.raises(anthropic.APIStatusError) as caught:
        client.models.list()
    assert set(caught.value.response.json()) == {"error"}
    assert "request-id" not in caught.value.response.headers


def test_a_rate_limit_says_when_to_come_back(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """retry-after comes along, and the SDK's own retry obeys it."""
    modelgate_sandbox.rate_limit_next(retry_after="0.01", count=2)
    assert client.with_options(max_retries=2).models.list().data
    assert [record["status"] for record in modelgate_sandbox.requests()] == [429, 429, 200]


def test_a_spend_cap_has_a_code_and_no_retry_after(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """Waiting does not help, and the answer says so in details.error_code."""
    modelgate_sandbox.spend_cap()
    with pytest.raises(anthropic.RateLimitError) as caught:
        client.models.list()
    assert caught.value.response.json()["error"]["details"] == {"error_code": "enforced_spend_limit_reached"}
    assert "retry-after" not in caught.value.response.headers


def test_a_fault_hits_only_what_it_matches(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """Method and path are globs; skip lets the first matching requests through."""
    modelgate_sandbox.fail_next(500, path="/v1/models/claude-opus-*", skip=1)
    assert client.models.list().data
    assert client.models.retrieve("claude-opus-5").id
    with pytest.raises(anthropic.InternalServerError):
        client.models.retrieve("claude-opus-4-6")


def test_any_body_and_header_can_be_answered(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """A page of HTML, or a 200 that is no answer of the Models API."""
    modelgate_sandbox.fail_next(403, body="<html>blocked</html>", headers={"content-type": "text/html"})
    with pytest.raises(anthropic.PermissionDeniedError) as caught:
        client.models.list()
    assert caught.value.response.text == "<html>blocked</html>"
    modelgate_sandbox.fail_next(200, body={"object": "list"})
    assert client.models.list().data is None


def test_half_of_a_body_is_no_json(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """A truncated answer reaches the SDK as it is."""
    modelgate_sandbox.fail_next(200, body='{"data": [', headers={"content-type": "application/json"})
    with pytest.raises(json.JSONDecodeError):
        client.models.list()


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_cut_connection_gives_no_answer(modelgate_sandbox: Sandbox, client: Anthropic, when: str) -> None:
    """The connection ends without a byte; the next request is answered."""
    modelgate_sandbox.cut_next(when)  # type: ignore[arg-type] # a literal, parametrized
    with pytest.raises(anthropic.APIConnectionError):
        client.models.list()
    assert modelgate_sandbox.requests()[-1]["status"] is None
    assert client.models.list().data


def test_a_connection_cut_in_the_answer_leaves_half_of_it(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """The head and half of the body arrive; the client cannot take that for the whole."""
    modelgate_sandbox.cut_next("during")
    with pytest.raises((anthropic.APIConnectionError, httpx2.RemoteProtocolError, httpx2.ReadError)):
        client.models.list()
    assert modelgate_sandbox.requests()[-1]["status"] == 200
    assert client.models.list().data


def test_a_slow_answer_outlasts_an_impatient_client(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """Latency delays every answer."""
    modelgate_sandbox.configure(latency_ms=60_000)
    with pytest.raises(anthropic.APITimeoutError):
        client.with_options(timeout=0.2).models.list()


def test_a_fault_can_only_delay(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """A delay without a status lets the request through."""
    modelgate_sandbox.add_fault(delay_ms=1)
    assert client.models.list().data
    assert modelgate_sandbox.state()["faults"] == []


def test_faults_can_be_lifted(modelgate_sandbox: Sandbox, client: Anthropic) -> None:
    """A fault without end stays in the state until it is lifted."""
    modelgate_sandbox.fail_next(529, count=None)
    assert [fault["left"] for fault in modelgate_sandbox.state()["faults"]] == [None]
    modelgate_sandbox.lift_faults()
    assert client.models.list().data


def _statuses(sandbox: Sandbox, seed: int) -> list[int]:
    headers = {"x-api-key": "any", "anthropic-version": "2026-10-21"}
    sandbox.lift_faults()
    sandbox.fail_fraction(1 / 3, 503, seed=seed)
    with httpx2.Client(headers=headers) as client:
        return [client.get(f"{sandbox.url}/v1/models").status_code for _ in range(300)]


def test_a_fraction_of_requests_fails_repeatably(modelgate_sandbox: Sandbox) -> None:
    """About one request in three fails, the same ones for the same seed."""
    statuses = _statuses(modelgate_sandbox, seed=7)
    assert 70 < statuses.count(503) < 130
    assert statuses == _statuses(modelgate_sandbox, seed=7)
    assert statuses != _statuses(modelgate_sandbox, seed=8)


def test_hundreds_of_connections_at_once_are_answered(modelgate_sandbox: Sandbox) -> None:
    """Three hundred clients, each with its own connection open at the same time, all get their page."""
    modelgate_sandbox.configure(latency_ms=200)
    headers = {"x-api-key": "any", "anthropic-version": "2026-10-21"}

    with httpx2.Client(headers=headers, timeout=60, limits=httpx2.Limits(max_connections=300)) as client:

        def ask(_number: int) -> int:
            return client.get(f"{modelgate_sandbox.url}/v1/models").status_code

        with ThreadPoolExecutor(300) as pool:
            assert list(pool.map(ask, range(300))) == [200] * 300
