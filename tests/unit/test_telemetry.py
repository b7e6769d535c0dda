"""`CallLog`: one structured record a call, for both clients and both kinds of loggers."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import httpx2
import pytest
import structlog

from modelgate import CallLog
from modelgate.api.call_record import EVENT
from modelgate.telemetry import LOGGER, JsonFormatter, TextFormatter

PINS = {"summarizer": "claude-sonnet-4-6", "grader": "claude-haiku-4-5-20251001"}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-6",
    "content": [{"type": "text", "text": "the secret answer"}],
    "stop_reason": "end_turn",
    "usage": {
        "input_tokens": 5,
        "output_tokens": 7,
        "cache_read_input_tokens": 3,
        "cache_creation_input_tokens": 2,
    },
}
ASKED: dict[str, Any] = {"max_tokens": 9, "messages": [{"role": "user", "content": "the secret prompt"}]}


def answering(status: int, body: object) -> Callable[[httpx2.Request], httpx2.Response]:
    """An API that gives one answer."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()

    def answer(_request: httpx2.Request) -> httpx2.Response:
        headers = {"content-type": "application/json", "request-id": "req_7"}
        return httpx2.Response(status, content=content, headers=headers)

    return answer


def client(answer: Callable[[httpx2.Request], httpx2.Response], log: CallLog, retries: int = 0) -> anthropic.Anthropic:
    """A synchronous client of that API."""
    http = httpx2.Client(transport=httpx2.MockTransport(answer))
    return anthropic.Anthropic(api_key="sk-secret", http_client=http, middleware=[log], max_retries=retries)


@pytest.fixture
def records(caplog: pytest.LogCaptureFixture) -> Iterator[list[dict[str, Any]]]:
    """The fields of every record so far."""

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            kept.append(json.loads(JsonFormatter().format(record)))

    kept: list[dict[str, Any]] = []
    logger, handler = logging.getLogger(LOGGER), Kept()
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield kept
    logger.removeHandler(handler)


def test_a_call_is_one_record(records: list[dict[str, Any]]) -> None:
    """A message is logged with its models, slot, request ID, status, attempt, time and tokens."""
    client(answering(200, MESSAGE), CallLog(PINS)).messages.create(model="claude-sonnet-4-6", **ASKED)
    (record,) = records
    assert record.pop("duration_ms") > 0
    del record["time"]
    assert record == {
        "level": "info",
        "logger": LOGGER,
        "message": EVENT,
        "requested_model": "claude-sonnet-4-6",
        "pinned_id": "claude-sonnet-4-6",
        "served_model": "claude-sonnet-4-6",
        "slot": "summarizer",
        "batch_id": None,
        "request_id": "req_7",
        "status": 200,
        "failure_reason": None,
        "attempt": 1,
        "input_tokens": 5,
        "output_tokens": 7,
        "cache_read_tokens": 3,
        "cache_written_tokens": 2,
        "method": "POST",
        "path": "/v1/messages",
    }


def test_the_asynchronous_client_logs_the_same(records: list[dict[str, Any]]) -> None:
    """`AsyncAnthropic` takes the same middleware."""

    async def call() -> None:
        http = httpx2.AsyncClient(transport=httpx2.MockTransport(answering(200, MESSAGE)))
        made = anthropic.AsyncAnthropic(api_key="k", http_client=http, middleware=[CallLog(PINS, slot="grader")])
        await made.messages.create(model="claude-haiku-4-5", **ASKED)

    asyncio.run(call())
    (record,) = records
    assert (record["requested_model"], record["slot"], record["pinned_id"]) == (
        "claude-haiku-4-5",
        "grader",
        "claude-haiku-4-5-20251001",
    )
    assert (record["served_model"], record["output_tokens"]) == ("claude-sonnet-4-6", 7)


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (529, {"type": "error", "error": {"type": "overloaded_error", "message": "x"}}, "overloaded_error"),
        (413, b"<html>too large</html>", "http_413"),
        (500, [1, 2], "http_500"),
        (400, {"error": "text"}, "http_400"),
    ],
)
def test_a_failure_names_its_reason(records: list[dict[str, Any]], status: int, body: object, reason: str) -> None:
    """An error is logged as a warning with the API's error type, or its status where an edge answered."""
    with pytest.raises(anthropic.APIStatusError):
        client(answering(status, body), CallLog(PINS)).messages.create(model="claude-sonnet-4-6", **ASKED)
    (record,) = records
    assert (record["level"], record["status"], record["failure_reason"]) == ("warning", status, reason)


@pytest.mark.parametrize(
    ("error", "reason"), [(httpx2.ReadTimeout("x"), "timeout"), (httpx2.ConnectError("x"), "connection")]
)
def test_a_lost_connection_is_logged_and_raised(records: list[dict[str, Any]], error: Exception, reason: str) -> None:
    """A call without an answer has no status, and its exception passes through."""

    def fail(_request: httpx2.Request) -> httpx2.Response:
        raise error

    with pytest.raises(anthropic.APIConnectionError):
        client(fail, CallLog(PINS)).messages.create(model="claude-sonnet-4-6", **ASKED)
    (record,) = records
    assert (record["status"], record["failure_reason"], record["requested_model"]) == (
        None,
        reason,
        "claude-sonnet-4-6",
    )


def test_each_attempt_is_a_record(records: list[dict[str, Any]]) -> None:
    """The SDK's own retries are counted."""
    answers = iter([answering(500, {}), answering(200, MESSAGE)])

    def answer(request: httpx2.Request) -> httpx2.Response:
        return next(answers)(request)

    client(answer, CallLog(PINS), retries=1).messages.create(model="claude-sonnet-4-6", **ASKED)
    assert [(record["attempt"], record["status"]) for record in records] == [(1, 500), (2, 200)]


def test_a_streamed_answer_is_left_to_its_reader(records: list[dict[str, Any]]) -> None:
    """A stream is logged when it begins, without tokens, and every event still arrives."""
    events = b'event: ping\ndata: {"type": "ping"}\n\nevent: message_stop\ndata: {"type": "message_stop"}\n\n'

    def answer(_request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, stream=httpx2.ByteStream(events), headers={"content-type": "text/event-stream"})

    stream = client(answer, CallLog(PINS)).messages.create(model="claude-sonnet-4-6", stream=True, **ASKED)
    assert [event.type for event in stream] == ["message_stop"]
    assert [(record["status"], record["output_tokens"]) for record in records] == [(200, None)]


def test_a_streamed_call_that_fails_names_its_reason(records: list[dict[str, Any]]) -> None:
    """The body of an error is read, as the SDK does next, also where an answer would have been streamed."""
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "x"}}
    made = client(answering(529, error), CallLog(PINS))
    with pytest.raises(anthropic.APIStatusError) as caught:
        made.messages.create(model="claude-sonnet-4-6", stream=True, **ASKED)
    assert caught.value.body == error
    assert records[0]["failure_reason"] == "overloaded_error"


def test_raw_and_parsed_answers_are_what_they_were(records: list[dict[str, Any]]) -> None:
    """The middleware changes neither a parsed answer nor a raw one."""
    made = client(answering(200, MESSAGE), CallLog(PINS))
    plain = anthropic.Anthropic(
        api_key="k", http_client=httpx2.Client(transport=httpx2.MockTransport(answering(200, MESSAGE)))
    )
    asked = {"model": "claude-sonnet-4-6", **ASKED}
    assert made.messages.create(**asked) == plain.messages.create(**asked)
    raw = made.messages.with_raw_response.create(**asked)
    assert raw.parse() == plain.messages.create(**asked)
    assert len(records) == 2


def test_a_batch_is_named(records: list[dict[str, Any]]) -> None:
    """Calls about a batch carry its ID, from the answer of a create and from the path of the others."""
    batch = {"id": "msgbatch_1", "type": "message_batch", "processing_status": "ended"}
    made = client(answering(200, batch), CallLog({}, slot="summarizer"))
    made.messages.batches.create(requests=[])
    made.messages.batches.retrieve("msgbatch_2")
    assert [record["batch_id"] for record in records] == ["msgbatch_1", "msgbatch_1"]
    made.messages.batches.delete("msgbatch_3")
    assert records[-1]["batch_id"] == "msgbatch_1"


def test_prompts_answers_and_keys_stay_out(records: list[dict[str, Any]]) -> None:
    """Nothing of a record, at any level, holds the prompt, the answer or the key."""
    client(answering(200, MESSAGE), CallLog(PINS)).messages.create(model="claude-sonnet-4-6", **ASKED)
    assert "secret" not in json.dumps(records)


def test_hostile_names_are_made_harmless(records: list[dict[str, Any]]) -> None:
    """Control characters of a model's name do not reach a terminal."""
    hostile = MESSAGE | {"model": "claude\x1b[31m\u202e"}
    client(answering(200, hostile), CallLog(PINS)).messages.create(model="x\n" * 300, **ASKED)
    assert records[0]["served_model"] == "claude\\x1b[31m\\u202e"
    assert "\n" not in records[0]["requested_model"]


def test_structlog_gets_keywords() -> None:
    """A logger of structlog gets the fields as keywords."""
    with structlog.testing.capture_logs() as kept:
        log = CallLog(PINS, logger=structlog.get_logger())
        client(answering(200, MESSAGE), log).messages.create(model="claude-sonnet-4-6", **ASKED)
    (record,) = kept
    assert (record["event"], record["log_level"], record["slot"]) == (EVENT, "info", "summarizer")


def test_pins_are_what_preflight_handed_over(records: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without `pins`, the variables of the hand-off are read; without a hand-off, calls are logged all the same."""
    asked = {"model": "claude-sonnet-4-6", **ASKED}
    client(answering(200, MESSAGE), CallLog()).messages.create(**asked)
    monkeypatch.setenv("MODELGATE_MODEL_WRITER", "claude-sonnet-4-6")
    client(answering(200, MESSAGE), CallLog()).messages.create(**asked)
    assert [record["slot"] for record in records] == [None, "writer"]


def test_an_id_of_two_slots_names_neither(records: list[dict[str, Any]]) -> None:
    """Where two slots run the same ID, the slot of a call is not guessed."""
    client(answering(200, MESSAGE), CallLog({"a": "m", "b": "m"})).messages.create(model="m", **ASKED)
    assert (records[0]["slot"], records[0]["pinned_id"]) == (None, None)


def test_an_exception_is_part_of_the_line() -> None:
    """The formatter writes a traceback as one field of one line."""
    try:
        raise ValueError("no")
    except ValueError:
        record = logging.LogRecord("a", logging.ERROR, "f", 1, "failed %s", ("x",), sys.exc_info())
    line = JsonFormatter().format(record)
    assert json.loads(line)["message"] == "failed x"
    assert json.loads(line)["exception"].endswith("ValueError: no")
    assert "\n" not in line


def test_importing_telemetry_does_not_import_the_sdk() -> None:
    """The formatter and the package itself cost no import of the SDK."""
    code = "import sys, modelgate, modelgate.telemetry; sys.exit('anthropic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_people_read_the_known_fields_on_one_harmless_line() -> None:
    """The text format tells every field that is known, and no field breaks the line or colours it."""
    record = logging.makeLogRecord(
        {"levelname": "INFO", "msg": EVENT, "status": 404, "slot": None, "path": "/v1\n\x1b[31m"}
    )
    assert TextFormatter().format(record).partition(" ")[2] == rf"INFO {EVENT} status=404 path=/v1\x0a\x1b[31m"
