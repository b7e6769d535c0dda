"""Archives: rows that left the store for a file, and the row of the chain that says so.

A row of `archives` names one gap: a range of sequences without a hole, the hash before it and the hash at its end, and
the file. So the chain goes on across the gap without the file, and with it every row can be verified.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from modelgate.domain.errors import UsageError
from modelgate.domain.rows import Scope
from modelgate.domain.text import printable
from modelgate.domain.times import to_the_minute

TABLES = ("runs", "resolutions", "findings")
"""Whose rows may leave. Approvals, batches, evidence and notices stay for good."""
KNOWN_SINCE = "0.1.0"
"""The first version of modelgate that knows archives: to an earlier one a chain with a gap is tampered with."""


@dataclass(frozen=True, slots=True)
class ArchiveRow:
    """One gap, as it is recorded."""

    table: ClassVar[str] = "archives"
    first_sequence: int
    last_sequence: int
    first_previous: str
    """The hash of the row before the gap; 64 zeros where the gap is the chain's beginning."""
    last_hash: str
    """The hash of the last row that left: the row after the gap names it."""
    older_than: datetime
    """The time that the archive was asked for: no row that left was recorded then or later."""
    file_name: str
    """Without its folder: files are moved."""
    file_digest: str
    """SHA-256 of the file, 64 lower-case hexadecimal digits."""


@dataclass(frozen=True, slots=True)
class Gap:
    """What a row of `archives` accounts for."""

    sequence: int
    """Of that row itself."""
    first: int
    last: int
    previous: str
    hash: str
    file_name: str
    file_digest: str

    @property
    def rows(self) -> int:
        """How many rows left."""
        return self.last - self.first + 1

    def holds(self, sequence: int) -> bool:
        """Whether the row with that sequence left."""
        return self.first <= sequence <= self.last


def gap_of(row: Mapping[str, object]) -> Gap | None:
    """The gap that a row of `archives` names, as it was read; None where it names none that makes sense."""
    numbers = [row.get(name) for name in ("sequence", "first_sequence", "last_sequence")]
    texts = [row.get(name) for name in ("first_previous", "last_hash", "file_name", "file_digest")]
    if not all(type(each) is int for each in numbers) or not all(isinstance(each, str) for each in texts):
        return None
    gap = Gap(*numbers, *texts)  # type: ignore[arg-type]  # looked at above
    return gap if 1 <= gap.first <= gap.last < gap.sequence else None


class Gaps:
    """The gaps of one chain that rows of archives account for, while it is walked.

    Those rows stand after what they account for: each gap that was passed is owed until its row was met, and fits.
    """

    def __init__(self, gaps: Iterable[Gap] = ()) -> None:
        known = tuple(gaps)
        self._at = {gap.first: gap for gap in known}
        self._end = {gap.last: gap for gap in known}
        self._owed: dict[int, Gap] = {}
        self.passed: list[Gap] = []

    def at(self, place: int) -> Gap | None:
        """The gap that begins at this place."""
        return self._at.get(place)

    def contradicted(self, place: int, previous: str, hash: str) -> Gap | None:
        """The gap with another hash before it, or at its end, than the row has that stands there."""
        begins, ends = self._at.get(place), self._end.get(place)
        if begins and begins.previous != previous:
            return begins
        return ends if ends and ends.hash != hash else None

    def take(self, gap: Gap) -> None:
        """The walk goes on after it."""
        self.passed.append(gap)
        self._owed[gap.sequence] = gap

    def met(self, sequence: int, row: Mapping[str, object] | None) -> None:
        """A row of `archives` that fits in its place; None: of a form that is not known here."""
        if sequence in self._owed and (row is None or gap_of(row) == self._owed[sequence]):
            del self._owed[sequence]

    @property
    def unproved(self) -> Gap | None:
        """The first gap that was passed and whose row was not met."""
        return min(self._owed.values(), key=lambda gap: gap.first, default=None)


def archived(scope: Scope, asked: datetime, file_name: str, older_than: datetime) -> UsageError:
    """What a question about a time is told whose rows left the store."""
    message = f"{scope}: rows of {to_the_minute(asked)} left for the archive {printable(file_name, 80)}"
    return UsageError(message, hint=f"the store answers from {to_the_minute(older_than)} on; that file has the rest")
