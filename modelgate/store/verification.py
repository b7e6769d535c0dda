"""Reading the chain as evidence: to verify it and to export it, row by row, in flat memory."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Connection, Row, Text, func, select, type_coerce

from modelgate.domain.chain import FORM, Link, Misfit, Verification, canonical_row
from modelgate.domain.codec import canonical
from modelgate.domain.errors import UsageError
from modelgate.domain.rows import Head, Scope
from modelgate.domain.text import printable
from modelgate.domain.walk import walk
from modelgate.store import given_archives
from modelgate.store.append import tail
from modelgate.store.archives import gaps
from modelgate.store.entries import NONE, Entries
from modelgate.store.families import CHAINED
from modelgate.store.guards import faults
from modelgate.store.places import spine, within
from modelgate.store.schema import Schema, read_schema
from modelgate.store.tables import Instant, runs
from modelgate.store.together import together

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
    files: Sequence[Path],
    progress: Callable[[int, int], None] | None,
) -> Verification:
    """Walks the chain from `after` or its beginning to its present end, also through the archives in `files`.

    Raises UsageError for another chain's head, and for a head of a row that is in an archive which is not given.
    """
    for head in (after, expect):
        if head and head.scope != scope:
            raise UsageError(f"that head is of the chain {printable(str(head.scope), 40)}, not of {scope}")
    if after and expect and expect.sequence < after.sequence:
        after = None  # the row to compare lies before the place to begin
    told = gaps(scope)
    left = told.answer(*together(connection, *told.queries))
    connection.rollback()
    read = given_archives.of(connection, left, files)
    for head in (after, expect):
        if head and (gap := given_archives.compared(left, read, head)):
            if gap.hash != head.hash:
                return Verification(scope, None, 0, misfit=Misfit("changed", gap.last), files=read.faults)
            after, expect = (None if each == head else each for each in (after, expect))
    end = tail(connection, scope, schema.tables).head
    first, last = after.sequence if after else 1, end.sequence if end else 0
    total = max(0, last - first + 1)
    report = (lambda done: progress(done, total)) if progress else None
    rows = heapq.merge(
        links(connection, schema, scope, first, last), read.links(scope, first), key=lambda link: link.sequence
    )
    found = walk(scope, rows, after=after, expect=expect, gaps=left, progress=report)
    return replace(found, files=read.faults)


def guarded(connection: Connection, schema: Schema, found: Verification) -> Verification:
    """What was found, with what no longer keeps rows from being changed."""
    return replace(found, guards=(*faults(connection, schema), *unwitnessed(connection, found.scope)))


def unwitnessed(connection: Connection, scope: Scope) -> tuple[str, ...]:
    """What the store says of itself now and did not say to the newest run: one line, or none. Only migrations change
    it, and they raise its revision.
    """
    c = runs.c
    witnesses = select(c.sequence, c.store_schema).where(within(runs, scope), c.store_schema.is_not(None))
    newest = connection.execute(witnesses.order_by(c.sequence.desc()).limit(1)).first()
    present = read_schema(connection)
    connection.rollback()
    if newest is None or present is None or newest.store_schema == present.witness:
        return ()
    revision = newest.store_schema.partition(":")[0]
    if revision > present.revision:
        return (f"the store says schema {printable(present.revision, 20)}, and run {newest.sequence} saw a later one",)
    return (f"store_info is not what the run at {newest.sequence} saw",) if revision == present.revision else ()


def export(connection: Connection, schema: Schema, scope: Scope) -> Iterator[str]:
    """One line of JSON for each row, as `docs/audit.md` describes them."""
    end = tail(connection, scope, schema.tables).head
    for link in links(connection, schema, scope, 1, end.sequence if end else 0):
        yield line(link)


def line(link: Link) -> str:
    """A row as it is exported; one of a form that is not known here without its content."""
    if link.text is None:
        return canonical({"table": link.table, "sequence": link.sequence, "previous": link.previous, "hash": link.hash})
    named = f'"entries":{canonical(dict(link.entries))},' if link.entries else ""
    return f'{{{named}"hash":{canonical(link.hash)},"row":{link.text}}}'


def links(
    connection: Connection, schema: Schema, scope: Scope, first: int, last: int, tables: Sequence[str] = ()
) -> Iterator[Link]:
    """The rows from `first` to `last`, in order of sequence, whichever tables (of these or of all) they are in.

    Each page is a transaction of its own, as rows that are there never change: on SQLite a reader who takes his time,
    such as a pager, would keep everybody from writing.
    """
    if connection.dialect.name == "sqlite":
        raw: Any = connection.connection.driver_connection
        raw.text_factory = lambda stored: stored.decode("utf-8", "replace")  # a text that was tampered with is no crash
    of_each = (_links(connection, name, scope, first, last, schema.is_ahead) for name in tables or schema.tables)
    return heapq.merge(*of_each, key=lambda link: link.sequence)


def _links(connection: Connection, name: str, scope: Scope, first: int, last: int, is_ahead: bool) -> Iterator[Link]:
    known = CHAINED.get(name)
    source = spine(name) if known is None else known
    columns = [_as_stored(column, connection) for column in source.columns]
    booleans = {column.name for column in source.columns if isinstance(column.type, Boolean)}
    page: list[Row[Any]] = []
    entries = Entries(connection) if name == "runs" else None
    while True:
        place = page[-1].sequence + 1 if page else first
        mine = within(source, scope) & source.c.sequence.between(place, last)
        page = list(connection.execute(select(*columns).where(mine).order_by(source.c.sequence).limit(PAGE)))
        told = entries.of(page) if entries else {}
        connection.rollback()
        for row in page:
            unknown = known is None or (is_ahead and row.form > FORM)
            text = None if unknown else _text(name, row, booleans)
            named = told.get(row.sequence, NONE)
            yield Link(name, row.sequence, row.previous, row.hash, text, str(row.recorded_at), *named)
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
