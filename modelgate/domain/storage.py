"""How much room the audit store takes: rows and bytes by table and by scope, and how fast they grow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from modelgate.domain.rows import Scope

RECENT = timedelta(days=30)
"""Growth is that of these last days, or of fewer where the store is younger."""
_DAY = timedelta(days=1)
K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Count:
    """The rows of one scope in one table."""

    table: str
    scope: Scope
    rows: int
    recent: int
    """Recorded within `RECENT`."""
    freed: int
    """What `db archive` would take, with the instant that was asked for; 0 if none was."""
    first: datetime
    """When the first of them was recorded."""


@dataclass(frozen=True, slots=True)
class Room:
    """What some rows take. Bytes are those of their tables, indexes included, in equal shares for each row."""

    rows: int = 0
    size: float = 0.0
    rows_a_day: float = 0.0
    size_a_day: float = 0.0
    freed_rows: int = 0
    freed_size: float = 0.0

    def __add__(self, other: Room) -> Room:
        return Room(
            self.rows + other.rows,
            self.size + other.size,
            self.rows_a_day + other.rows_a_day,
            self.size_a_day + other.size_a_day,
            self.freed_rows + other.freed_rows,
            self.freed_size + other.freed_size,
        )


@dataclass(frozen=True, slots=True)
class Storage:
    """The whole store."""

    size: int
    """Bytes of the file, or of all tables and indexes on a server."""
    days: float
    """Over how many days growth was counted."""
    tables: Mapping[str, Room]
    """The largest first."""
    scopes: Mapping[Scope, Room]
    """The largest first."""

    @property
    def total(self) -> Room:
        """All rows."""
        return sum(self.tables.values(), Room())


def storage(
    counts: list[Count], sizes: Mapping[str, int], size: int, now: datetime, beside: Mapping[str, int] | None = None
) -> Storage:
    """What the counts come to. `sizes`: bytes by table. `beside`: rows of tables that are of no scope and no time."""
    since = max(min((count.first for count in counts), default=now), now - RECENT)
    days = max((now - since) / _DAY, 1.0)
    rows: dict[str, int] = {}
    for count in counts:
        rows[count.table] = rows.get(count.table, 0) + count.rows
    tables: dict[str, Room] = {}
    scopes: dict[Scope, Room] = {}
    for count in counts:
        each = sizes.get(count.table, 0) / max(rows[count.table], 1)
        a_day = count.recent / days
        room = Room(count.rows, count.rows * each, a_day, a_day * each, count.freed, count.freed * each)
        tables[count.table] = tables.get(count.table, Room()) + room
        scopes[count.scope] = scopes.get(count.scope, Room()) + room
    tables |= {name: Room(number, sizes.get(name, 0)) for name, number in (beside or {}).items() if number}
    return Storage(size, days, _largest_first(tables), _largest_first(scopes))


def _largest_first(rooms: dict[K, Room]) -> dict[K, Room]:
    return dict(sorted(rooms.items(), key=lambda pair: (-pair[1].size, str(pair[0]))))
