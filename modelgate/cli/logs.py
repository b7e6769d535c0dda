"""Logs: to standard error, never to standard output; JSON lines where nobody watches."""

from __future__ import annotations

import logging
import sys
from typing import Any

from modelgate.telemetry import LOGGER, JsonFormatter, TextFormatter


def set_up(log_format: str | None, level: str | None) -> None:
    """Sends modelgate's log to standard error. Other libraries' logs stay where they are: they may hold headers.

    A call that is tried again or finds no model is no warning, unless somebody asked for a level: the report says what
    came of it, and `sum_up` how often it was.
    """
    logger = logging.getLogger("modelgate")
    logger.setLevel((level or "warning").upper())
    logger.propagate = False
    as_json = (log_format or ("text" if sys.stderr.isatty() else "json")) == "json"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if as_json else TextFormatter())
    logger.handlers = [handler]
    calls = logging.getLogger(LOGGER)
    calls.propagate = level is not None
    calls.handlers = [] if level else [FailedCalls(handler)]


class FailedCalls(logging.Handler):
    """Counts calls that brought no answer, instead of telling each: a line a cause, once somebody asks for it."""

    def __init__(self, output: logging.Handler) -> None:
        super().__init__(logging.WARNING)
        self._output = output
        self._seen: dict[tuple[Any, Any], tuple[int, float, float]] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Counts it, but not that a model is not there, which is an answer."""
        told = vars(record)
        if told.get("status") == 404 and told.get("requested_model"):
            return
        kind = (told.get("failure_reason"), told.get("status"))
        count, first, _ = self._seen.get(kind, (0, record.created, 0.0))
        self._seen[kind] = (count + 1, first, record.created)

    def sum_up(self) -> None:
        """Tells what was counted since it was told last: why, how often, and within how many seconds."""
        seen, self._seen = self._seen, {}
        for (reason, status), (count, first, last) in seen.items():
            fields: dict[str, Any] = {"failure_reason": reason, "status": status}
            fields |= {"calls": count, "seconds": round(last - first, 1)}
            told = {"name": LOGGER, "levelno": logging.INFO, "levelname": "INFO", "msg": "calls failed"}
            self._output.handle(logging.makeLogRecord(told | fields))


def sum_up() -> None:
    """A line for each cause why calls brought no answer, so far."""
    for handler in logging.getLogger(LOGGER).handlers:
        if isinstance(handler, FailedCalls):
            handler.sum_up()
