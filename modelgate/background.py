"""Work that can be walked away from: a daemon thread, so that nothing that hangs holds back a deadline or a signal."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class _Raised:
    error: BaseException


class Background(Generic[Value]):
    """Work that has begun. A name server that hangs, or a lock on a dead volume, is left behind with its thread.

    The threads of a pool are waited for when the process ends: they held SIGTERM back for 7 s (measured).
    """

    def __init__(self, work: Callable[[], Value], name: str) -> None:
        self._done: queue.SimpleQueue[Value | _Raised] = queue.SimpleQueue()
        threading.Thread(target=self._run, args=(work,), name=f"modelgate-{name}", daemon=True).start()

    def _run(self, work: Callable[[], Value]) -> None:
        try:
            self._done.put(work())
        except BaseException as error:  # raised again on the thread that waits
            self._done.put(_Raised(error))

    def result(self, seconds: float, late: Value) -> Value:
        """What the work came to, once; `late` if that takes longer than `seconds`. Raises what the work raised."""
        try:
            finished = self._done.get(timeout=max(0.0, seconds))
        except queue.Empty:
            return late
        if isinstance(finished, _Raised):
            raise finished.error
        return finished
