"""One line of results."""

from __future__ import annotations

import json
import typing
from contextlib import suppress
from typing import Any

import pytest
from anthropic.types.messages import MessageBatch, MessageBatchIndividualResponse
from anthropic.types.messages import message_batch_result as result_types
from anthropic.types.shared import error_object, error_type
from hypothesis import given
from hypothesis import strategies as st

from modelgate.batches.results import LASTING, PASSING, BadResult, Tokens, missing_row, parse, worth_resending
from modelgate.domain.batches import RESULT_TYPES, STATUSES


def literals(annotation: Any) -> set[str]:
    """Every literal that an annotation of the SDK allows for `type`, or that it is itself."""
    if typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    if typing.get_origin(annotation) is typing.Literal:
        return set(typing.get_args(annotation))
    if typing.get_origin(annotation) is typing.Union:
        return set().union(*(literals(each) for each in typing.get_args(annotation)))
    return literals(annotation.model_fields["type"].annotation)


def test_every_status_of_the_sdk_is_known() -> None:
    """A new `processing_status` of the SDK fails this test."""
    assert set(STATUSES) == literals(MessageBatch.model_fields["processing_status"].annotation)


def test_every_result_type_of_the_sdk_is_known() -> None:
    """A new `result.type` of the SDK fails this test."""
    assert set(RESULT_TYPES) == literals(result_types.MessageBatchResult)


def test_every_error_type_of_the_sdk_is_judged() -> None:
    """Each error type is either worth another try or not; `request_too_large` comes from the edge (documented)."""
    known = literals(error_object.ErrorObject) | literals(error_type.ErrorType)
    assert known | {"request_too_large"} == PASSING | LASTING
    assert not PASSING & LASTING


def row(result: Any, custom_id: Any = "a") -> bytes:
    """A line of results."""
    return json.dumps({"custom_id": custom_id, "result": result}).encode()


def test_a_success_tells_model_and_tokens() -> None:
    """What is counted comes from the message; what is absent or odd counts as nothing."""
    usage = {"input_tokens": 3, "output_tokens": 4, "cache_read_input_tokens": 1, "cache_creation_input_tokens": None}
    outcome = parse(row({"type": "succeeded", "message": {"model": "m", "usage": usage}}))
    assert (outcome.served, outcome.tokens, outcome.known) == ("m", Tokens(3, 4, 1, 0), True)
    assert parse(row({"type": "succeeded"})).tokens == Tokens()
    for odd in (-5, 2**63, int("9" * 4300)):
        assert parse(row({"type": "succeeded", "message": {"usage": {"input_tokens": odd}}})).tokens == Tokens()


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ({"type": "errored", "error": {"type": "error", "error": {"type": "overloaded_error"}}}, "overloaded_error"),
        ({"type": "errored", "error": {"error": {"type": "a_new_one"}}}, "a_new_one"),
        ({"type": "errored"}, "unknown"),
        ({"type": "errored", "error": {"error": {"type": 7}}}, "unknown"),
    ],
)
def test_an_error_tells_its_reason(result: dict[str, Any], reason: str) -> None:
    """An error type that nobody here knows is kept; one that is absent is 'unknown'."""
    outcome = parse(row(result))
    assert outcome.reason == reason
    assert outcome.known == (reason in PASSING | LASTING)


def test_an_unknown_type_is_kept() -> None:
    """A result type of the future is neither a crash nor a success, and is not sent again."""
    outcome = parse(row({"type": "postponed", "until": "later"}))
    assert (outcome.type, outcome.known) == ("postponed", False)
    assert not worth_resending("postponed", "", canceled_by_us=False)


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b"1", b'{"custom_id":"a"}', row({}), row([]), row({"type": 7})]
    + [row({"type": "expired"}, custom_id) for custom_id in (7, "", "a b", "\ud800", "a\n", "a" * 65)],
)
def test_what_is_no_result_is_told(line: bytes) -> None:
    """A line without type, or without a custom_id that a request can have, is not believed."""
    with pytest.raises(BadResult):
        parse(line)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_result_or_a_bad_one(line: bytes) -> None:
    """No line makes it fail in another way."""
    with suppress(BadResult):
        assert isinstance(parse(line).custom_id, str)


def test_what_was_never_tried_or_may_pass_is_worth_another_try() -> None:
    """Expired, canceled by the far side, and errored for a passing cause; nothing else."""
    worth = {
        (kind, reason, by_us)
        for kind in (*RESULT_TYPES, "postponed")
        for reason in (("",) if kind != "errored" else (*PASSING, *LASTING, "unknown", "no_result"))
        for by_us in (False, True)
        if worth_resending(kind, reason, canceled_by_us=by_us)
    }
    assert worth == {("expired", "", False), ("expired", "", True), ("canceled", "", False)} | {
        ("errored", reason, by_us) for reason in PASSING for by_us in (False, True)
    }


def test_the_row_of_a_missing_result_has_the_shape_of_the_api() -> None:
    """The SDK reads it as it reads any errored row."""
    read = MessageBatchIndividualResponse.model_validate_json(
        missing_row("a", "msgbatch_1").replace(b"no_result", b"api_error")
    )
    assert (read.custom_id, read.result.type) == ("a", "errored")
    assert parse(missing_row("a", "msgbatch_1")).reason == "no_result"
