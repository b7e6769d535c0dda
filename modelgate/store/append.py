"""Adding rows: in one transaction, under the scope's lock, at the end of its chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from typing import Any, ClassVar, NamedTuple, Protocol

from sqlalchemy import Connection, Executable, Select, Table, func, insert, select, text

from modelgate.domain.chain import GENESIS, canonical_row, digest
from modelgate.domain.errors import Conflict
from modelgate.domain.rows import Author, Head, Scope
from modelgate.domain.text import printable, storable
from modelgate.store.database import Database
from modelgate.store.places import Tail, end_of, within
from modelgate.store.tables import entries as stored_entries
from modelgate.store.tables import metadata, pins
from modelgate.store.together import Rows, pipeline, together

Values = dict[str, Any]


class NewRow(Protocol):
    """A frozen dataclass whose fields are columns of `table`, one of `tables.CHAIN`."""

    table: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Any]]


class _Place(NamedTuple):
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
    rows: Sequence[NewRow],
    *,
    expect: Mapping[str, int],
    now: datetime,
    lease: tuple[str, str] | None = None,
    entries: Mapping[str, str],
    then: Sequence[tuple[Executable, Sequence[Values]]] = (),
) -> Head:
    """Adds `rows`, all or none, and returns the chain's new end. `Store.append` says more.

    `lease`: name and holder of one that ends with it. `entries`: digest to text. `then`: what is executed after the
    rows, in the same transaction.
    """
    # A run's row comes before what belongs to it: `read.run` relies on it.
    ordered = sorted(rows, key=lambda row: row.table != "runs")
    attempts: list[tuple[str, Head]] = []

    def work(connection: Connection) -> Head:
        place, present, stored = _at_the_end(connection, scope, chained, now, tuple(expect), tuple(entries))
        if attempts and _is_written(connection, *attempts[-1]):  # the connection was lost while it committed
            return attempts[-1][1]
        _refuse_moved(expect, present)
        values = _chained(ordered, place, scope, author, now)
        head = Head(scope, values[-1][1]["sequence"], values[-1][1]["hash"])
        attempts.append((values[-1][0], head))
        # In the order of digests, so that no two wait for each other.
        new = [{"digest": each, "entry": entries[each]} for each in sorted(entries.keys() - stored)]
        with pipeline(connection):
            if new:
                connection.execute(_ADD_ENTRY, new)
            for name, group in groupby(sorted(values, key=lambda pair: pair[0]), key=lambda pair: pair[0]):
                connection.execute(insert(_table(name)), [value for _, value in group])
            for statement, values_of in then:
                connection.execute(statement, values_of or None)
            if lease:
                connection.execute(_END_LEASE, dict(zip(("name", "holder"), lease, strict=True)))
        return head

    return database.run(work, write=True)


_END_LEASE = text("DELETE FROM claims WHERE fingerprint = :name AND holder = :holder")
_ADD_ENTRY = text("INSERT INTO entries (digest, entry) VALUES (:digest, :entry) ON CONFLICT DO NOTHING")
_BEGIN = text("SELECT * FROM modelgate_begin(:service, :environment, :key)")


def _at_the_end(
    connection: Connection,
    scope: Scope,
    chained: Sequence[str],
    now: datetime,
    slots: Sequence[str],
    digests: Sequence[str],
) -> tuple[_Place, dict[str, int], set[str]]:
    """Waits until nobody else adds to the chain; where it ends, the newest revision of each of `slots`, and which of
    the entries are there already.

    SQLite has locked the file by now.
    """
    newest = [_newest(scope, slots)] if slots else []
    present = [select(stored_entries.c.digest).where(stored_entries.c.digest.in_(digests))] if digests else []
    if connection.dialect.name == "sqlite":
        end = end_of(scope, chained)
        ended, *more = together(connection, *end.queries, *newest, *present)
        return _Place(end.answer(ended), now, None), *_known(more[: len(newest)], more[len(newest) :])
    key = int.from_bytes(sha256(f"modelgate:{scope}".encode()).digest()[:8], signed=True)
    begin = _BEGIN.bindparams(service=scope.service, environment=scope.environment, key=key)
    (row, *_), *more = together(connection, begin, *newest, *present)
    head = Head(scope, row.last_sequence, row.last_hash) if row.last_sequence else None
    place = _Place(Tail(head, row.last_at if head else None), row.now_at, row.database_user)
    return place, *_known(more[: len(newest)], more[len(newest) :])


def tail(connection: Connection, scope: Scope, chained: Sequence[str]) -> Tail:
    """The end of the chain, wherever it is."""
    end = end_of(scope, chained)
    return end.answer(*together(connection, *end.queries))


def _table(name: str) -> Table:
    if name not in metadata.tables:
        from modelgate.store import families  # noqa: F401 # which no run's rows need

    return metadata.tables[name]


def _is_written(connection: Connection, name: str, head: Head) -> bool:
    found = _table(name)
    query = select(found.c.hash).where(within(found, head.scope), found.c.sequence == head.sequence)
    return connection.execute(query).scalar() == head.hash


def _newest(scope: Scope, slots: Sequence[str]) -> Select[Any]:
    columns = (pins.c.slot, func.max(pins.c.revision).label("newest"))
    return select(*columns).where(within(pins, scope), pins.c.slot.in_(slots)).group_by(pins.c.slot)


def _known(revised: Sequence[Rows], present: Sequence[Rows]) -> tuple[dict[str, int], set[str]]:
    """Revision by slot, and digests: each nothing where it was not asked."""
    revisions = {row.slot: row.newest for rows in revised for row in rows}
    return revisions, {row.digest for rows in present for row in rows}


def _refuse_moved(expect: Mapping[str, int], present: Mapping[str, int]) -> None:
    moved = sorted(slot for slot, seen in expect.items() if present.get(slot, 0) != seen)
    if moved:
        raise Conflict(
            f"somebody else just changed {printable(', '.join(moved), 48)}", hint="look again, then repeat the command"
        )


def _chained(
    rows: Sequence[NewRow], place: _Place, scope: Scope, author: Author, now: datetime
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
