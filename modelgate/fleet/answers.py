"""Answers that all readers get alike: sent in pieces, so that nobody who reads slowly has a copy held for him."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from modelgate.fleet.picture import GZIP

PIECE = 64 * 1024
"""Bytes that wait for a reader at a time, however slow it is and however long the answer."""


class Drawn(Response):
    """What was drawn once."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 # as of all answers
        """Sends it."""
        pieces = self._pieces(Headers(scope=scope))
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    def _pieces(self, asked: Headers) -> Iterator[bytes]:  # noqa: ARG002 # others look
        return (bytes(self.body[start : start + PIECE]) for start in range(0, len(self.body), PIECE))


class Packed(Drawn):
    """What is kept compressed: sent so to whoever takes that, else unpacked while it is sent."""

    def _pieces(self, asked: Headers) -> Iterator[bytes]:
        del self.headers["content-length"]
        self.headers["vary"] = "accept-encoding"
        if _takes_gzip(asked.get("accept-encoding", "")):
            self.headers["content-encoding"] = "gzip"
            return super()._pieces(asked)
        return self._unpacked()

    def _unpacked(self) -> Iterator[bytes]:
        packed, unpacking = bytes(self.body), zlib.decompressobj(wbits=GZIP)
        while piece := unpacking.decompress(packed, PIECE):
            packed = unpacking.unconsumed_tail
            yield piece


def _takes_gzip(accepted: str) -> bool:
    """As `Accept-Encoding` says it (RFC 9110, 12.5.3)."""
    for each in accepted.lower().split(","):
        name, _, weight = each.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
