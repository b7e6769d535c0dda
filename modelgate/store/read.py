"""Reading the present: what a gate needs, in a few looks at indexes, however long the history is."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, func, select

from modelgate.domain.catalogue import Entry
from modelgate.domain.codec import entry_from_json, facts_from_json
from modelgate.domain.history import Envelope, State, StoredFacts, StoredRun
from modelgate.domain.pins import Pin, fold
from modelgate.domain.rows import Author, ResolutionRow, RunRow, Scope
from modelgate.store.handovers import promoted
from modelgate.store.places import newest, oldest, within
from modelgate.store.tables import pins, resolutions, runs

V = TypeVar("V")
RECENT_RESOLUTIONS = 300
"""How many of the newest resolutions are asked which references are aliases."""


def state(connection: Connection, scope: Scope, promote_from: str) -> State:
    """The present state of a scope."""
    return State(
        pins=fold(revisions(connection, scope)),
        promoted=promoted(connection, Scope(scope.service, promote_from)) if promote_from else {},
        now=_now(connection) if promote_from else None,
        known_aliases=_aliases(connection, scope),
    )


def _now(connection: Connection) -> datetime | None:
    """A soak ends by the clock that began it: the server's, which wrote when the rows were recorded."""
    if connection.dialect.name == "sqlite":
        return None
    found: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return found.astimezone(UTC)


def revisions(connection: Connection, scope: Scope, slot: str | None = None) -> tuple[Pin, ...]:
    """Every revision, oldest first."""
    query = select(pins).where(within(pins, scope)).order_by(pins.c.sequence)
    rows = connection.execute(query.where(pins.c.slot == slot) if slot is not None else query)
    return tuple(pin_of(row) for row in rows)


def pin_of(row: Row[Any]) -> Pin:
    """The revision that a row records."""
    return Pin(
        slot=row.slot,
        revision=row.revision,
        action=row.action,
        model_id=row.model_id,
        reference=row.reference,
        origin=row.origin,
        entry=_entry(row.entry) if row.entry else None,
        expires_at=row.expires_at,
        revokes=row.revokes,
        reason=row.reason,
        actor=row.actor,
        recorded_at=row.recorded_at,
    )


@lru_cache(maxsize=1024)
def _entry(text: str) -> Entry:
    """Pins of one day hold the same facts, and a fleet has a hundred thousand of them."""
    return entry_from_json(json.loads(text))


def _aliases(connection: Connection, scope: Scope) -> frozenset[str]:
    columns = (resolutions.c.reference, resolutions.c.resolved_id)
    query = select(*columns).where(within(resolutions, scope)).order_by(resolutions.c.sequence.desc())
    newest: dict[str, str] = {}
    for reference, resolved in connection.execute(query.limit(RECENT_RESOLUTIONS)):
        if resolved is not None:
            newest.setdefault(reference, resolved)
    return frozenset(reference for reference, resolved in newest.items() if reference != resolved)


CANDIDATES = 20
"""How many of the newest runs with facts are looked at for some that serve."""


def young_facts(
    connection: Connection, scope: Scope, reuse: str | None, grace: str | None, between: tuple[datetime, datetime]
) -> tuple[StoredFacts, ...]:
    """Facts that were asked for between two instants, the newest by sequence first."""
    mark = runs.c.reuse_fingerprint == reuse if reuse is not None else runs.c.grace_fingerprint == grace
    query = select(runs.c.run_id, runs.c.facts, runs.c.asked_at).where(
        within(runs, scope), mark, runs.c.asked_at >= between[0], runs.c.asked_at <= between[1]
    )
    rows = connection.execute(query.order_by(runs.c.sequence.desc()).limit(CANDIDATES))
    return tuple(StoredFacts(row.run_id, facts_from_json(row.facts, row.asked_at), row.asked_at) for row in rows)


def facts(connection: Connection, scope: Scope, reuse: str | None, grace: str | None) -> StoredFacts | None:
    """The facts of the newest run that has some; only such runs have fingerprints."""
    marks = {runs.c.reuse_fingerprint: reuse, runs.c.grace_fingerprint: grace}
    wanted = [column == mark for column, mark in marks.items() if mark is not None] or [runs.c.asked_at.is_not(None)]
    query = select(runs.c.run_id, runs.c.facts, runs.c.asked_at).where(newest(runs, scope, *wanted))
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    return StoredFacts(row.run_id, facts_from_json(row.facts, row.asked_at), row.asked_at)


def run(connection: Connection, run_id: str) -> StoredRun | None:
    """A run by its ID, with its resolutions: the rows after it, up to the next run's."""
    row = connection.execute(select(runs).where(runs.c.run_id == run_id)).one_or_none()
    if row is None:
        return None
    scope = Scope(row.service, row.environment)
    end = connection.execute(
        select(runs.c.sequence).where(oldest(runs, scope, runs.c.sequence > row.sequence))
    ).scalar()
    query = select(resolutions).where(within(resolutions, scope), resolutions.c.sequence > row.sequence)
    if end is not None:
        query = query.where(resolutions.c.sequence < end)
    answers = connection.execute(query.where(resolutions.c.run_id == run_id).order_by(resolutions.c.sequence))
    return StoredRun(envelope(row), value(RunRow, row), tuple(value(ResolutionRow, answer) for answer in answers))


def run_ids(connection: Connection, scope: Scope, limit: int) -> tuple[str, ...]:
    """The IDs of the newest runs, newest first."""
    query = select(runs.c.run_id).where(within(runs, scope)).order_by(runs.c.sequence.desc()).limit(limit)
    return tuple(connection.execute(query).scalars())


def last_run(connection: Connection, scope: Scope) -> StoredRun | None:
    """The newest run of a whole environment, with its resolutions."""
    query = select(runs.c.run_id).where(newest(runs, scope, runs.c.command.in_(("check", "preflight"))))
    run_id = connection.execute(query).scalar()
    return run(connection, run_id) if run_id else None


def last_preflight(connection: Connection, scope: Scope) -> StoredRun | None:
    """The newest preflight of a deployment that passed, without its resolutions."""
    passed = newest(runs, scope, runs.c.command == "preflight", runs.c.verdict == "pass")
    row = connection.execute(select(runs).where(passed)).one_or_none()
    return StoredRun(envelope(row), value(RunRow, row)) if row else None


def envelope(row: Row[Any]) -> Envelope:
    """A row's place and author."""
    return Envelope(
        scope=Scope(row.service, row.environment),
        sequence=row.sequence,
        recorded_at=row.recorded_at,
        clock_at=row.clock_at,
        author=value(Author, row),
        database_user=row.database_user,
    )


def value(kind: type[V], row: Row[Any]) -> V:
    """A frozen value of `kind` from the columns that are named like its fields."""
    return kind(**{field.name: row._mapping[field.name] for field in fields(kind)})  # type: ignore[arg-type]  # dataclasses
