"""The fleet: every slot of every service and environment, as the audit store tells of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from modelgate.domain.pins import SlotPins, choose
from modelgate.domain.rows import HandOver, ResolutionRow, Scope
from modelgate.domain.times import days_left

SCHEMA = "modelgate.fleet/1"

IN_LOCK = '"pins_from":"lock"'
"""As it stands in a run's canonical JSON."""

Mark = Literal["retired", "refused", "unknown", "due", "held", "silent", "ok"]
MARKS: tuple[Mark, ...] = ("retired", "refused", "unknown", "due", "held", "silent", "ok")
"""What is to be said first of a slot, the worst first."""


@dataclass(frozen=True, slots=True)
class Look:
    """A recorded run, without its facts and its rows."""

    scope: Scope
    sequence: int
    recorded_at: datetime
    host: str
    run_id: str
    command: str
    verdict: str
    enforced: bool
    origin: str | None
    asked_at: datetime | None
    """When the API was asked; None where it was not, or where other facts stood in."""
    lock_commit: str | None
    """Of the checkout, where pins live in git and it is known."""

    @property
    def known_at(self) -> datetime:
        """When it knew what it recorded."""
        return self.asked_at or self.recorded_at

    @property
    def deployed(self) -> bool:
        """Whether it is a preflight after which the application started: it passed, or it only observed."""
        return self.command == "preflight" and (self.verdict == "pass" or not self.enforced)


@dataclass(frozen=True, slots=True)
class ScopeState:
    """One service in one environment, as its rows tell."""

    scope: Scope
    newest: Mapping[str, Look]
    """By verb, its newest run."""
    current: Look
    """The run that says what is deployed: `deployed`, else the newest passing check, else the newest of all."""
    resolutions: tuple[ResolutionRow, ...]
    """Of `current`: of all its slots, or of those that were asked for."""
    pins: Mapping[str, SlotPins]
    handed: tuple[HandOver, ...]
    """Of each slot and ID the newest hand-over, the newest first."""
    hosts: int
    """On how many hosts or pods a preflight let the application start within the last 24 hours."""
    in_lock: bool
    """Whether `current` recorded that it took its pins from the lock."""
    recorded: Mapping[str, str]
    """For a judgement JSON by run ID, per slot its reference, source, requirements and what was handed over: of
    `current`, and of the runs that handed over to slots which that does not have.
    """

    @property
    def pins_in_git(self) -> bool:
        """Whether the run's own rows say what may run. An older gate told it by the commit alone, if it knew one."""
        return self.current.lock_commit is not None or self.in_lock


@dataclass(frozen=True, slots=True)
class Sighting:
    """What runs of one origin recorded of one model, and when the last of them knew it."""

    origin: str | None
    handed_off_id: str | None
    pinned_id: str | None
    resolved_id: str | None
    lifecycle: str
    retires_at: datetime | None
    known_at: datetime

    @property
    def model_id(self) -> str | None:
        """The ID that was judged."""
        return self.handed_off_id or self.pinned_id or self.resolved_id


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What was last recorded of one model at one origin."""

    lifecycle: str | None
    retires_at: datetime | None
    known_at: datetime


Models = Mapping[tuple[str | None, str], ModelFacts]
"""By API origin and ID."""


@dataclass(frozen=True, slots=True)
class FleetSlot:
    """One slot of one service in one environment."""

    scope: Scope
    slot: str
    reference: str
    resolved: str | None
    may_run: str | None
    held: bool
    held_until: datetime | None
    handed: tuple[HandOver, ...]
    """Each ID that it was ever handed, by its newest hand-over, the newest first."""
    hosts: int
    enforced: bool
    facts: ModelFacts | None
    """Of the ID that it runs: handed over, else may run, else what the reference means."""
    verdicts: Mapping[str, Look]
    mark: Mark
    days_left: int | None

    @property
    def model(self) -> str | None:
        """The ID that it runs, as far as is known."""
        return self.handed[0].model_id if self.handed else self.may_run or self.resolved

    @property
    def left(self) -> str:
        """The days left as they are shown: `-` where no date is set, `?` where nothing is known of what it runs."""
        if self.days_left is not None:
            return str(self.days_left)
        return "?" if self.model and self.facts is None else "-"

    def handed_at(self, model_id: str) -> datetime | None:
        """When it was last handed this ID."""
        return next((each.recorded_at for each in self.handed if each.model_id == model_id), None)

    def concerns(self, model_id: str) -> bool:
        """Whether it may run the ID, was handed it, or asks for it."""
        names = (self.may_run, self.reference, self.resolved)
        return model_id in names or self.handed_at(model_id) is not None


@dataclass(frozen=True, slots=True)
class Fleet:
    """All slots, by service, environment and slot."""

    seen_at: datetime
    slots: tuple[FleetSlot, ...]

    def of_model(self, model_id: str) -> Fleet:
        """The slots that have to do with this ID."""
        return Fleet(self.seen_at, tuple(slot for slot in self.slots if slot.concerns(model_id)))

    def due(self, days: int) -> Fleet:
        """The slots whose model retires within so many days, or has, the most urgent first."""
        found = [slot for slot in self.slots if slot.days_left is not None and slot.days_left <= days]
        return Fleet(self.seen_at, tuple(sorted(found, key=lambda slot: slot.days_left or 0)))


def fleet_of(
    states: Iterable[ScopeState], models: Models, now: datetime, *, due: int, quiet: timedelta
) -> Iterator[FleetSlot]:
    """The slots as of `now`, in the order of the states. One is `due` within so many days of its model's retirement,
    `silent` after `quiet` without a preflight that let the application start.
    """
    for state in states:
        handed: dict[str, list[HandOver]] = {}
        for each in state.handed:
            handed.setdefault(each.slot, []).append(each)
        for row in state.resolutions:
            yield _slot(state, row, tuple(handed.get(row.slot, ())), models, (now, due, quiet))


def model_facts(sightings: Iterable[Sighting]) -> Models:
    """The newest of what runs recorded of each model; of two that are as new the worse."""
    found: dict[tuple[str | None, str], ModelFacts] = {}
    for each in sightings:
        if each.model_id is None:
            continue
        key, facts = (each.origin, each.model_id), ModelFacts(each.lifecycle, each.retires_at, each.known_at)
        if key not in found or _age(found[key]) < _age(facts):
            found[key] = facts
    return found


def _age(facts: ModelFacts) -> tuple[datetime, bool, timedelta, str]:
    date = facts.retires_at
    return facts.known_at, date is not None, facts.known_at - (date or facts.known_at), facts.lifecycle or ""


def retiring(models: Models, now: datetime, days: int) -> set[str]:
    """The IDs that retire within so many days, or have, by anybody's facts: what else runs is not due."""
    dated = ((model_id, facts.retires_at) for (_, model_id), facts in models.items())
    return {model_id for model_id, date in dated if date and days_left(date, now) <= days}


def _slot(
    state: ScopeState,
    row: ResolutionRow,
    handed: tuple[HandOver, ...],
    models: Models,
    when: tuple[datetime, int, timedelta],
) -> FleetSlot:
    now, due, quiet = when
    pins = state.pins.get(row.slot, SlotPins(row.slot))
    choice = choose(pins, row.reference, row.resolved_id)
    locked = row.pinned_id if state.pins_in_git and not (pins.hold or row.held) else None
    may_run = locked or (choice.model_id if choice else None)
    runs = (handed[0].model_id if handed else None) or may_run or row.resolved_id
    facts = models.get((state.current.origin, runs)) if runs else None
    left = days_left(facts.retires_at, now) if facts and facts.retires_at else None
    return FleetSlot(
        scope=state.scope,
        slot=row.slot,
        reference=row.reference,
        resolved=row.resolved_id,
        may_run=may_run,
        held=pins.hold is not None,
        held_until=pins.hold.expires_at if pins.hold else None,
        handed=handed,
        hosts=state.hosts,
        enforced=state.current.enforced,
        facts=facts,
        verdicts=state.newest,
        mark=_mark(state, pins, facts, left, (now, due, quiet)),
        days_left=left,
    )


def _mark(
    state: ScopeState,
    pins: SlotPins,
    facts: ModelFacts | None,
    left: int | None,
    when: tuple[datetime, int, timedelta],
) -> Mark:
    now, due, quiet = when
    last = max(state.newest.values(), key=lambda look: look.sequence)
    deployed = state.current.deployed
    if facts and facts.lifecycle == "retired":
        return "retired"
    if last.verdict in ("refuse", "unknown"):
        return "refused" if last.verdict == "refuse" else "unknown"
    if left is not None and left <= due:
        return "due"
    if pins.hold:
        return "held"
    return "silent" if not deployed or now - state.current.recorded_at > quiet else "ok"
