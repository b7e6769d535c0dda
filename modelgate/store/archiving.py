"""Taking rows out of the store for an archive: which may leave, what is written of them, and a portion at a time."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain, groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Executable, Select, Table, bindparam, delete, func, select, text

from modelgate.domain.archives import KNOWN_SINCE, TABLES, ArchiveRow
from modelgate.domain.chain import Link
from modelgate.domain.errors import StoreProblem
from modelgate.domain.problems import Problem
from modelgate.domain.retention import Answered, Portion, Ran, Range, Revised, portions, staying
from modelgate.domain.rows import Author, Head, Scope
from modelgate.store import verification
from modelgate.store.append import append
from modelgate.store.database import Database
from modelgate.store.families import CHAINED
from modelgate.store.places import within
from modelgate.store.schema import Schema, locks_out
from modelgate.store.tables import pins, resolutions, runs

PAGE = 5000
"""Rows of one table that are held in memory at a time."""
RECENT = timedelta(days=30)
"""Who ran here so lately may look at the store again."""
_OWNS = text("SELECT pg_has_role(session_user, relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('runs')")
Values = Sequence[dict[str, Any]]
_LEAVE = [
    delete(CHAINED[name]).where(
        CHAINED[name].c.service == bindparam("of_service"),
        CHAINED[name].c.environment == bindparam("of_environment"),
        CHAINED[name].c.sequence.between(bindparam("first"), bindparam("last")),
    )
    for name in TABLES
]


_REFUSES = (
    "CREATE TRIGGER {table}_refuse_delete BEFORE DELETE ON {table} "
    "BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
)
_LETS_GO = _REFUSES.replace(
    "BEGIN SELECT",
    "WHEN NOT EXISTS (SELECT 1 FROM archives a WHERE a.service = OLD.service AND a.environment = OLD.environment "
    "AND a.last_sequence = (SELECT min(b.last_sequence) FROM archives b WHERE b.service = OLD.service "
    "AND b.environment = OLD.environment AND b.last_sequence >= OLD.sequence) AND a.first_sequence <= OLD.sequence) "
    "BEGIN SELECT",
)
"""SQLite's guards: as they are, and as they are for one transaction. PostgreSQL's knows its owner, and lets them go."""


def _swapped(guard: str) -> list[tuple[Executable, Values]]:
    """The statements that put this guard in the place of the one that is there."""
    made = [(f"DROP TRIGGER {table}_refuse_delete", guard.format(table=table)) for table in TABLES]
    return [(text(statement), ()) for both in made for statement in both]


class Archiving:
    """An archive of what is older than an instant. Every method raises StoreProblem where the store cannot be asked."""

    def __init__(self, database: Database, schema: Schema, before: datetime) -> None:
        self._database, self._schema, self._before = database, schema, before

    def need_owner(self) -> None:
        """Raises StoreProblem for a role that may not take rows away."""
        self._database.run(need_owner)

    def ignorant(self, now: datetime) -> tuple[str, ...]:
        """Versions that know no archives and added rows within the last 30 days."""
        return self._database.run(lambda connection: ignorant(connection, now))

    def planned(self, counts: Counter[str]) -> list[tuple[Scope, Portion]]:
        """What may leave, a portion after another, scope by scope; `counts` become the rows of each table.

        No transaction lasts longer than a page: nobody waits, however long the chains are.
        """
        with self._database.session() as c:
            everyone = scopes(c)
            c.rollback()
            return [
                (scope, portion)
                for scope in everyone
                for portion in leaving(c, scope, self._before, counts=counts, rested=c.rollback)
            ]

    def lines(self, planned: Sequence[tuple[Scope, Portion]]) -> Iterator[str]:
        """The rows of a plan, as `audit export` writes them, in its order."""
        with self._database.session() as c:
            for scope, portions_of in groupby(planned, key=itemgetter(0)):
                yield from lines(c, self._schema, scope, [portion for _, portion in portions_of])

    def take(self, scope: Scope, author: Author, named: Sequence[ArchiveRow], now: datetime) -> Head:
        """One portion, whole or not at all: the rows that name its gaps are added, and what they name is deleted."""
        places = {"of_service": scope.service, "of_environment": scope.environment}
        ranges = [{**places, "first": row.first_sequence, "last": row.last_sequence} for row in named]
        gone: list[tuple[Executable, Values]] = [(statement, ranges) for statement in _LEAVE]
        if not self._database.is_server:
            gone = [*_swapped(_LETS_GO), *gone, *_swapped(_REFUSES)]
        return append(
            self._database, self._schema.tables, scope, author, named, expect={}, now=now, entries={}, then=gone
        )


def need_owner(connection: Connection) -> None:
    """Raises StoreProblem for a role that may not take rows away; whoever may write a SQLite file may."""
    if connection.dialect.name == "postgresql" and not connection.execute(_OWNS).scalar():
        hint = "modelgate_migrator does it: docs/postgresql.md says which role may what"
        raise StoreProblem(Problem("store.unreachable", "only the owner of the tables archives rows", hint))


def ignorant(connection: Connection, now: datetime) -> tuple[str, ...]:
    """Versions that know no archives and added rows within the last 30 days."""
    found: set[str] = set()
    for table in CHAINED.values():
        recent = select(table.c.version).where(table.c.recorded_at >= now - RECENT).distinct()
        found.update(connection.execute(recent).scalars())
    return tuple(sorted(version for version in found if locks_out(KNOWN_SINCE, version)))


def scopes(connection: Connection) -> tuple[Scope, ...]:
    """Every service and environment that has runs, by name."""
    found = connection.execute(select(runs.c.service, runs.c.environment).distinct())
    return tuple(sorted((Scope(*row) for row in found), key=lambda scope: (scope.service, scope.environment)))


def leaving(
    connection: Connection,
    scope: Scope,
    before: datetime,
    *,
    counts: Counter[str] | None = None,
    rested: Callable[[], object] = lambda: None,
) -> Iterator[Portion]:
    """What may leave of one scope: its rows are read twice. `counts` are those of each table; `rested` is called after
    each page of a table.
    """
    end = _end(connection, scope, before)
    if end <= 1:
        return
    read = _Reading(connection, scope, rested)
    stays = staying(heapq.merge(read.runs(), read.resolutions(), read.pins(), key=lambda event: event.sequence), end)
    old = (_counted(read.places(CHAINED[name], end), stays, name, counts) for name in TABLES)
    yield from portions(heapq.merge(*old), stays)


def _counted(
    rows: Iterator[tuple[int, str]], stays: Container[str], name: str, counts: Counter[str] | None
) -> Iterator[tuple[int, str]]:
    for row in rows:
        if counts is not None and row[1] not in stays:
            counts[name] += 1
        yield row


def _end(connection: Connection, scope: Scope, before: datetime) -> int:
    """The sequence after that of the last row of the three tables which is older: times never step back in a chain."""
    found = 0
    for name in TABLES:
        c = CHAINED[name].c
        newest = select(func.max(c.sequence)).where(within(CHAINED[name], scope), c.recorded_at < before)
        found = max(found, connection.execute(newest).scalar() or 0)
    return found + 1


class _Reading:
    """Looks at the rows of a scope, in order, a page after another."""

    def __init__(self, connection: Connection, scope: Scope, rested: Callable[[], object]) -> None:
        self._connection, self._scope, self._rested = connection, scope, rested

    def runs(self) -> Iterator[Ran]:
        c = runs.c
        marks = (c.reuse_fingerprint, c.grace_fingerprint, c.reuse_mark, c.grace_mark)
        told = (func.coalesce(c.asked_at, c.seen_at).is_not(None), c.store_schema.is_not(None))
        for run in self._rows(runs, c.run_id, c.command, c.verdict, c.enforced, *told, *marks):
            sequence, run_id, verb, verdict, enforced, asked, witness, *of = run
            yield Ran(sequence, run_id, verb, verdict, bool(enforced), tuple(of), asked, witness)

    def resolutions(self) -> Iterator[Answered]:
        c = resolutions.c
        for row in self._rows(resolutions, c.run_id, c.slot, c.handed_off_id, c.observed_id):
            yield Answered(*row)

    def pins(self) -> Iterator[Revised]:
        for row in self._rows(pins, pins.c.slot, pins.c.run_id):
            yield Revised(*row)

    def places(self, of: Table, end: int) -> Iterator[tuple[int, str]]:
        return ((sequence, run_id) for sequence, run_id in self._rows(of, of.c.run_id, end=end))

    def _rows(self, of: Table, *columns: Any, end: int | None = None) -> Iterator[tuple[Any, ...]]:
        place = 0
        mine = within(of, self._scope) if end is None else within(of, self._scope) & (of.c.sequence < end)
        query: Select[Any] = select(of.c.sequence, *columns).where(mine).order_by(of.c.sequence).limit(PAGE)
        while True:
            page = self._connection.execute(query.where(of.c.sequence > place)).all()
            self._rested()
            yield from map(tuple, page)
            if len(page) < PAGE:
                return
            place = page[-1].sequence


def lines(connection: Connection, schema: Schema, scope: Scope, planned: Sequence[Portion]) -> Iterator[str]:
    """The rows that leave, as `audit export` writes them, in order."""
    wanted = list(chain.from_iterable(planned))
    if not wanted:
        return
    rows = verification.links(connection, schema, scope, wanted[0].first, wanted[-1].last, TABLES)
    for link in _among(rows, wanted):
        yield verification.line(link)


def _among(rows: Iterator[Link], wanted: Sequence[Range]) -> Iterator[Link]:
    """The rows of these ranges, each with the entries that it names and no row before it in them did."""
    ranges, present = iter(wanted), Range(0, 0)
    elsewhere: dict[str, str] = {}
    for link in rows:
        while link.sequence > present.last:
            following = next(ranges, None)
            if following is None:
                return
            present = following
        if link.sequence < present.first:
            elsewhere |= dict(link.entries)
            continue
        known = {digest: elsewhere.pop(digest) for digest in link.named if digest in elsewhere} if elsewhere else {}
        yield link._replace(entries=(*known.items(), *link.entries)) if known else link
