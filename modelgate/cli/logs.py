"""Logs: to standard error, never to standard output; JSON lines where nobody watches."""

from __future__ import annotations

import logging
import sys

from modelgate.telemetry import JsonFormatter, TextFormatter


def set_up(log_format: str | None, level: str | None) -> None:
    """Sends modelgate's log to standard error. Other libraries' logs stay where they are: they may hold headers.

    Where a person watches, a call that is tried again or finds no model is no warning, unless somebody asked for it:
    the report says what came of it.
    """
    logger = logging.getLogger("modelgate")
    logger.setLevel((level or "warning").upper())
    logger.propagate = False
    as_json = (log_format or ("text" if sys.stderr.isatty() else "json")) == "json"
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if as_json else TextFormatter())
    logger.handlers = [handler]
    logging.getLogger("modelgate.calls").setLevel(logging.NOTSET if level or as_json else logging.ERROR)
