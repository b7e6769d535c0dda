"""Reading the chain as evidence: to verify it and to export it, row by row, in flat memory."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Connection, Row, Text, func, select, type_coerce

from modelgate.domain.chain import FORM, Link, Verification, canonical_row, walk
from modelgate.domain.codec import canonical
from modelgate.domain.errors import UsageError
from modelgate.domain.rows import Head, Scope
from modelgate.domain.text import printable
from modelgate.store.append import tail
from modelgate.store.families import CHAINED
from modelgate.store.places import spine, within
from modelgate.store.schema import Schema
from modelgate.store.tables import Instant

PAGE = 1000
"""Rows of one table that are held in memory at a time."""
_CANONICAL_INSTANT = 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'


def verify(
    connection: Connection,
    schema: Schema,
    scope: Scope,
    *,
    after: Head | None,
    expect: Head | None,
    progress: Callable[[int, int], None] | None,
) -> Verification:
    """Walks the chain from `after` or its beginning to its present end. Raises UsageError for another chain's head."""
    for head in (after, expect):
        if head and head.scope != scope:
            raise UsageError(f"that head is of the chain {printable(str(head.scope), 40)}, not of {scope}")
    if after and expect and expect.sequence < after.sequence:
        after = None  # the row to compare lies before the place to begin
    end = tail(connection, scope, schema.tables).head
    first, last = after.sequence if after else 1, end.sequence if end else 0
    total = max(0, last - first + 1)
    report = (lambda done: progress(done, total)) if progress else None
    return walk(scope, links(connection, schema, scope, first, last), after=after, expect=expect, progress=report)


def export(connection: Connection, schema: Schema, scope: Scope) -> Iterator[str]:
    """One line of JSON for each row, as `docs/audit.md` describes them."""
    end = tail(connection, scope, schema.tables).head
    for link in links(connection, schema, scope, 1, end.sequence if end else 0):
        if link.text is None:
            known = {"table": link.table, "sequence": link.sequence, "previous": link.previous, "hash": link.hash}
            yield canonical(known)
        else:
            yield f'{{"hash":{canonical(link.hash)},"row":{link.text}}}'


def links(connection: Connection, schema: Schema, scope: Scope, first: int, last: int) -> Iterator[Link]:
    """The rows from `first` to `last`, in order of sequence, whichever tables they are in.

    Each page is a transaction of its own, as rows that are there never change: on SQLite a reader who takes his time,
    such as a pager, would keep everybody from writing.
    """
    if connection.dialect.name == "sqlite":
        raw: Any = connection.connection.driver_connection
        raw.text_factory = lambda stored: stored.decode("utf-8", "replace")  # a text that was tampered with is no crash
    tables = (_links(connection, name, scope, first, last, schema.is_ahead) for name in schema.tables)
    return heapq.merge(*tables, key=lambda link: link.sequence)


def _links(connection: Connection, name: str, scope: Scope, first: int, last: int, is_ahead: bool) -> Iterator[Link]:
    known = CHAINED.get(name)
    source = spine(name) if known is None else known
    columns = [_as_stored(column, connection) for column in source.columns]
    booleans = {column.name for column in source.columns if isinstance(column.type, Boolean)}
    page: list[Row[Any]] = []
    while True:
        place = page[-1].sequence + 1 if page else first
        mine = within(source, scope) & source.c.sequence.between(place, last)
        page = list(connection.execute(select(*columns).where(mine).order_by(source.c.sequence).limit(PAGE)))
        connection.rollback()
        for row in page:
            unknown = known is None or (is_ahead and row.form > FORM)
            text = None if unknown else _text(name, row, booleans)
            yield Link(name, row.sequence, row.previous, row.hash, text, str(row.recorded_at))
        if len(page) < PAGE:
            return


def _as_stored(column: ColumnElement[Any], connection: Connection) -> ColumnElement[Any]:
    """The column as it is stored, believed to hold nothing in particular; instants in their canonical form."""
    if connection.dialect.name == "postgresql" and isinstance(column.type, Instant):
        return func.to_char(func.timezone("UTC", column), _CANONICAL_INSTANT, type_=Text).label(column.key)
    return type_coerce(column, Text).label(column.key)


def _text(name: str, row: Row[Any], booleans: set[str]) -> str:
    stored = row._mapping.items()
    return canonical_row(name, {k: bool(v) if k in booleans and v in (0, 1) else v for k, v in stored})
