"""One line of a batch's results: which request, how it ended, what it used."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from modelgate.domain.batches import LARGEST, RESULT_TYPES
from modelgate.domain.codec import canonical
from modelgate.domain.text import printable

SENT_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
"""A `custom_id` that the API takes (documented)."""

PASSING = frozenset({"api_error", "overloaded_error", "timeout_error", "rate_limit_error"})
"""Error types whose cause passes."""

LASTING = frozenset({
    "invalid_request_error", "authentication_error", "billing_error", "permission_error", "not_found_error",
    "conflict_error", "memory_precondition_failed_error", "memory_path_conflict_error", "request_too_large",
})  # fmt: skip
"""Error types with which the same request will fail again. With PASSING: every type that the SDK or FACTS names."""

_OUT_OF_CREDIT = "credit balance is too low"
"""Such a row is of type `invalid_request_error` with `details: null` (seen in recordings): only its message tells."""

NO_RESULT = "no_result"
"""The reason of a request for which the results held no row."""


class BadResult(ValueError):
    """A line that is no result; the message says why, without quoting it."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens used."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_written: int = 0
    """For either time."""
    cache_written_1h: int = 0
    """Those of them that are kept for an hour."""

    def __add__(self, other: Tokens) -> Tokens:
        return Tokens(
            self.input + other.input,
            self.output + other.output,
            self.cache_read + other.cache_read,
            self.cache_written + other.cache_written,
            self.cache_written_1h + other.cache_written_1h,
        )


NO_TOKENS = Tokens()


@dataclass(frozen=True, slots=True)
class Result:
    """How one request ended."""

    custom_id: str
    """As it was sent."""
    type: str
    """One of RESULT_TYPES; another word is kept."""
    reason: str = ""
    """The error's type, where `type` is `errored`."""
    served: str = ""
    """`message.model`, where `type` is `succeeded`."""
    stop: str = ""
    """`message.stop_reason`, where `type` is `succeeded`."""
    tokens: Tokens = NO_TOKENS

    @property
    def known(self) -> bool:
        """Whether this version knows what the outcome means."""
        return self.type in RESULT_TYPES and (not self.reason or self.reason in PASSING | LASTING)


def parse(line: bytes) -> Result:
    """The outcome that a line of results tells. Raises `BadResult`."""
    try:
        row = json.loads(line)
        custom_id, result = row["custom_id"], row["result"]
        kind = result["type"]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise BadResult("a line of the results has no custom_id or no result.type") from None
    if not isinstance(custom_id, str) or not SENT_ID.fullmatch(custom_id) or not isinstance(kind, str):
        raise BadResult("a line of the results has a custom_id or a result.type that none can have")
    if kind == "succeeded":
        message = _object(result, "message")
        served, stop = _word(message, "model"), _word(message, "stop_reason")
        return Result(custom_id, kind, served=served, stop=stop, tokens=_tokens(message))
    return Result(custom_id, printable(kind, 64), reason=_reason(result) if kind == "errored" else "")


def worth_resending(outcome_type: str, reason: str, *, canceled_by_us: bool) -> bool:
    """Whether sending the same request again can help: it was never tried, or its cause passes.

    Expired and canceled requests were never tried (documented); what we canceled stays canceled.
    """
    if outcome_type == "canceled":
        return not canceled_by_us
    return outcome_type == "expired" or (outcome_type == "errored" and reason in PASSING)


def missing_row(custom_id: str, batch_id: str) -> bytes:
    """The row of a request for which its batch held no result."""
    return error_row(custom_id, NO_RESULT, f"batch {batch_id} ended without a result for {printable(custom_id, 60)}")


def error_row(custom_id: str, kind: str, message: str) -> bytes:
    """The row of a request that ended without one, in the shape of the API's own errors."""
    error = {"type": kind, "message": message}
    return canonical({
        "custom_id": custom_id, "result": {"type": "errored", "error": {"type": "error", "error": error}}
    }).encode()  # fmt: skip


def _reason(result: dict[str, Any]) -> str:
    error = _object(_object(result, "error"), "error")
    kind = error.get("type")
    if kind == "invalid_request_error" and _OUT_OF_CREDIT in str(error.get("message")):
        return "billing_error"
    return printable(kind, 64) if isinstance(kind, str) and kind else "unknown"


def _tokens(message: dict[str, Any]) -> Tokens:
    usage = _object(message, "usage")
    return Tokens(
        _count(usage, "input_tokens"),
        _count(usage, "output_tokens"),
        _count(usage, "cache_read_input_tokens"),
        _count(usage, "cache_creation_input_tokens"),
        _count(_object(usage, "cache_creation"), "ephemeral_1h_input_tokens"),
    )


def _word(message: dict[str, Any], key: str) -> str:
    value = message.get(key)
    return printable(value) if isinstance(value, str) else ""


def _object(parent: dict[str, Any], key: str) -> dict[str, Any]:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def _count(usage: dict[str, Any], key: str) -> int:
    value = usage.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST else 0
