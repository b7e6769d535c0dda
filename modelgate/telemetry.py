"""One structured record for every Claude call: which model was asked for, which answered, what it took.

`modelgate.CallLog` is the middleware that makes them; `JsonFormatter` writes them, and any other record, as JSON lines.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from modelgate.domain.text import printable

LOGGER = "modelgate.calls"
"""The name of the logger that a `CallLog` uses by itself."""

EVENT = "claude call"
"""The message of every record; the fields say the rest."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One HTTP attempt. A field that the call does not have or that could not be known is None.

    There is no field for a prompt or an answer, and none for a header.
    """

    requested_model: str | None
    pinned_id: str | None
    """The ID that the slot was handed over."""
    served_model: str | None
    """`model` of the answer."""
    slot: str | None
    batch_id: str | None
    request_id: str | None
    status: int | None
    """HTTP status; None where there was no answer."""
    failure_reason: str | None
    """The API's error type, `http_502` where the answer had none, `timeout` or `connection`."""
    attempt: int
    """1 for the first, more for the SDK's retries."""
    duration_ms: float
    """To the end of the answer; of a streamed answer to its headers."""
    input_tokens: int | None
    output_tokens: int | None
    cache_read_tokens: int | None
    cache_written_tokens: int | None
    method: str
    path: str


_NAMES = tuple(field.name for field in fields(CallRecord))


def write(logger: Any, record: CallRecord) -> None:
    """Logs the record: `extra` fields on a logger of the standard library, keywords on one of structlog."""
    told = {name: getattr(record, name) for name in _NAMES}
    level = logging.WARNING if record.failure_reason else logging.INFO
    if isinstance(logger, logging.Logger | logging.LoggerAdapter):
        if logger.isEnabledFor(level):
            logger.log(level, EVENT, extra=told)
    else:
        (logger.warning if record.failure_reason else logger.info)(EVENT, **told)


_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


_encode = json.JSONEncoder(default=str).encode
"""Made once: `json.dumps` with a default would make one for each line."""


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD}


class TextFormatter(logging.Formatter):
    """Log records for people: the time of day, the level, the message and every `extra` field that is known."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line without its exception."""
        told = (f"{key}={printable(str(value))}" for key, value in _extra(record).items() if value is not None)
        return " ".join([super().formatMessage(record), *told])


class JsonFormatter(logging.Formatter):
    """Log records as JSON lines: `time`, `level`, `logger`, `message`, `exception` and every `extra` field."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= _extra(record)
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return _encode(line)


def slot_of(pins: Mapping[str, str], model: str | None) -> str | None:
    """The one slot that was handed `model`; None if there is no such slot, or more than one."""
    slots = [slot for slot, model_id in pins.items() if model_id == model]
    return slots[0] if len(slots) == 1 else None
