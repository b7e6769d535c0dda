"""Reading what was added about batches."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, Table, select

from modelgate.domain.batches import OWN_IDS, BatchEventRow, BatchJobRow, BatchPartRow
from modelgate.domain.errors import StoreProblem
from modelgate.domain.problems import Problem
from modelgate.domain.rows import Scope
from modelgate.domain.text import printable
from modelgate.store.families import batch_events, batch_jobs, batch_parts
from modelgate.store.faults import INCOMPATIBLE
from modelgate.store.places import within
from modelgate.store.together import Question, Rows

R = TypeVar("R", BatchJobRow, BatchPartRow, BatchEventRow)

JobRows = tuple[BatchJobRow, tuple[BatchPartRow, ...], tuple[BatchEventRow, ...]]
"""A job, its parts and its events, oldest first."""


def jobs(scope: Scope, job_id: str | None = None) -> Question[tuple[JobRows, ...]]:
    """The jobs of the scope, or the one with this ID, oldest first, read at one instant.

    The answer raises `StoreProblem` if one of them is of a form that this version does not know: it would misread it.
    """
    later = select(batch_jobs.c.job_id).where(within(batch_jobs, scope), batch_jobs.c.form > OWN_IDS).limit(1)
    if job_id is not None:
        later = later.where(batch_jobs.c.job_id == job_id)

    def answer(unknown: Rows, rows: Rows, part_rows: Rows, event_rows: Rows) -> tuple[JobRows, ...]:
        if unknown:
            message = f"{printable(unknown[0].job_id, 40)} is for later versions of modelgate"
            raise StoreProblem(Problem(INCOMPATIBLE, message, "use the version that made it"))
        parts, events = _by_job(BatchPartRow, part_rows), _by_job(BatchEventRow, event_rows)
        return tuple(
            (row, tuple(parts.get(row.job_id, ())), tuple(events.get(row.job_id, ())))
            for row in _read(BatchJobRow, rows)
        )

    tables = {batch_jobs: BatchJobRow, batch_parts: BatchPartRow, batch_events: BatchEventRow}
    return Question((later, *(_asked(table, kind, scope, job_id) for table, kind in tables.items())), answer)


def owned(connection: Connection, adopted_before: datetime | None) -> frozenset[str]:
    """The IDs of the batches, of any scope, that some part made or proved by their results.

    With `adopted_before` also those that a part knew of before. One that another part adopted may be either's.
    """
    theirs: ColumnElement[bool] = batch_events.c.event.in_(("created", "collected"))
    if adopted_before is not None:
        theirs = theirs | (batch_events.c.at < adopted_before)
    query = select(batch_events.c.batch_id).where(batch_events.c.batch_id.is_not(None), theirs)
    return frozenset(connection.execute(query).scalars())


def _by_job(kind: type[R], rows: Rows) -> dict[str, list[R]]:
    grouped: dict[str, list[R]] = {}
    for row in _read(kind, rows):
        grouped.setdefault(row.job_id, []).append(row)
    return grouped


def _asked(table: Table, kind: type[Any], scope: Scope, job_id: str | None) -> Select[Any]:
    names = [field.name for field in fields(kind)]
    query = select(*(table.c[name] for name in names)).where(within(table, scope)).order_by(table.c.sequence)
    return query if job_id is None else query.where(table.c.job_id == job_id)


def _read(kind: type[R], rows: Rows) -> list[R]:
    return [kind(**row._mapping) for row in rows]
