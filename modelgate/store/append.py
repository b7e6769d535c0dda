"""Adding rows: in one transaction, under the scope's lock, at the end of its chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from typing import Any, ClassVar, Protocol

from sqlalchemy import Connection, func, insert, select, text

from modelgate.domain.chain import GENESIS, canonical_row, digest
from modelgate.domain.rows import Author, Head, Scope
from modelgate.domain.text import printable, storable
from modelgate.errors import Conflict
from modelgate.store.database import Database
from modelgate.store.places import within
from modelgate.store.tables import CHAINED, Instant, pins

Values = dict[str, Any]

_LAST = """
SELECT * FROM (
  SELECT sequence, hash, recorded_at FROM {table}
  WHERE service = :service AND environment = :environment ORDER BY sequence DESC LIMIT 1
) AS {table}
"""  # as a text: every process that builds these seven selects as expressions anew compiles them for 10 ms


class Row(Protocol):
    """A frozen dataclass whose fields are columns of `table`, a key of `tables.CHAINED`."""

    table: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of a chain, as the next row needs it."""

    head: Head | None
    recorded_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """Where rows are added, and what the database says of it."""

    end: Tail
    now: datetime
    """By the database server's clock; on SQLite the author's."""
    database_user: str | None


def append(
    database: Database,
    chained: Sequence[str],
    scope: Scope,
    author: Author,
    rows: Sequence[Row],
    *,
    expect: Mapping[str, int],
    now: datetime,
) -> Head:
    """Adds `rows`, all or none, and returns the chain's new end. `Store.append` says more."""
    # A run's row comes before what belongs to it: `read.run` relies on it.
    ordered = sorted(rows, key=lambda row: row.table != "runs")
    attempts: list[tuple[str, Head]] = []

    def work(connection: Connection) -> Head:
        place = _at_the_end(connection, scope, chained, now)
        if attempts and _is_written(connection, *attempts[-1]):  # the connection was lost while it committed
            return attempts[-1][1]
        _refuse_moved(connection, scope, expect)
        values = _chained(ordered, place, scope, author, now)
        head = Head(scope, values[-1][1]["sequence"], values[-1][1]["hash"])
        attempts.append((values[-1][0], head))
        for name, group in groupby(sorted(values, key=lambda pair: pair[0]), key=lambda pair: pair[0]):
            connection.execute(insert(CHAINED[name]), [value for _, value in group])
        return head

    return database.run(work, write=True)


def _at_the_end(connection: Connection, scope: Scope, chained: Sequence[str], now: datetime) -> _Place:
    """Waits until nobody else adds to the chain, and returns where it ends. SQLite has locked the file by now."""
    if connection.dialect.name == "sqlite":
        return _Place(tail(connection, scope, chained), now, None)
    key = int.from_bytes(sha256(f"modelgate:{scope}".encode()).digest()[:8], signed=True)
    query = text("SELECT * FROM modelgate_begin(:service, :environment, :key)")
    where = {"service": scope.service, "environment": scope.environment, "key": key}
    row = connection.execute(query, where).one()
    head = Head(scope, row.last_sequence, row.last_hash) if row.last_sequence else None
    return _Place(Tail(head, row.last_at if head else None), row.now_at, row.database_user)


def tail(connection: Connection, scope: Scope, chained: Sequence[str]) -> Tail:
    """The end of the chain, wherever it is: one look at each table's key."""
    query = text(" UNION ALL ".join(_LAST.format(table=name) for name in chained)).columns(recorded_at=Instant)
    ends = connection.execute(query, {"service": scope.service, "environment": scope.environment}).all()
    last = max(ends, key=lambda row: row.sequence, default=None)
    return Tail(Head(scope, last.sequence, last.hash), last.recorded_at) if last else Tail(None)


def _is_written(connection: Connection, name: str, head: Head) -> bool:
    found = CHAINED[name]
    query = select(found.c.hash).where(within(found, head.scope), found.c.sequence == head.sequence)
    return connection.execute(query).scalar() == head.hash


def _refuse_moved(connection: Connection, scope: Scope, expect: Mapping[str, int]) -> None:
    if not expect:
        return
    query = (
        select(pins.c.slot, func.max(pins.c.revision).label("newest"))
        .where(within(pins, scope), pins.c.slot.in_(expect))
        .group_by(pins.c.slot)
    )
    present = {row.slot: row.newest for row in connection.execute(query)}
    moved = sorted(slot for slot, seen in expect.items() if present.get(slot, 0) != seen)
    if moved:
        raise Conflict(
            f"somebody else just changed {printable(', '.join(moved), 48)}", hint="look again, then repeat the command"
        )


def _chained(
    rows: Sequence[Row], place: _Place, scope: Scope, author: Author, now: datetime
) -> list[tuple[str, Values]]:
    """Each row's table and columns, in its place at the end of the chain."""
    end = place.end
    envelope: Values = {
        "service": scope.service,
        "environment": scope.environment,
        "recorded_at": max(place.now, end.recorded_at) if end.recorded_at else place.now,
        "clock_at": now,
        "database_user": place.database_user,
        **_columns(author),
    }
    previous = end.head.hash if end.head else GENESIS
    first = end.head.sequence + 1 if end.head else 1
    result = []
    for sequence, row in enumerate(rows, first):
        values = {
            **_columns(row),
            **envelope,
            "form": getattr(row, "form", 1),
            "sequence": sequence,
            "previous": previous,
        }
        previous = values["hash"] = digest(canonical_row(row.table, values))
        result.append((row.table, values))
    return result


def _columns(value: Any) -> Values:
    pairs = ((field.name, getattr(value, field.name)) for field in fields(value))
    return {name: storable(item) if isinstance(item, str) else item for name, item in pairs}
