"""Reading a file of requests: every line checked, all problems at once, places noted."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from modelgate.batches.carriers import opened
from modelgate.batches.index import Index, Place
from modelgate.batches.requests import OPENAI, BadRequest, CheckedRequest, RequestRules, check, sent_length
from modelgate.batches.sent_ids import SentIds
from modelgate.batches.split import LONGEST_REQUEST
from modelgate.domain.errors import UsageError
from modelgate.domain.text import printable

MOST_PROBLEMS = 1000
"""Problems that are told one by one; further ones are counted."""

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class LineProblem:
    """Something wrong with a line of the file."""

    line: int
    reason: str


@dataclass(frozen=True, slots=True)
class Scan:
    """What the whole file came to."""

    digest: str
    """SHA-256 of the file, in hexadecimal."""
    content_digest: str
    """The same of the requests: their `custom_id`s and params, in order, whatever carries them."""
    requests: int
    request_bytes: int
    """Of all requests as sent, without what stands between them."""
    max_output_tokens: int
    """The sum of `max_tokens`."""
    problems: tuple[LineProblem, ...]
    """The first MOST_PROBLEMS."""
    further_problems: int
    notes: tuple[LineProblem, ...] = ()
    """What is not known and sent as it is, each with the first line that has it."""


def digest(path: Path) -> str:
    """SHA-256 of the file. Raises `UsageError` where it cannot be read."""
    sha = hashlib.sha256()
    with opened(path) as file:
        while block := file.read(_CHUNK):
            sha.update(block)
    return sha.hexdigest()


def scan(path: Path, rules: RequestRules, index: Index, ids: SentIds) -> Scan:
    """Checks every line and notes where each request stands. Empty lines are passed over."""
    scanning = _Scanning(rules, index, ids)
    with opened(path) as file:
        first = file.read(4)
        if first[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) or 0 in first:
            raise UsageError(f"{path} is UTF-16", hint="save it as UTF-8")
        file.seek(0)
        for number, start, line in _lines(file, scanning):
            scanning.read(number, start, line)
            if scanning.is_foreign:
                break
    if not scanning.requests and not scanning.found:
        scanning.note(1, "the file holds no request")
    return scanning.result()


def _lines(file: BinaryIO, scanning: _Scanning) -> Iterator[tuple[int, int, bytes]]:
    number, start = 0, 0
    while line := file.readline(_LONGEST_LINE):
        number += 1
        scanning.sha.update(line)
        if len(line) == _LONGEST_LINE and not line.endswith(b"\n"):
            scanning.note(number, f"more than {_LONGEST_LINE:,} bytes in one line")
            line = _rest(file, scanning)
        elif line.strip():
            yield number, start, line
        start = file.tell()


def _rest(file: BinaryIO, scanning: _Scanning) -> bytes:
    line = b""
    while (line := file.readline(_CHUNK)) and not line.endswith(b"\n"):
        scanning.sha.update(line)
    scanning.sha.update(line)
    return line


_LONGEST_LINE = LONGEST_REQUEST + (1 << 20)
"""Bytes that are read of a line: with some room for spaces that are not sent."""


class _Scanning:
    def __init__(self, rules: RequestRules, index: Index, ids: SentIds) -> None:
        self._rules, self._index, self._ids = rules, index, ids
        self.sha, self._content = hashlib.sha256(), hashlib.sha256()
        self.requests = self.found = self._bytes = self._tokens = 0
        self._problems: list[LineProblem] = []
        self._notes: dict[str, int] = {}
        self.is_foreign = False
        """Whether the file is of another format altogether: said once."""

    def read(self, number: int, start: int, line: bytes) -> None:
        try:
            request = check(line, self._rules)
        except BadRequest as error:
            for reason in error.reasons:
                self.note(number, reason)
            self.is_foreign = error.reasons == (OPENAI,)
        else:
            sent = sent_length(self._ids.of(self.requests + 1, request.custom_id), request.params)
            self._add(number, Place(request.custom_id, start, len(line), sent, hash(line)), request)

    def _add(self, number: int, place: Place, request: CheckedRequest) -> None:
        if place.sent > LONGEST_REQUEST:
            self.note(number, f"{place.sent:,} bytes are more than a batch can hold")
            return
        if earlier := self._index.add(number, place):
            self.note(number, f"custom_id {printable(request.custom_id, 60)!r} stands on line {earlier} too")
            return
        name = request.custom_id.encode()
        self._content.update(b"%d %b %d %b\n" % (len(name), name, len(request.params), request.params))
        self.requests += 1
        self._bytes += place.sent
        self._tokens += request.max_tokens
        for note in request.notes:
            if len(self._notes) < MOST_PROBLEMS:
                self._notes.setdefault(note, number)

    def note(self, line: int, reason: str) -> None:
        self.found += 1
        if len(self._problems) < MOST_PROBLEMS:
            self._problems.append(LineProblem(line, reason))

    def result(self) -> Scan:
        problems = tuple(self._problems)
        digest, content = self.sha.hexdigest(), self._content.hexdigest()
        notes = tuple(LineProblem(line, note) for note, line in self._notes.items())
        return Scan(
            digest, content, self.requests, self._bytes, self._tokens, problems, self.found - len(problems), notes
        )
