"""The chain: the canonical form of a row, its hash, and what verifying it finds. The walk is `domain/walk.py`.

`docs/audit.md` says the same in words, for strangers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Literal, NamedTuple

from modelgate.domain.codec import canonical, digests_of
from modelgate.domain.rows import Head, Scope
from modelgate.domain.text import printable
from modelgate.domain.times import format_instant

if TYPE_CHECKING:
    from modelgate.domain.archives import Gap

FORM = 4
"""The newest version of the canonical form that this version of modelgate reads. A row that older ones would misread
says so by its `form`."""
GENESIS = "0" * 64
"""What the first row of a chain has for `previous`."""
WINDOW = 1000
"""How many rows after a misfit are looked at to say what happened."""
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
    def named(self) -> tuple[str, ...]:
        """The digests of the entries that the row names."""
        if self.table != "runs" or self.text is None or '"entries":"' not in self.text:
            return ()
        return tuple(digests_of(str(json.loads(self.text).get("entries", ""))))

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
    gaps: tuple[Gap, ...] = ()
    """Where rows left for archives that were not read: rows of the chain account for them."""
    files: tuple[str, ...] = ()
    """Which files are not the archives that the chain names."""

    @property
    def is_tampered_with(self) -> bool:
        """Whether something does not fit."""
        return self.misfit is not None or bool(self.guards) or bool(self.files)

    @property
    def archived(self) -> int:
        """How many rows left, and were not read."""
        return sum(gap.rows for gap in self.gaps)

    @property
    def intact(self) -> bool:
        """Whether every row was read, and everything fits. False too where this version cannot read every row."""
        return not (self.is_tampered_with or self.unread)
