"""Reading the present: what a gate needs, in a few looks at indexes, however long the history is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import BigInteger, Connection, Row, Select, bindparam, func, select, text

from modelgate.domain.catalogue import Entry
from modelgate.domain.codec import entries_of, entry_from_json, facts_from_json, facts_of_seen
from modelgate.domain.history import CANDIDATES, RECENT_RESOLUTIONS, Envelope, State, StoredFacts, StoredRun
from modelgate.domain.pins import Pin, fold
from modelgate.domain.rows import MARK, Author, FindingRow, ResolutionRow, RunRow, Scope
from modelgate.store.handovers import NO_END, Promoted, promoted
from modelgate.store.places import newest, within
from modelgate.store.tables import Instant, findings, pins, resolutions, runs
from modelgate.store.together import Question, Rows, together

V = TypeVar("V")
_LONGEST_RUN = 10_000


def state(
    scope: Scope, promote_from: str = "", *, server: bool, connection: Connection | None = None
) -> Question[State]:
    """The present state of a scope. Without a `connection` the answer may raise `handovers.More`."""
    from_there: Question[Promoted] | None = None
    if promote_from:
        from_there = promoted(Scope(scope.service, promote_from), server, connection)
    clock = (select(func.clock_timestamp().label("now")),) if promote_from and server else ()

    def answer(revised: Rows, resolved: Rows, *more: Rows) -> State:
        return State(
            pins=fold(pin_of(row) for row in revised),
            promoted=from_there.answer(*more[:2]) if from_there else {},
            # A soak ends by the clock that began it: the server's, which wrote when the rows were recorded.
            now=more[2][0].now.astimezone(UTC) if clock else None,
            known_aliases=_aliases(resolved),
        )

    queries = (_revisions(scope), _newest_resolutions(scope), *(from_there.queries if from_there else ()), *clock)
    return Question(queries, answer)


def revisions(scope: Scope, slot: str | None = None) -> Question[tuple[Pin, ...]]:
    """Every revision, oldest first."""
    query = _revisions(scope)
    asked = query.where(pins.c.slot == slot) if slot is not None else query
    return Question((asked,), lambda rows: tuple(pin_of(row) for row in rows))


def _revisions(scope: Scope) -> Select[Any]:
    return select(pins).where(within(pins, scope)).order_by(pins.c.sequence)


def pin_of(row: Row[Any]) -> Pin:
    """The revision that a row records."""
    return Pin(
        slot=row.slot,
        revision=row.revision,
        action=row.action,
        model_id=row.model_id,
        reference=row.reference,
        origin=row.origin,
        entry=entry_of(row.entry) if row.entry else None,
        expires_at=row.expires_at,
        revokes=row.revokes,
        reason=row.reason,
        actor=row.actor,
        recorded_at=row.recorded_at,
    )


@lru_cache(maxsize=1024)
def entry_of(text: str) -> Entry:
    """What a pin recorded. Pins of one day hold the same facts, and a fleet has a hundred thousand of them."""
    return entry_from_json(json.loads(text))


def _newest_resolutions(scope: Scope) -> Select[Any]:
    columns = (resolutions.c.reference, resolutions.c.resolved_id)
    query = select(*columns).where(within(resolutions, scope)).order_by(resolutions.c.sequence.desc())
    return query.limit(RECENT_RESOLUTIONS)


def _aliases(rows: Rows) -> frozenset[str]:
    newest: dict[str, str] = {}
    for row in rows:
        if row.resolved_id is not None:
            newest.setdefault(row.reference, row.resolved_id)
    return frozenset(reference for reference, resolved in newest.items() if reference != resolved)


_CHOSEN = "FROM runs {by} WHERE service = :service AND environment = :environment AND {which}"
_MARKED = f"mark = substr(:%s, 1, {MARK})"
_NEWEST = "sequence = (SELECT max(sequence) {chosen})"
_RUNS = """
SELECT * FROM (
  SELECT sequence, run_id, origin, facts, asked_at, NULL AS answers, NULL AS entries {old}
  ORDER BY sequence DESC LIMIT :candidates) AS whole
UNION ALL SELECT * FROM (
  SELECT sequence, run_id, origin, NULL AS facts, seen_at, answers, entries {new}
  ORDER BY sequence DESC LIMIT :candidates) AS by_digest
"""
_ENTRIES = """
WITH RECURSIVE named(digests) AS (
  SELECT DISTINCT entries FROM (SELECT entries {new} ORDER BY sequence DESC LIMIT :candidates) AS chosen
  WHERE entries <> ''
), cut(digest, rest) AS (
  SELECT substr(digests, 1, 64), substr(digests, 66) FROM named
  UNION SELECT substr(rest, 1, 64), substr(rest, 66) FROM cut WHERE rest <> ''
)
SELECT digest, {content} AS content FROM entries WHERE digest IN (SELECT digest FROM cut)
"""
"""Beside the runs, not after them: both take one round trip."""
_CONTENT = {True: "entry", False: "CAST(entry AS BLOB)"}
"""On SQLite a text may be none: then it is not its digest's, and no reason to stop."""


def young_facts(
    scope: Scope, reuse: str | None, grace: str | None, between: tuple[datetime, datetime], *, server: bool
) -> Question[tuple[StoredFacts, ...]]:
    """Facts that were asked for between two instants, the newest by sequence first; none that cannot be read whole."""
    kind, mark = ("reuse", reuse) if reuse is not None else ("grace", grace)
    young = "BETWEEN :oldest AND :newest"
    # SQLite would walk its key through every run of the scope: none of the indexes has the time.
    by_old, by_new = ("", "") if server else (f"INDEXED BY runs_{kind}", f"INDEXED BY runs_{kind}_mark")
    old = _CHOSEN.format(by=by_old, which=f"{kind}_fingerprint = :mark AND asked_at {young}")
    new = _CHOSEN.format(by=by_new, which=f"{kind}_{_MARKED % 'mark'} AND seen_at {young}")
    values = {"mark": mark, "oldest": between[0], "newest": between[1]}
    asked = _of_runs(scope, old, new, CANDIDATES, server, values)
    return Question(asked.queries, lambda *rows: tuple(each for each, whole in asked.answer(*rows) if whole))


def facts(
    scope: Scope, reuse: str | None = None, grace: str | None = None, *, server: bool
) -> Question[StoredFacts | None]:
    """The facts of the newest run that has some; only such runs have fingerprints. What cannot be read is unknown."""
    marks = {kind: mark for kind, mark in (("reuse", reuse), ("grace", grace)) if mark is not None}
    old = " AND ".join(f"{kind}_fingerprint = :{kind}" for kind in marks) or "asked_at IS NOT NULL"
    new = " AND ".join(f"{kind}_{_MARKED % kind}" for kind in marks) or "seen_at IS NOT NULL"
    newest = (_NEWEST.format(chosen=_CHOSEN.format(by="", which=each)) for each in (old, new))
    old, new = (_CHOSEN.format(by="", which=each) for each in newest)
    asked = _of_runs(scope, old, new, 1, server, marks)
    return Question(asked.queries, lambda *rows: next((each for each, _ in asked.answer(*rows)), None))


def _of_runs(
    scope: Scope, old: str, new: str, candidates: int, server: bool, values: Mapping[str, object]
) -> Question[list[tuple[StoredFacts, bool]]]:
    """The facts of runs that wrote them down whole (`old`: from where) and of runs that name digests (`new`), the
    newest first, and whether all of them can be read.
    """
    given = {"service": scope.service, "environment": scope.environment, "candidates": candidates, **values}
    bound = [bindparam(name, each, Instant if isinstance(each, datetime) else None) for name, each in given.items()]
    chosen = text(_RUNS.format(old=old, new=new)).columns(sequence=BigInteger, asked_at=Instant)
    entries = text(_ENTRIES.format(new=new, content=_CONTENT[server]))

    def answer(rows: Rows, stored: Rows) -> list[tuple[StoredFacts, bool]]:
        readable = entries_of({row.digest: row.content for row in stored})
        newest = sorted(rows, key=lambda row: -row.sequence)[:candidates]
        return [found for row in newest if (found := _facts(row, readable))]

    return Question((chosen.bindparams(*bound), entries.bindparams(*bound)), answer)


def _facts(row: Row[Any], readable: Mapping[str, Entry]) -> tuple[StoredFacts, bool] | None:
    try:
        if row.facts is not None:
            return StoredFacts(row.run_id, facts_from_json(row.facts, row.asked_at), row.asked_at), True
        found, whole = facts_of_seen(row.origin or "", row.asked_at, row.answers, row.entries or "", readable)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):  # whoever may add rows wrote it
        return None
    return StoredFacts(row.run_id, found, row.asked_at), whole


def run(connection: Connection, run_id: str) -> StoredRun | None:
    """A run by its ID, with its resolutions."""
    (found,) = together(connection, select(runs).where(runs.c.run_id == run_id))
    return _with_resolutions(connection, found)


def _with_resolutions(connection: Connection, found: Rows) -> StoredRun | None:
    """The run, and the rows after it up to the next run's."""
    if not found:
        return None
    row = found[0]
    scope = Scope(row.service, row.environment)
    end = (
        select(func.coalesce(func.min(runs.c.sequence), NO_END))
        .where(within(runs, scope), runs.c.sequence > row.sequence)
        .scalar_subquery()
    )
    after = (resolutions.c.sequence > row.sequence) & (resolutions.c.sequence < end)
    query = select(resolutions).where(within(resolutions, scope), after, resolutions.c.run_id == row.run_id)
    (answers,) = together(connection, query.order_by(resolutions.c.sequence))
    return StoredRun(envelope(row), value(RunRow, row), tuple(value(ResolutionRow, answer) for answer in answers))


def findings_of(connection: Connection, run: StoredRun) -> tuple[FindingRow, ...]:
    """The findings of a run: they stand among the rows after it."""
    first = run.envelope.sequence
    near = findings.c.sequence.between(first, first + _LONGEST_RUN)
    query = select(findings).where(within(findings, run.envelope.scope), near, findings.c.run_id == run.run.run_id)
    return tuple(value(FindingRow, row) for row in connection.execute(query.order_by(findings.c.sequence)))


def run_ids(connection: Connection, scope: Scope, limit: int) -> tuple[str, ...]:
    """The IDs of the newest runs, newest first."""
    query = select(runs.c.run_id).where(within(runs, scope)).order_by(runs.c.sequence.desc()).limit(limit)
    return tuple(connection.execute(query).scalars())


def last_run(connection: Connection, scope: Scope) -> StoredRun | None:
    """The newest run of a whole environment, with its resolutions."""
    whole = newest(runs, scope, runs.c.command.in_(("check", "preflight")))
    (found,) = together(connection, select(runs).where(whole))
    return _with_resolutions(connection, found)


def last_preflight(scope: Scope) -> Question[StoredRun | None]:
    """The newest preflight of a deployment that passed, without its resolutions."""
    passed = newest(runs, scope, runs.c.command == "preflight", runs.c.verdict == "pass")
    query = select(runs).where(passed)
    return Question((query,), lambda rows: StoredRun(envelope(rows[0]), value(RunRow, rows[0])) if rows else None)


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
