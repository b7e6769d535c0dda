"""Places in a chain: the rows of one scope, and the newest or oldest of them, each by one look at an index."""

from __future__ import annotations

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
)

from modelgate.domain.rows import Scope
from modelgate.store.tables import Instant


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
