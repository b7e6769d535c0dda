"""Reading every scope at once: a fixed number of statements, however many services there are."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, distinct, func, select, text

from modelgate.domain.fleet import Look, ScopeState
from modelgate.domain.history import StoredRun
from modelgate.domain.pins import Pin, SlotPins, fold
from modelgate.domain.rows import FindingRow, HandOver, ResolutionRow, Scope
from modelgate.store.handovers import hand_over
from modelgate.store.places import within
from modelgate.store.read import pin_of, value
from modelgate.store.tables import findings, pins, resolutions, runs

V = TypeVar("V", Pin, HandOver, ResolutionRow)
VERBS = ("check", "preflight")
"""Runs of deployments; a batch's are of one slot."""
IN_ONE_GO = 1000
"""Runs whose resolutions are fetched with one statement."""
IN_PARTS = {"yield_per": 1000}
"""Rows that are held at a time of a statement that reads a whole table."""
_LONGEST_RUN = 10_000
_RESOLUTIONS = """
WITH wanted(service, environment, first, last, run_id) AS (VALUES {places})
SELECT r.* FROM wanted JOIN resolutions AS r
  ON r.service = wanted.service AND r.environment = wanted.environment
 AND r.sequence > wanted.first AND r.sequence <= wanted.last AND r.run_id = wanted.run_id
ORDER BY r.service, r.environment, r.sequence
"""


def states(connection: Connection, now: datetime, forgotten: datetime) -> tuple[ScopeState, ...]:
    """Every scope that ran a check or a preflight since `forgotten`, read at one instant."""
    looks: dict[Scope, list[Look]] = defaultdict(list)
    for look in _looks(connection):
        looks[look.scope].append(look)
    recent = {
        scope: _current(found) for scope, found in looks.items() if max(look.recorded_at for look in found) >= forgotten
    }
    told = _resolutions(connection, [look for run in recent.values() for look in run.values()])
    held, handed, hosts = _pins(connection), _handed(connection), _hosts(connection, now - timedelta(days=1))
    others = {
        scope: _others(chosen["current"], told, handed.get(scope, ()), forgotten) for scope, chosen in recent.items()
    }
    slots = _slots(connection, [run_id for run_ids in others.values() for run_id in run_ids])
    return tuple(
        ScopeState(
            scope,
            _newest(looks[scope]),
            chosen["current"],
            {look.run_id: told.get(look.run_id, ()) for look in chosen.values()},
            held.get(scope, {}),
            tuple(sorted(handed.get(scope, ()), key=lambda each: each.recorded_at, reverse=True)),
            hosts.get(scope, 0),
            {run_id: slots[run_id] for run_id in others[scope] if run_id in slots},
        )
        for scope, chosen in recent.items()
    )


def _others(
    current: Look,
    told: Mapping[str, Sequence[ResolutionRow]],
    handed: Iterable[HandOver],
    forgotten: datetime,
) -> set[str]:
    """The runs that handed over to slots which the present one does not have."""
    present = {row.slot for row in told.get(current.run_id, ())}
    return {each.run_id for each in handed if each.slot not in present and each.recorded_at >= forgotten}


def _slots(connection: Connection, run_ids: Sequence[str]) -> dict[str, str]:
    """By run ID, its `slots`."""
    found: dict[str, str] = {}
    for start in range(0, len(run_ids), IN_ONE_GO):
        wanted = runs.c.run_id.in_(run_ids[start : start + IN_ONE_GO])
        found |= {
            row.run_id: row.slots for row in connection.execute(select(runs.c.run_id, runs.c.slots).where(wanted))
        }
    return found


def findings_of(connection: Connection, run: StoredRun) -> tuple[FindingRow, ...]:
    """The findings of a run: they stand among the rows after it."""
    first = run.envelope.sequence
    near = findings.c.sequence.between(first, first + _LONGEST_RUN)
    query = select(findings).where(within(findings, run.envelope.scope), near, findings.c.run_id == run.run.run_id)
    return tuple(value(FindingRow, row) for row in connection.execute(query.order_by(findings.c.sequence)))


def _looks(connection: Connection) -> Iterator[Look]:
    """Of each scope, verb and verdict the newest run."""
    c = runs.c
    place = (c.service, c.environment)
    ends = (
        select(*place, func.max(c.sequence).label("sequence"))
        .where(c.command.in_(VERBS))
        .group_by(*place, c.command, c.verdict)
        .subquery()
    )
    columns = (
        *place, c.sequence, c.recorded_at, c.host, c.run_id, c.command, c.verdict, c.enforced, c.slots, c.origin,
        func.coalesce(c.asked_at, c.seen_at), c.reused_from, c.unverified, c.lock_commit,
    )  # fmt: skip
    same = (c.service == ends.c.service) & (c.environment == ends.c.environment) & (c.sequence == ends.c.sequence)
    for row in connection.execute(select(*columns).join(ends, same)):
        yield Look(Scope(row[0], row[1]), *tuple(row)[2:])


def _newest(looks: Iterable[Look]) -> dict[str, Look]:
    """By verb, its newest run."""
    return {look.command: look for look in sorted(looks, key=lambda look: look.sequence)}


def _current(looks: Sequence[Look]) -> dict[str, Look]:
    """The run that says what is deployed, and the newest passing check if that is younger: its facts are newer."""
    ordered = sorted(looks, key=lambda look: -look.sequence)
    passing = next((look for look in ordered if look.command == "check" and look.verdict == "pass"), None)
    current = next((look for look in ordered if look.deployed), None) or passing or ordered[0]
    younger = passing is not None and passing.sequence > current.sequence
    return {"current": current, **({"check": passing} if younger and passing else {})}


def _resolutions(connection: Connection, wanted: Sequence[Look]) -> dict[str, tuple[ResolutionRow, ...]]:
    """By run ID, its resolutions: they stand right after the run, one for each slot."""
    found: dict[str, list[ResolutionRow]] = defaultdict(list)
    for start in range(0, len(wanted), IN_ONE_GO):
        part = wanted[start : start + IN_ONE_GO]
        values: dict[str, object] = {}
        places = []
        for n, look in enumerate(part):
            places.append(f"(:s{n}, :e{n}, CAST(:f{n} AS BIGINT), CAST(:l{n} AS BIGINT), :r{n})")
            end = look.sequence + _slots_of(look)
            values |= {f"s{n}": look.scope.service, f"e{n}": look.scope.environment}
            values |= {f"f{n}": look.sequence, f"l{n}": end, f"r{n}": look.run_id}
        query = text(_RESOLUTIONS.format(places=", ".join(places))).columns(*resolutions.c)
        for row in connection.execute(query, values):
            found[row.run_id].append(_shared(_resolution(row)))
    return {run_id: tuple(rows) for run_id, rows in found.items()}


def _slots_of(look: Look) -> int:
    try:
        return len(json.loads(look.slots)) or _LONGEST_RUN
    except (ValueError, TypeError, RecursionError):  # whoever may add rows wrote it
        return _LONGEST_RUN


def _resolution(row: Row[Any]) -> ResolutionRow:
    return ResolutionRow(
        row.run_id, row.slot, row.reference, row.outcome, row.resolved_id, row.pinned_id, row.handed_off_id,
        row.revision, bool(row.held), row.lifecycle, row.retires_at, row.observed_id,
    )  # fmt: skip


def _pins(connection: Connection) -> dict[Scope, dict[str, SlotPins]]:
    found: dict[Scope, list[Pin]] = defaultdict(list)
    query = select(pins).order_by(pins.c.service, pins.c.environment, pins.c.sequence)
    for row in connection.execute(query, execution_options=IN_PARTS):
        found[Scope(row.service, row.environment)].append(_shared(pin_of(row)))
    return {scope: fold(revisions) for scope, revisions in found.items()}


def _handed(connection: Connection) -> dict[Scope, list[HandOver]]:
    """Of each slot and ID the newest hand-over, enforced or observed."""
    c = resolutions.c
    place = (c.service, c.environment)
    found: dict[Scope, list[HandOver]] = defaultdict(list)
    for model_id in (c.handed_off_id, c.observed_id):
        ends = (
            select(*place, func.max(c.sequence).label("sequence"))
            .where(model_id.is_not(None))
            .group_by(*place, c.slot, model_id)
            .subquery()
        )
        same = (c.service == ends.c.service) & (c.environment == ends.c.environment) & (c.sequence == ends.c.sequence)
        columns = (
            *place, c.slot, model_id.label("handed_off_id"), c.reference, c.recorded_at, c.run_id, c.host, c.actor,
            c.version, c.revision, c.held,
        )  # fmt: skip
        for row in connection.execute(select(*columns).join(ends, same), execution_options=IN_PARTS):
            it = replace(hand_over(row), observed=model_id is c.observed_id)  # type: ignore[arg-type]  # a row is a row
            found[Scope(row.service, row.environment)].append(_shared(it))
    return found


def _shared(value: V) -> V:
    """The value with its texts interned: a fleet says the same few of them a hundred thousand times."""
    for field in fields(value):
        text = getattr(value, field.name)
        if type(text) is str:
            object.__setattr__(value, field.name, sys.intern(text))
    return value


def _hosts(connection: Connection, since: datetime) -> dict[Scope, int]:
    c = runs.c
    started = (c.command == "preflight") & ((c.verdict == "pass") | c.enforced.is_(False))
    query = (
        select(c.service, c.environment, func.count(distinct(c.host)))
        .where(started, c.recorded_at >= since)
        .group_by(c.service, c.environment)
    )
    return {Scope(row[0], row[1]): row[2] for row in connection.execute(query)}
