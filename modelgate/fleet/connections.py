"""Connections of `serve`, bounded: whoever opens many, sends nothing or reads slowly keeps nobody else out."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST = 400
"""Connections at a time, below the 1,024 files that a process may have open where nobody says more."""
FIRST_REQUEST = 10.0
"""Seconds from the connection to the end of the first request's head."""
ROUND = 60.0
"""Seconds for an answer to be read. A connection that is older takes no other request."""


class Connection(H11Protocol):
    """One of them. A new one takes the place of the oldest that waits for nothing; where none does, it is told 503."""

    opened: float

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as of its base
        """Begins its time."""
        super().connection_made(transport)
        self.opened = self.loop.time()
        if len(self.connections) > MOST:
            self._make_room()
        self.loop.call_later(FIRST_REQUEST, self._end, False)
        self.loop.call_later(ROUND, self._end, True)

    @property
    def answers(self) -> bool:
        """Whether somebody waits for an answer on it."""
        return self.cycle is not None and not self.cycle.response_complete

    def _make_room(self) -> None:
        others = (each for each in self.connections if isinstance(each, Connection) and each is not self)
        idle = [each for each in others if not each.answers and not each.transport.is_closing()]
        if idle:
            min(idle, key=lambda each: each.opened).transport.abort()
        elif len(self.connections) > 2 * MOST:
            self.transport.abort()

    def _end(self, for_good: bool) -> None:
        """Ends it where nothing was asked, or what was asked is not read; else after this answer."""
        if self.transport.is_closing() or (self.cycle is not None and not for_good):
            return
        if not self.answers or self.loop.time() - self.opened > 1.5 * ROUND:
            self.transport.abort()
            return
        self.cycle.keep_alive = False
        self.loop.call_later(ROUND, self._end, True)
