"""Reading the body of a batch's create as it arrives: one request at a time, so that memory stays flat however large
the body is.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Generator, Iterator
from typing import Any, NamedTuple

_SPACE = " \t\r\n"
_NEAR_END = 12
"""Characters before the end of the text within which a parse error may be that of an unfinished token."""


class Malformed(ValueError):
    """The body is no JSON object, or not one of this endpoint; the message is the API's."""


class Element(NamedTuple):
    """One element of `requests`: the decoded JSON and its length in characters."""

    value: Any
    size: int


_Machine = Generator[Element | None, None, Any]


class EnvelopeReader:
    """Takes the body of a create in chunks and gives the elements of `requests` as soon as each is complete.

    `_machine` parses `_text` from `_at` on, and yields None when it needs more; it goes on once `_wanted` more
    characters are pending.

    `feed` and `finish` raise `Malformed`. `seen_requests` tells whether there was a `requests` array at all.
    """

    def __init__(self) -> None:
        self.seen_requests = False
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._json = json.JSONDecoder()
        self._text = ""
        self._at = 0
        self._size = 0
        self._pending: list[str] = []
        self._wanted = 0
        self._final = False
        self._machine = self._envelope()

    def feed(self, chunk: bytes) -> Iterator[Element]:
        """The elements that `chunk` completes."""
        try:
            more = self._decoder.decode(chunk, self._final)
        except UnicodeDecodeError:
            raise Malformed("The request body is not valid JSON: no UTF-8") from None
        self._pending.append(more)
        if sum(map(len, self._pending)) < self._wanted and not self._final:
            return
        self._text = self._text[self._at :] + "".join(self._pending)
        self._at = self._wanted = 0
        self._pending.clear()
        for element in self._machine:
            if element is None:
                return
            yield element

    def finish(self) -> Iterator[Element]:
        """The elements that the end of the body completes; an unfinished body is `Malformed`."""
        self._final = True
        yield from self.feed(b"")

    def _envelope(self) -> _Machine:
        yield from self._mark("{")
        mark = yield from self._mark('}"', keep='"')
        while mark != "}":
            name = yield from self._value()
            yield from self._mark(":")
            if name != "requests":
                raise Malformed(f"{name}: Extra inputs are not permitted")
            self.seen_requests = True
            yield from self._array()
            mark = yield from self._mark(",}")
            if mark == ",":
                yield from self._mark('"', keep='"')
        if (yield from self._peek()):
            raise Malformed("The request body is not valid JSON: text after its end")

    def _array(self) -> _Machine:
        if (yield from self._peek()) != "[":
            raise Malformed("requests: Input should be a valid list")
        self._at += 1
        mark = "]" if (yield from self._peek()) == "]" else ","
        if mark == "]":
            self._at += 1
        while mark == ",":
            value = yield from self._value()
            yield Element(value, self._size)
            mark = yield from self._mark(",]")

    def _peek(self) -> Generator[Element | None, None, str]:
        """The next character that is no space, or "" at the end of the body."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if self._final:
                return ""
            yield None

    def _mark(self, allowed: str, keep: str = "") -> Generator[Element | None, None, str]:
        """Step over one of the `allowed` characters and return it; those in `keep` stay to be read."""
        mark = yield from self._peek()
        if not mark or mark not in allowed:
            raise Malformed(f"The request body is not valid JSON: {mark or 'its end'!r} where {allowed!r} is needed")
        if mark not in keep:
            self._at += 1
        return mark

    def _value(self) -> _Machine:
        """One whole JSON value; an unfinished one is tried again only when the text has doubled."""
        yield from self._peek()
        while True:
            try:
                value, end = self._json.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if self._final or not self._unfinished(error):
                    raise Malformed(f"The request body is not valid JSON: {error.msg}") from None
            except RecursionError:
                raise Malformed("The request body is not valid JSON: nested too deeply") from None
            else:
                if self._final or end < len(self._text):
                    self._size = end - self._at
                    self._at = end
                    return value
            self._wanted = len(self._text) - self._at
            yield None

    def _unfinished(self, error: json.JSONDecodeError) -> bool:
        return error.msg.startswith("Unterminated string") or error.pos >= len(self._text) - _NEAR_END
