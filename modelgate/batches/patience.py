"""Calls that may be repeated without harm, repeated while the API has a bad hour."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from modelgate.batches.logs import log_of
from modelgate.batches.waiting import pause
from modelgate.clock import Clock
from modelgate.domain.errors import CallFailed

Value = TypeVar("Value")

PATIENCE_SECONDS = 3600.0
"""How long the API may fail to answer before a command gives up. The job stays as it is, and can be resumed."""

_log = log_of(__name__)


def patiently(call: Callable[[], Value], clock: Clock, *, not_found: bool = False) -> Value:
    """What `call` returns. Never for a create: that may have been carried out although it failed.

    `not_found`: a 404 is no answer yet.
    """
    gives_up = clock.monotonic() + PATIENCE_SECONDS
    tries = 0
    while True:
        try:
            return call()
        except CallFailed as error:
            seconds = pause(tries, error.wait)
            if not (error.retry or (not_found and error.status == 404)) or clock.monotonic() + seconds > gives_up:
                raise
            _log.warning("%s: asking again in %.0f s", error.message, seconds)
        tries += 1
        clock.sleep(seconds)
