"""One deadline over everything: retries, and answers read chunk by chunk."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from modelgate.api.client import READ_TIMEOUT
from modelgate.api.failures import Failure, failure_of
from modelgate.api.parse import Unbelievable
from modelgate.clock import Deadline

LONGEST_BODY = 16 * 2**20
"""Bytes of an answer, decompressed. The whole catalogue is a hundredth of it (seen in recorded traffic)."""
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 8.0
_TO_REPORT = 0.1
_MOST_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Reply:
    """A 200 and its whole body."""

    body: bytes
    request_id: str | None


class Closeable(Protocol):
    """The SDK's client, as far as it matters here."""

    def close(self) -> None:
        """Ends its connections."""


@dataclass(slots=True)
class Transport:
    """Sends requests of the SDK until they succeed, fail for good, or the deadline leaves no time to try again."""

    client: Closeable
    deadline: Deadline
    random: random.Random = field(default_factory=random.Random)
    requests: int = 0
    """Attempts so far, retries included."""
    _busy: int = 0
    _left: bool = False
    _counting: threading.Lock = field(default_factory=threading.Lock)
    _turns: threading.Semaphore = field(default_factory=partial(threading.Semaphore, _MOST_AT_ONCE))

    def fetch(self, send: Callable[[float], Any]) -> Reply | Failure:
        """The reply to `send(timeout)`, an answer of the SDK that is not read yet, with that timeout in seconds."""
        pause, last = _FIRST_PAUSE, None
        while True:
            try:
                return self._once(send)
            except Exception as error:
                failure = failure_of(error)
            if not self._remaining:
                return last or failure  # what an attempt that was cut off came to says less
            delay = self.random.uniform(0, pause) if failure.wait is None else failure.wait
            if not failure.retry:
                return failure
            if delay >= self._remaining:
                return failure if failure.wait is None else _too_long(failure, delay)
            self.deadline.clock.sleep(delay)
            pause, last = min(2 * pause, _LONGEST_PAUSE), failure

    @property
    def _remaining(self) -> float:
        """Seconds left for requests: they end before the deadline does, so that there is time to say why."""
        return 0.0 if self._left else max(0.0, self.deadline.remaining - _TO_REPORT)

    def close(self) -> None:
        """Closes the client once nobody uses it: work that was walked away from ends its request and tries no other."""
        with self._counting:
            self._left = True
            idle = not self._busy
        if idle:
            self.client.close()

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        with self._counting:
            if not self._remaining:
                raise TimeoutError
            self.requests += 1
            self._busy += 1
        try:
            yield
        finally:
            with self._counting:
                self._busy -= 1
                last = self._left and not self._busy
            if last:
                self.client.close()

    def _once(self, send: Callable[[float], Any]) -> Reply:
        with self._in_use(), self._turns, send(min(READ_TIMEOUT, self._remaining)) as response:
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > LONGEST_BODY:
                    raise Unbelievable(f"the answer is longer than {LONGEST_BODY >> 20} MB")
                if not self._remaining:
                    raise TimeoutError
            return Reply(bytes(body), response.headers.get("request-id"))


def _too_long(failure: Failure, seconds: float) -> Failure:
    return failure.saying(f"{failure.problem.message}; asks to wait {min(seconds, 1e9):.0f} s, past the deadline")
