"""Probes' two calls, through the real SDK: tokens counted, and a message that is left at its first content."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest
from asked import KEY
from support.fault_server import Fault, FaultServer

from modelgate.api import connect
from modelgate.api.messages import Messages
from modelgate.api.transport import Transport
from modelgate.clock import Deadline, SystemClock
from modelgate.domain.probe import Answered, Failed
from modelgate.domain.settings import ApiSettings
from modelgate.sandbox import Sandbox

BODY: dict[str, Any] = {"model": "claude-sonnet-5", "messages": [{"role": "user", "content": "CANARY"}]}
LIVE = {**BODY, "max_tokens": 1, "stream": True}


@contextmanager
def messages_at(url: str, seconds: float = 20.0) -> Iterator[Messages]:
    """The Messages API at `url`, for one test."""
    client = connect(ApiSettings(base_url=url), environ=KEY)
    with closing(Transport(client, Deadline.after(seconds, SystemClock()))) as transport:
        yield Messages(client, transport, betas=("a", "b"))


@pytest.fixture
def messages(modelgate_sandbox: Sandbox) -> Iterator[Messages]:
    """The sandbox's."""
    with messages_at(modelgate_sandbox.url) as found:
        yield found


def test_tokens_are_counted(messages: Messages, modelgate_sandbox: Sandbox) -> None:
    """One request, with the betas in their header."""
    counted = messages.count(BODY)
    assert isinstance(counted, Answered)
    assert (counted.input_tokens > 0, counted.served_model, counted.status) == (True, None, 200)
    assert counted.request_id == modelgate_sandbox.requests()[-1]["request_id"]
    assert "anthropic-beta" in modelgate_sandbox.requests()[-1]["headers"]


def test_a_message_is_begun_and_left(messages: Messages) -> None:
    """The model that answers is told, and the tokens that were sent."""
    begun = messages.begin(LIVE)
    assert isinstance(begun, Answered)
    assert (begun.served_model, begun.output_tokens, begun.input_tokens > 0) == ("claude-sonnet-5", 1, True)


def test_an_outage_of_counting_is_waited_for_and_of_a_message_is_not(
    messages: Messages, modelgate_sandbox: Sandbox
) -> None:
    """Counting is free and tried again; a message costs money and is sent once."""
    modelgate_sandbox.fail_next(529, count=1)
    assert isinstance(messages.count(BODY), Answered)
    modelgate_sandbox.forget_requests()
    modelgate_sandbox.fail_next(529, count=1)
    failed = messages.begin(LIVE)
    assert isinstance(failed, Failed)
    assert (failed.problem.check, failed.status, len(modelgate_sandbox.requests())) == ("api.unreachable", 529, 1)


def test_the_apis_own_reason_is_told(messages: Messages) -> None:
    """A refusal brings its type and the API's own words, for people; and never the request."""
    for failed in (messages.count({**BODY, "temperature": 1}), messages.begin({**LIVE, "max_tokens": 10**9})):
        assert isinstance(failed, Failed)
        assert (failed.status, failed.error_type) == (400, "invalid_request_error")
        assert failed.reason.startswith(("max_tokens: 1000000000 >", "temperature: Extra inputs"))
        assert "CANARY" not in repr(failed)


def test_a_spend_cap_says_so(messages: Messages, modelgate_sandbox: Sandbox) -> None:
    """Waiting does not help: that is told at once."""
    modelgate_sandbox.spend_cap()
    failed = messages.count(BODY)
    assert isinstance(failed, Failed)
    assert (failed.problem.check, failed.problem.message) == (
        "api.rate-limited",
        "the spend cap is reached: waiting does not help",
    )


ZERO = {"type": "error", "error": {"type": "rate_limit_error", "message": "This request would exceed 0"}}


@pytest.mark.parametrize(
    ("status", "body", "headers", "message"),
    [
        (429, ZERO, {"anthropic_ratelimit_requests_limit": "0", "x_should_retry": "false"},
         "the rate limit of this model is 0"),
        (404, {"error": "no such route"}, {}, "no usable answer: HTTP 404"),
        (200, {"tokens": 1}, {}, "the answer has no number of `input_tokens`"),
        (200, [], {}, "the answer is not a JSON object"),
    ],
)  # fmt: skip
def test_other_answers_are_told_apart(status: int, body: object, headers: dict[str, str], message: str) -> None:
    """A limit of zero, a gateway without the route, an answer that is none."""
    with (
        FaultServer(Fault("told", lambda wire: wire.answer(status, body, **headers))) as server,
        messages_at(server.base_url) as asked,
    ):
        failed = asked.count(BODY)
    assert isinstance(failed, Failed)
    assert failed.problem.message.startswith(message)


BROKEN = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
NO_MESSAGE = "the stream does not begin as a message does"


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([BROKEN], "the stream broke off: overloaded_error"),
        ([{"type": "message_stop"}], NO_MESSAGE),
        ([{"type": "message_start", "message": {"usage": {}, "model": "a"}}, {"type": "message_stop"}], NO_MESSAGE),
        ([{"type": "message_start", "message": []}], "the message is not a JSON object"),
        ([7], "an event is not a JSON object"),
        ([], NO_MESSAGE),
    ],
)  # fmt: skip
def test_a_stream_that_is_none(events: list[object], expected: str) -> None:
    """Whatever stands in the stream, it is told and shows nothing of the model."""
    text = "".join(f"data: {json.dumps(event)}\n\n" for event in events).encode()
    with (
        FaultServer(Fault("told", lambda wire: wire.answer(200, text, content_type="text/event-stream"))) as server,
        messages_at(server.base_url) as asked,
    ):
        failed = asked.begin(LIVE)
    assert isinstance(failed, Failed)
    assert failed.problem.message == expected
