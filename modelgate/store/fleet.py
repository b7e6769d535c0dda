"""Reading every scope at once: some statements for each thousand of them, however long their histories are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import groupby
from sys import intern
from typing import Any, TypeVar

from sqlalchemy import Connection, func, select

from modelgate.domain.fleet import Look, ScopeState, Sighting
from modelgate.domain.pins import Pin, fold
from modelgate.domain.rows import HandOver, ResolutionRow, Scope
from modelgate.domain.times import format_instant, parse_instant
from modelgate.store import fleet_rows
from modelgate.store.fleet_rows import Wanted
from modelgate.store.read import entry_of
from modelgate.store.tables import runs

V = TypeVar("V")
VERBS = ("check", "preflight")
"""Runs of deployments; a batch's are of one slot."""
IN_ONE_GO = 1000
"""Scopes, or runs, that are asked about with one statement."""
_LOOK = (
    "recorded_at", "host", "run_id", "command", "verdict", "enforced", "origin", "asked_at", "lock_commit",
)  # fmt: skip


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


class Census:
    """Every scope that ran a check or a preflight since `forgotten`, as all were at the instant of one transaction."""

    def __init__(self, connection: Connection, now: datetime, forgotten: datetime) -> None:
        self._connection = connection
        self._now = now
        self._forgotten = forgotten

    def sightings(self) -> Iterator[Sighting]:
        """What the runs that count recorded of models, each different thing once, with the last time."""
        looks = [look for each in self._present for look in (each.current, each.check) if look]
        wanted = [(*_run(n, look), look.origin, format_instant(look.known_at)) for n, look in enumerate(looks)]
        for part in _parts(wanted):
            for row in fleet_rows.sightings(self._connection, part):
                yield Sighting(*[*row[1:-1], parse_instant(row.known_at)])

    def states(self, names: Collection[str] | None = None, *, judged: bool = False) -> Iterator[ScopeState]:
        """Each scope, by service and environment. With names only those that may have to do with one of them, and of
        these only the slots that may. `judged`: with what a judgement needs.
        """
        for part in _parts(list(enumerate(self._present))):
            yield from self._states(dict(part), names, judged)

    def _states(self, part: dict[int, _Present], names: Collection[str] | None, judged: bool) -> Iterator[ScopeState]:
        told: dict[int, list[ResolutionRow]] = defaultdict(list)
        runs_of_all = [_run(n, each.current) for n, each in part.items()]
        for row in fleet_rows.resolutions(self._connection, runs_of_all, names):
            told[row[0]].append(_resolution(row))
        here = part if names is None else {n: part[n] for n in sorted(told)}
        if not here:
            return
        scopes: Wanted = [_place(n, each) for n, each in here.items()]
        wanted = scopes if names is None else [(*_place(n, part[n]), row.slot) for n in here for row in told[n]]
        pins, handed = self._pins(wanted, judged), self._handed(wanted)
        hosts = {row.n: row.hosts for row in fleet_rows.hosts(self._connection, scopes, self._now - timedelta(days=1))}
        slots = self._slots([_run(n, each.current) for n, each in here.items()])
        for n, each in here.items():
            earlier = self._earlier(told[n], handed[n]) if judged else {}
            recorded = {each.current.run_id: slots[n], **earlier}
            rows = tuple(told[n])
            yield ScopeState(
                each.scope, each.newest, each.current, rows, fold(pins[n]), handed[n], hosts.get(n, 0), recorded
            )

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

    def _pins(self, wanted: Wanted, judged: bool) -> Mapping[int, list[Pin]]:
        found: dict[int, list[Pin]] = defaultdict(list)
        for row in fleet_rows.pins(self._connection, wanted, *(["entry"] if judged else [])):
            found[row.n].append(_pin(row, row.entry if judged else None))
        return found

    def _handed(self, wanted: Wanted) -> Mapping[int, tuple[HandOver, ...]]:
        """Of each slot and ID the newest hand-over, enforced or observed, the newest first."""
        found: dict[int, list[tuple[int, HandOver]]] = defaultdict(list)
        for column in ("handed_off_id", "observed_id"):
            for row in fleet_rows.hand_overs(self._connection, wanted, column):
                found[row[0]].append((-row[1], _hand_over(row, column == "observed_id")))
        sorted_ = {n: sorted(of, key=lambda each: each[0]) for n, of in found.items()}
        return defaultdict(tuple, {n: tuple(each for _, each in of) for n, of in sorted_.items()})

    def _slots(self, wanted: Wanted) -> dict[int, str]:
        return {row.n: row.slots for row in fleet_rows.runs(self._connection, wanted, "slots")}

    def _earlier(self, told: Iterable[ResolutionRow], handed: Iterable[HandOver]) -> dict[str, str]:
        """By run ID, the `slots` of those that handed over to slots which the present run does not have."""
        present = {row.slot for row in told}
        run_ids = {each.run_id for each in handed if each.slot not in present and each.recorded_at >= self._forgotten}
        found: dict[str, str] = {}
        for part in _parts(sorted(run_ids)):
            query = select(runs.c.run_id, runs.c.slots).where(runs.c.run_id.in_(part))
            found |= {row.run_id: row.slots for row in self._connection.execute(query)}
        return found


def _looks(connection: Connection) -> list[Look]:
    """Of each scope, verb and verdict the newest run; of what did not pass also the newest that only observed: after
    that the application started.
    """
    c = runs.c
    kinds = select(c.service, c.environment, func.max(c.sequence)).where(c.command.in_(VERBS))
    ends = kinds.group_by(c.service, c.environment, c.command, c.verdict)
    newest = list(_looks_at(connection, [tuple(row) for row in connection.execute(ends)]))
    stopped = [look for look in newest if look.command == "preflight" and look.enforced and look.verdict != "pass"]
    hidden = [
        (*_place(row.n, stopped[row.n])[1:], row.sequence)
        for part in _parts([(*_run(n, look), look.verdict) for n, look in enumerate(stopped)])
        for row in fleet_rows.observed_before(connection, part)
    ]
    return [*newest, *_looks_at(connection, hidden)]


def _looks_at(connection: Connection, places: Sequence[tuple[Any, ...]]) -> Iterator[Look]:
    for part in _parts([(n, *place, "") for n, place in enumerate(places)]):
        for row in fleet_rows.runs(connection, part, *_LOOK):
            service, environment, sequence = places[row.n]
            yield Look(Scope(intern(service), intern(environment)), sequence, *map(_shared, row[1:]))


def _present(scope: Scope, looks: Iterable[Look]) -> _Present:
    """Which of them count: what was deployed last, else the newest passing check, else the newest of all."""
    ordered = sorted(looks, key=lambda look: -look.sequence)
    passing = next((look for look in ordered if look.command == "check" and look.verdict == "pass"), None)
    current = next((look for look in ordered if look.deployed), None) or passing or ordered[0]
    younger = passing if passing and passing.sequence > current.sequence else None
    return _Present(scope, {look.command: look for look in reversed(ordered)}, current, younger)


def _parts(wanted: Sequence[V]) -> Iterator[Sequence[V]]:
    return (wanted[start : start + IN_ONE_GO] for start in range(0, len(wanted), IN_ONE_GO))


def _place(n: int, of: _Present | Look) -> tuple[object, ...]:
    return (n, of.scope.service, of.scope.environment)


def _run(n: int, look: Look) -> tuple[object, ...]:
    return (*_place(n, look), look.sequence, look.run_id)


def _shared(value: Any) -> Any:
    """A text once: a fleet says the same few of them a hundred thousand times."""
    return intern(value) if type(value) is str else value


def _resolution(row: Any) -> ResolutionRow:
    return ResolutionRow(*map(_shared, row[1:]))


def _pin(row: Any, entry: str | None) -> Pin:
    action, model_id, reference, origin = map(_shared, (row.action, row.model_id, row.reference, row.origin))
    known = entry_of(entry) if entry else None
    return Pin(_shared(row.slot), row.revision, action, model_id, reference, origin, known, row.expires_at, row.revokes)


def _hand_over(row: Any, observed: bool) -> HandOver:
    return HandOver(*[*map(_shared, row[2:]), observed])
