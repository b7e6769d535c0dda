"""Counting the rows of the store and measuring their tables. It reads every row: not for the gate's path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select, text

from modelgate.domain.rows import Scope
from modelgate.domain.storage import RECENT, Count, Storage, storage
from modelgate.store import archiving
from modelgate.store.places import spine
from modelgate.store.tables import entries

_SIZES = {
    "sqlite": "SELECT m.tbl_name AS name, sum(d.pgsize) AS bytes FROM dbstat AS d "
    "JOIN sqlite_master AS m ON m.name = d.name GROUP BY m.tbl_name",
    "postgresql": "SELECT relname AS name, pg_total_relation_size(oid) AS bytes FROM pg_class "
    "WHERE relkind = 'r' AND relnamespace = to_regnamespace(current_schema())",
}
"""Indexes count with their tables."""
_PAGES = "SELECT page_count * page_size AS bytes FROM pragma_page_count, pragma_page_size"


def measured(connection: Connection, chained: Sequence[str], now: datetime, before: datetime | None) -> Storage:
    """The store as it is at this instant. `before`: the rows that `db archive` would take are counted too."""
    leave = _leaving(connection, before) if before else {}
    counts = [
        replace(counted, freed=leave.get((name, counted.scope), 0))
        for name in chained
        for row in connection.execute(_counting(name, now))
        if (counted := _count(name, row)).rows
    ]
    dialect = connection.dialect.name
    sizes = {row.name: int(row.bytes) for row in connection.execute(text(_SIZES[dialect]))}
    whole = connection.execute(text(_PAGES)).scalar_one() if dialect == "sqlite" else sum(sizes.values())
    beside = {"entries": connection.execute(select(func.count()).select_from(entries)).scalar_one()}
    return storage(counts, sizes, int(whole), now, beside)


def _leaving(connection: Connection, before: datetime) -> dict[tuple[str, Scope], int]:
    """By table and scope, how many rows may leave for an archive."""
    found: dict[tuple[str, Scope], int] = {}
    for scope in archiving.scopes(connection):
        counts: Counter[str] = Counter()
        for _ in archiving.leaving(connection, scope, before, counts=counts):
            pass
        found |= {(name, scope): count for name, count in counts.items()}
    return found


def _counting(name: str, now: datetime) -> Select[Any]:
    c = spine(name).c
    return select(
        c.service,
        c.environment,
        func.count().label("rows"),
        func.count().filter(c.recorded_at >= now - RECENT).label("recent"),
        func.min(c.recorded_at, type_=c.recorded_at.type).label("first"),
    ).group_by(c.service, c.environment)


def _count(name: str, row: Row[Any]) -> Count:
    return Count(name, Scope(row.service, row.environment), row.rows, row.recent, 0, row.first)
