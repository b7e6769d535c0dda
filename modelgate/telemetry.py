"""How log records are written: as JSON lines, or for people. `modelgate.CallLog` makes one for every Claude call."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Any

from modelgate.domain.text import printable

LOGGER = "modelgate.calls"
"""The name of the logger that a `CallLog` uses by itself."""


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
