"""Places in a chain: the rows of one scope, the newest or oldest of them, each by one look at an index, and its end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    Integer,
    Table,
    TableClause,
    Text,
    column,
    func,
    select,
    table,
    text,
)

from modelgate.domain.rows import Head, Scope
from modelgate.store.tables import Instant
from modelgate.store.together import Question, Rows

_LAST = """
SELECT * FROM (
  SELECT sequence, hash, recorded_at FROM {table}
  WHERE service = :service AND environment = :environment ORDER BY sequence DESC LIMIT 1
) AS {table}
"""  # as a text: every process that builds these seven selects as expressions anew compiles them for 10 ms


class Tail(NamedTuple):
    """The end of a chain, as the next row needs it."""

    head: Head | None
    recorded_at: datetime | None = None


def spine(name: str) -> TableClause:
    """What every table of the chain has, also one that is younger than this version of modelgate."""
    texts = ("service", "environment", "previous", "hash")
    whole = (column("sequence", BigInteger), column("form", Integer))
    return table(name, *(column(each, Text) for each in texts), *whole, column("recorded_at", Instant))


def within(table: FromClause, scope: Scope) -> ColumnElement[bool]:
    """The rows of one scope."""
    return (table.c.service == scope.service) & (table.c.environment == scope.environment)


def newest(of: Table, scope: Scope, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """That a row is the newest of its scope for which `conditions` hold. One of `indexes` covers their columns."""
    return _at(of, scope, func.max(of.c.sequence), conditions)


def oldest(of: Table, scope: Scope, *conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """That a row is the oldest of its scope for which `conditions` hold, as above."""
    return _at(of, scope, func.min(of.c.sequence), conditions)


def _at(
    of: Table, scope: Scope, place: ColumnElement[int], conditions: tuple[ColumnElement[bool], ...]
) -> ColumnElement[bool]:
    look = select(place).where(within(of, scope), *conditions).correlate(None).scalar_subquery()
    return within(of, scope) & (of.c.sequence == look)


def end_of(scope: Scope, chained: Sequence[str]) -> Question[Tail]:
    """The end of the chain, wherever it is: one look at each table's key."""
    query = text(" UNION ALL ".join(_LAST.format(table=name) for name in chained))
    place = query.bindparams(service=scope.service, environment=scope.environment)

    def answer(ends: Rows) -> Tail:
        last = max(ends, key=lambda row: row.sequence, default=None)
        return Tail(Head(scope, last.sequence, last.hash), last.recorded_at) if last else Tail(None)

    return Question((place.columns(sequence=BigInteger, hash=Text, recorded_at=Instant),), answer)
