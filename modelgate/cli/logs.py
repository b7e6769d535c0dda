"""Logs: to standard error, never to standard output; JSON lines where nobody watches."""

from __future__ import annotations

import logging
import sys


def set_up(log_format: str | None, level: str) -> None:
    """Sends modelgate's log to standard error. Other libraries' logs stay where they are: they may hold headers."""
    logger = logging.getLogger("modelgate")
    logger.setLevel(level.upper())
    logger.propagate = False
    if (log_format or ("text" if sys.stderr.isatty() else "json")) == "json":
        from modelgate.telemetry import JsonFormatter

        formatter: logging.Formatter = JsonFormatter()
    else:
        formatter = logging.Formatter("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logger.handlers = [handler]
