"""Work that can be walked away from: a daemon thread, so that nothing that hangs holds back a deadline or a signal."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Background(Generic[Value]):
    """Work that has begun. A name server that hangs, or a lock on a dead volume, is left behind with its thread.

    The threads of a pool are waited for when the process ends: they held SIGTERM back for 7 s (measured).
    """

    def __init__(self, work: Callable[[], Value], name: str) -> None:
        self._outcome: Future[Value] = Future()
        threading.Thread(target=self._run, args=(work,), name=f"modelgate-{name}", daemon=True).start()

    def _run(self, work: Callable[[], Value]) -> None:
        try:
            self._outcome.set_result(work())
        except BaseException as error:  # raised again on the thread that waits
            self._outcome.set_exception(error)

    def result(self, seconds: float, late: Value) -> Value:
        """What the work came to; `late` if that takes longer than `seconds`. Raises what the work raised."""
        if not wait((self._outcome,), max(0.0, seconds)).done:
            return late
        return self._outcome.result()
