"""Reading every scope at once: some statements for each thousand of them, however long their histories are."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import chain, groupby
from operator import attrgetter
from sys import intern
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection, Row, TextualSelect, select

from modelgate.domain.fleet import Look, ScopeState, Sighting
from modelgate.domain.pins import Pin, fold
from modelgate.domain.rows import HandOver, ResolutionRow, Scope
from modelgate.domain.times import format_instant, parse_instant
from modelgate.store import fleet_rows
from modelgate.store.read import entry_of
from modelgate.store.tables import runs
from modelgate.store.together import Rows, in_turn, together

V = TypeVar("V")
_n = attrgetter("n")
_NOT_PRESENT = -1
"""The number of a run that counts, but does not say what is deployed."""
IN_ONE_GO = 1000
"""Scopes, or runs, that are asked about with one statement."""


@dataclass(frozen=True, slots=True)
class _Present:
    """The runs of a scope that count."""

    scope: Scope
    newest: Mapping[str, Look]
    """By verb."""
    current: Look
    """What is deployed."""
    check: Look | None
    """The newest passing check if that is younger: its facts are newer."""


class _Read(NamedTuple):
    """Rows about some scopes."""

    scopes: Sequence[int]
    """The numbers that the rows have as `n`."""
    resolutions: Rows
    pins: Rows
    handed: Rows
    current: Rows
    """Of the runs that say what is deployed."""


class _Slot(NamedTuple):
    """A slot, and the place of the row that its scope's present run recorded of it."""

    n: int
    sequence: int
    slot: str


class Census:
    """Every scope that ran a check or a preflight since `forgotten`, as all were at the instant of one transaction."""

    def __init__(self, connection: Connection, now: datetime, forgotten: datetime) -> None:
        self._connection, self._dialect = connection, connection.dialect.name
        self._now = now
        self._forgotten = forgotten

    def sightings(self) -> Iterator[Sighting]:
        """What the runs that count recorded of models, each different thing once, with the last time."""
        return (_sighting(row) for row in self._seen if row.lifecycle)

    def states(self, names: Collection[str] | None = None, *, judged: bool = False) -> Iterator[ScopeState]:
        """Each scope, by service and environment. With names only those that may have to do with one of them, and of
        these only the slots that may. `judged`: with what a judgement needs.
        """
        parts: list[tuple[Sequence[int], Sequence[_Slot] | None]]
        if names is None:
            parts = [(scopes, None) for scopes in _parts(range(len(self._present)))]
        else:
            found = ([*chain.from_iterable(part)] for part in _parts(self._about(names)))
            parts = [([n for n, _ in groupby(slots, _n)], slots) for slots in found]
        asked = (self._queries(scopes, slots, judged) for scopes, slots in parts)
        for (scopes, _), rows in zip(parts, in_turn(self._connection, asked), strict=True):
            yield from self._states(_Read(scopes, *rows), judged)

    def _queries(self, scopes: Sequence[int], slots: Sequence[_Slot] | None, judged: bool) -> list[TextualSelect]:
        """What is asked about scopes, or about some slots of them, as `_Read` has it."""
        runs_of = [_run(n, self._present[n].current) for n in scopes]
        if slots is None:
            resolutions = fleet_rows.resolutions(self._dialect, runs_of)
            wanted = [self._place(n) for n in scopes]
        else:
            rows = [(*self._place(each.n), each.sequence) for each in slots]
            resolutions = fleet_rows.resolutions_at(self._dialect, rows)
            wanted = [(*self._place(each.n), each.slot) for each in slots]
        return [
            resolutions,
            fleet_rows.pins(self._dialect, wanted, entries=judged),
            fleet_rows.hand_overs(self._dialect, wanted),
            fleet_rows.current(self._dialect, runs_of, self._now - timedelta(days=1), slots=judged),
        ]

    def _about(self, names: Collection[str]) -> list[list[_Slot]]:
        """Of each scope the slots that say one of the names now, or were ever approved for it or handed it: no others
        have to do with one. Whether they have, `domain.fleet` decides.
        """
        said = (row.places for row in self._seen if {row.reference, row.resolved_id, row.pinned_id} & set(names))
        found = {_Slot(*place) for each in said for place in json.loads(f"[{each}]") if place[0] != _NOT_PRESENT}
        known = {(each.n, each.slot) for each in found}
        numbers = {each.scope: n for n, each in enumerate(self._present)}
        ever = together(self._connection, fleet_rows.ever(self._dialect, names))[0]
        others = {(numbers.get(Scope(row.service, row.environment)), row.slot) for row in ever} - known
        wanted = [(*_run(n, self._present[n].current), slot) for n, slot in others if n is not None]
        found |= {_Slot(row.n, row.sequence, row.slot) for row in self._asked(fleet_rows.places, wanted)}
        return [list(of) for _, of in groupby(sorted(found), _n)]

    @cached_property
    def _seen(self) -> list[Row[Any]]:
        """As `fleet_rows.sightings`, of the runs that count."""
        looks = [(n, each.current) for n, each in enumerate(self._present)]
        looks += [(_NOT_PRESENT, each.check) for each in self._present if each.check]
        wanted = [(*_run(n, look), look.origin, format_instant(look.known_at)) for n, look in looks]
        return self._asked(fleet_rows.sightings, wanted)

    def _asked(
        self, ask: Callable[[str, fleet_rows.Wanted], TextualSelect], wanted: fleet_rows.Wanted
    ) -> list[Row[Any]]:
        asked = ([ask(self._dialect, part)] for part in _parts(wanted))
        return [row for (rows,) in in_turn(self._connection, asked) for row in rows] if wanted else []

    @cached_property
    def _present(self) -> list[_Present]:
        """By service and environment."""
        looks = sorted(_looks(self._connection), key=lambda look: (look.scope.service, look.scope.environment))
        found = {scope: list(of) for scope, of in groupby(looks, lambda look: look.scope)}
        return [
            _present(scope, of)
            for scope, of in found.items()
            if max(each.recorded_at for each in of) >= self._forgotten
        ]

    def _states(self, read: _Read, judged: bool) -> Iterator[ScopeState]:
        earlier = self._earlier(read.resolutions, read.handed) if judged else {}
        told = {n: tuple(map(_resolution, of)) for n, of in groupby(read.resolutions, _n)}
        pins = {n: fold([*map(_pin, of)]) for n, of in groupby(read.pins, _n)}
        handed = {n: tuple(map(_hand_over, of)) for n, of in groupby(read.handed, _n)}
        of_runs = {row.n: row for row in read.current}
        for n in read.scopes:
            each, run = self._present[n], of_runs[n]
            of_gone = {one.run_id: earlier[one.run_id] for one in handed.get(n, ()) if one.run_id in earlier}
            recorded = {each.current.run_id: run.slots, **of_gone} if judged else {}
            state = (each.scope, each.newest, each.current, told.get(n, ()), pins.get(n, {}), handed.get(n, ()))
            yield ScopeState(*state, run.hosts, run.in_lock, recorded)

    def _place(self, n: int) -> tuple[object, ...]:
        scope = self._present[n].scope
        return (n, scope.service, scope.environment)

    def _earlier(self, found: Rows, handed: Iterable[Any]) -> dict[str, str]:
        """By run ID, the `slots` of those that handed over to slots which the present run does not have."""
        present = {(row.n, row.slot) for row in found}
        gone = (row for row in handed if (row.n, row.slot) not in present and row.recorded_at >= self._forgotten)
        slots: dict[str, str] = {}
        for part in _parts(sorted({row.run_id for row in gone})):
            query = select(runs.c.run_id, runs.c.slots).where(runs.c.run_id.in_(part))
            slots |= {row.run_id: row.slots for row in together(self._connection, query)[0]}
        return slots


def _looks(connection: Connection) -> list[Look]:
    """Of each scope, verb and verdict the newest run; of what did not pass also the newest that only observed: after
    that the application started.
    """
    dialect = connection.dialect.name
    newest = [*map(_look, together(connection, fleet_rows.newest(dialect))[0])]
    stopped = [look for look in newest if look.command == "preflight" and look.enforced and look.verdict != "pass"]
    hidden = [
        _look(row)
        for part in _parts([(*_run(n, look), look.verdict) for n, look in enumerate(stopped)])
        for row in together(connection, fleet_rows.observed_before(dialect, part))[0]
    ]
    return [*newest, *hidden]


def _present(scope: Scope, looks: Iterable[Look]) -> _Present:
    """Which of them count: what was deployed last, else the newest passing check, else the newest of all."""
    ordered = sorted(looks, key=lambda look: -look.sequence)
    passing = next((look for look in ordered if look.command == "check" and look.verdict == "pass"), None)
    current = next((look for look in ordered if look.deployed), None) or passing or ordered[0]
    younger = passing if passing and passing.sequence > current.sequence else None
    return _Present(scope, {look.command: look for look in reversed(ordered)}, current, younger)


def _parts(wanted: Sequence[V]) -> Iterator[Sequence[V]]:
    return (wanted[start : start + IN_ONE_GO] for start in range(0, len(wanted), IN_ONE_GO))


def _run(n: int, look: Look) -> tuple[object, ...]:
    return (n, look.scope.service, look.scope.environment, look.sequence, look.run_id)


def _shared(values: Iterable[Any]) -> list[Any]:
    """Each text once: a fleet says the same few of them a hundred thousand times."""
    return [intern(value) if type(value) is str else value for value in values]


def _sighting(row: Any) -> Sighting:
    return Sighting(*[*row[:6], parse_instant(row.known_at)])


def _resolution(row: Any) -> ResolutionRow:
    return ResolutionRow(*_shared(row[1:]))


def _pin(row: Any) -> Pin:
    _, slot, revision, action, model_id, reference, expires_at, revokes, origin, entry = _shared(row)
    known = entry_of(entry) if entry else None
    return Pin(slot, revision, action, model_id, reference, origin, known, expires_at, revokes)


def _hand_over(row: Any) -> HandOver:
    return HandOver(*_shared(row[2:]))


def _look(row: Any) -> Look:
    service, environment, sequence, *more = _shared(row)
    return Look(Scope(service, environment), sequence, *more)
