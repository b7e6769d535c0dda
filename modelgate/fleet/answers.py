"""Answers that all readers get alike: sent in pieces, so that nobody who reads slowly has a copy held for him."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Iterator

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from modelgate.fleet.picture import GZIP

PIECE = 64 * 1024
"""Bytes that wait for a reader at a time, however slow it is and however long the answer."""

PACKED_PIECE = 4096
"""Bytes that are unpacked at a time: what is left of them is held for each reader."""


class Drawn(Response):
    """What was drawn once."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it, for as long as somebody reads."""
        pieces, reader = self._pieces(Headers(scope=scope)), asyncio.ensure_future(_leaves(receive))
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            for piece in pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                await asyncio.sleep(0)  # others come in between, and it is heard that the reader has left
                if reader.done() and reader.result():
                    return
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            reader.cancel()

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
        packed, unpacking = memoryview(self.body), zlib.decompressobj(wbits=GZIP)
        for start in range(0, len(packed), PACKED_PIECE):
            part = bytes(packed[start : start + PACKED_PIECE])
            while part:
                yield unpacking.decompress(part, PIECE)
                part = unpacking.unconsumed_tail
        yield unpacking.flush()


async def _leaves(receive: Receive) -> bool:
    """Whether the reader has left, once something is heard after the end of what he asked."""
    while (await receive()).get("more_body"):
        pass
    heard = await receive()
    return str(heard["type"]) == "http.disconnect"


def _takes_gzip(accepted: str) -> bool:
    """As `Accept-Encoding` says it (RFC 9110, 12.5.3)."""
    for each in accepted.lower().split(","):
        name, _, weight = each.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
