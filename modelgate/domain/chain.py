"""The chain: the canonical form of a row, its hash, and the walk that finds the first row that does not fit.

`docs/audit.md` says the same in words, for strangers.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import Literal, NamedTuple

from modelgate.domain.codec import canonical
from modelgate.domain.rows import Head, Scope
from modelgate.domain.text import printable
from modelgate.domain.times import format_instant

FORM = 4
"""The newest version of the canonical form that this version of modelgate reads. A row that older ones would misread
says so by its `form`."""
GENESIS = "0" * 64
"""What the first row of a chain has for `previous`."""
WINDOW = 1000
"""How many rows after a misfit are looked at to say what happened."""
PROGRESS_EVERY = 1000
_HEAD = re.compile("(.+)/([^/]+):([0-9]{1,18}):([0-9a-fA-F]{64})", re.DOTALL)


def canonical_row(table: str, columns: Mapping[str, object]) -> str:
    """The canonical form of a row: JSON of its table and of every column that is not null, `hash` left out.

    Null columns are left out so that a migration which adds columns changes no old row's hash.
    """
    known = {name: _plain(value) for name, value in columns.items() if value is not None and name != "hash"}
    return canonical({"table": table, **known})


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return format_instant(value)
    # Rows hold texts, whole numbers and booleans; what else a tampered file holds becomes a text that fits no hash.
    return value if isinstance(value, str | int) else repr(value)


def digest(text: str) -> str:
    """SHA-256 of a canonical form, 64 lower-case hexadecimal digits."""
    return sha256(text.encode("ascii")).hexdigest()


def parse_head(text: str) -> Head:
    """The inverse of `str(head)`: `SERVICE/ENV:SEQUENCE:HASH`, in either case. Raises ValueError for anything else."""
    match = _HEAD.fullmatch(text.strip())
    if not match:
        raise ValueError("not a head: SERVICE/ENV:SEQUENCE:HASH")
    return Head(Scope(match[1], match[2]), int(match[3]), match[4].lower())


class Link(NamedTuple):
    """One row as it was read back."""

    table: str
    sequence: int
    previous: str
    hash: str
    text: str | None
    """Its canonical form; None where this version does not know the row's form or table: only its place is checked."""
    recorded_at: str = ""
    """In its canonical form; empty where nobody asks."""
    fault: Misfit | None = None
    """What is wrong with an entry that the row names."""
    entries: tuple[tuple[str, str], ...] = ()
    """Digest and text of those that it names and no row before it did."""

    @property
    def fits_itself(self) -> bool:
        """Whether the row's hash is that of what it holds."""
        return self.text is None or digest(self.text) == self.hash

    def fits_elsewhere(self) -> bool:
        """Whether the row would be whole if it stood in another place nearby: it was moved."""
        here = f'"sequence":{self.sequence},'
        if self.text is None or here not in self.text:
            return False
        nearby = range(max(1, self.sequence - WINDOW), self.sequence + WINDOW + 1)
        elsewhere = (self.text.replace(here, f'"sequence":{place},') for place in nearby if place != self.sequence)
        return any(digest(text) == self.hash for text in elsewhere)


Kind = Literal["changed", "removed", "inserted", "reordered", "backdated"]


class Misfit(NamedTuple):
    """The first row that does not fit, and what must have happened to it."""

    kind: Kind
    sequence: int
    table: str | None = None
    """None where the row is gone."""
    entry: str | None = None
    """Not the row, but an entry that it names by this digest."""

    def __str__(self) -> str:
        if self.entry:
            return f"the entry {printable(self.entry, 12)} that row {self.sequence} names was {self.kind}"
        return f"row {self.sequence}{f' in {self.table}' if self.table else ''} was {self.kind}"


@dataclass(frozen=True, slots=True)
class Verification:
    """What a walk along one chain found."""

    scope: Scope
    head: Head | None
    """The last row that fits; None if there is none."""
    rows: int
    """How many rows were read and fit."""
    unread: int = 0
    """How many of them have a form or table that this version does not know: only their place was checked."""
    misfit: Misfit | None = None
    guards: tuple[str, ...] = ()
    """What no longer keeps rows from being changed, or is not as the store's schema has it."""

    @property
    def is_tampered_with(self) -> bool:
        """Whether something does not fit."""
        return self.misfit is not None or bool(self.guards)

    @property
    def intact(self) -> bool:
        """Whether every row was read, and everything fits. False too where this version cannot read every row."""
        return not (self.is_tampered_with or self.unread)


def walk(
    scope: Scope,
    links: Iterable[Link],
    *,
    after: Head | None = None,
    expect: Head | None = None,
    progress: Callable[[int], None] | None = None,
) -> Verification:
    """Reads `links`, in order of sequence, and stops at the first that does not fit. Memory stays flat.

    With `after`, a head that was verified before, `links` begin with that very row. `expect` is a head kept elsewhere,
    at or after `after`. `progress` is told how many rows fit so far.
    """
    walker = _Walker(after)
    remaining = iter(links)
    for link in remaining:
        misfit = walker.misfit(link, remaining) or _unexpected(link, expect)
        if misfit:
            return walker.verification(scope, misfit)
        walker.take(link)
        if progress and walker.rows % PROGRESS_EVERY == 0:
            progress(walker.rows)
    return walker.verification(scope, walker.missing(expect or after))


def _unexpected(link: Link, expect: Head | None) -> Misfit | None:
    if expect and link.sequence == expect.sequence and link.hash != expect.hash:
        return Misfit("changed", link.sequence, link.table)
    return None


class _Walker:
    """Where a walk stands: the two rows before, oldest first, and the place of the next."""

    def __init__(self, after: Head | None) -> None:
        self.after = after
        self.before: deque[Link] = deque(maxlen=2)
        self.place = after.sequence if after else 1
        self.rows = self.unread = 0

    def take(self, link: Link) -> None:
        self.before.append(link)
        self.place = link.sequence + 1
        self.rows += 1
        self.unread += link.text is None

    def follows(self, link: Link) -> bool:
        """Whether `link` names the row before it, or is the row that the walk was to begin with."""
        if self.before:
            return link.previous == self.before[-1].hash
        return link.hash == self.after.hash if self.after else link.previous == GENESIS

    def misfit(self, link: Link, later: Iterator[Link]) -> Misfit | None:
        """What is wrong with `link` at this place; `later` is read only if something is."""
        if link.sequence > self.place:
            return Misfit("removed", self.place)
        if link.sequence < self.place:
            return Misfit("inserted", link.sequence, link.table)
        if link.fits_itself and self.follows(link):
            is_earlier = self.before and link.recorded_at < self.before[-1].recorded_at
            return Misfit("backdated", link.sequence, link.table) if is_earlier else link.fault
        return self._explained(link, later)

    def _explained(self, link: Link, later: Iterator[Link]) -> Misfit:
        if any(self.follows(other) for other in islice(later, WINDOW)):
            return Misfit("reordered" if link.fits_elsewhere() else "inserted", link.sequence, link.table)
        if self.before and link.previous == self.before[-1].previous:
            return Misfit("inserted", self.before[-1].sequence, self.before[-1].table)
        if link.fits_itself and self.before:  # whole in itself, so the row before it is another than it was
            return Misfit("changed", self.before[-1].sequence, self.before[-1].table)
        if not self.follows(link) and link.fits_elsewhere():
            return Misfit("removed", link.sequence)
        return Misfit("changed", link.sequence, link.table)

    def missing(self, kept: Head | None) -> Misfit | None:
        """The end of the chain was cut off before a head that was kept."""
        return Misfit("removed", self.place) if kept and self.place <= kept.sequence else None

    def verification(self, scope: Scope, misfit: Misfit | None) -> Verification:
        last = self.before[-1] if self.before else None
        head = Head(scope, last.sequence, last.hash) if last else None
        return Verification(scope, head, self.rows, self.unread, misfit)
