"""rollback: put slots back on an earlier ID and hold them there, at three in the morning."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from modelgate import fingerprint
from modelgate.clock import Deadline
from modelgate.domain.catalogue import Facts
from modelgate.domain.pins import Choice, Pin, SlotPins, choose, fold
from modelgate.domain.settings import Slot
from modelgate.domain.snapshot import Grace
from modelgate.domain.text import printable
from modelgate.domain.times import format_instant, is_young
from modelgate.errors import ApiProblem, CouldNotKnow, Refused, UsageError
from modelgate.operations.change import Change, Changed, approval, row
from modelgate.operations.outlook import outlook, pins_in_force
from modelgate.operations.selection import ask, meaning, need_fit, need_reason, select
from modelgate.store import Store
from modelgate.surroundings import Surroundings

NEVER_RUN_EXPIRES = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Target:
    """Where to: at most one of these; none of them is the ID that the slot handed over before the present one."""

    model_id: str | None = None
    revision: int | None = None
    time: datetime | None = None

    def __post_init__(self) -> None:
        if sum(part is not None for part in (self.model_id, self.revision, self.time)) > 1:
            raise UsageError("--to, --to-revision and --to-time exclude each other", hint="give one of them")


@dataclass(frozen=True, slots=True)
class Terms:
    """On which terms the hold is set."""

    reason: str
    expires_at: datetime | None = None
    never_run: bool = False
    """The target may be an ID that was never pinned or handed over here."""
    unverified: bool = False
    """The API is not asked: it is down, and the incident is now."""


Confirm = Callable[[Changed], bool]


def rollback(
    world: Surroundings,
    names: Collection[str],
    target: Target,
    terms: Terms,
    *,
    everything: bool = False,
    dry_run: bool = False,
    confirm: Confirm = lambda _changed: True,
) -> Changed | None:
    """Holds the slots on their targets, all or none. None: not confirmed.

    Raises Refused, Conflict, CouldNotKnow, UsageError.
    """
    need_reason(terms.reason)
    if everything and target.time is None:
        raise UsageError(
            "--all needs --to-time: each slot has a past of its own", hint="--all --to-time 2026-03-12T14:00"
        )
    if terms.never_run and terms.unverified:
        raise UsageError("an ID that never ran here must be verified live", hint="leave out --unverified")
    slots = select(world, names, everything)
    deadline = world.deadline()
    store = world.store(deadline, read_only=dry_run)
    revisions = store.revisions(world.scope)
    before = fold(revisions)
    asked = {t for t in (target.model_id,) if t}
    facts = None if terms.unverified else _ask(world, before, asked, deadline)
    grace = _grace(world, store) if terms.unverified else (None, None)
    in_force = pins_in_force(world, revisions)
    changes = []
    for slot in slots:
        choice = choose(in_force.get(slot.name, SlotPins(slot.name)), slot.reference, meaning(slot, facts))
        model_id = _target(world, store, slot, choice, target, revisions)
        _need_past(store, world, slot, model_id, revisions, terms)
        if facts:
            need_fit(world, slot, model_id, facts, hold=True)
        pin = _hold(world, slot, model_id, choice, before.get(slot.name, SlotPins(slot.name)), facts, terms)
        changes.append(Change(pin, choice.model_id if choice else None))
    pins = [change.pin for change in changes]
    ahead = outlook(world, (*revisions, *pins), facts or grace[0], grace[1])
    planned = Changed(world.scope, tuple(changes), ahead, notes=_notes(terms, grace))
    if dry_run:
        return planned
    if not confirm(planned):
        return None
    expect = {pin.slot: (pin.revision or 1) - 1 for pin in pins}
    head = store.append(world.scope, world.author, [row(pin) for pin in pins], expect=expect, now=world.clock.now())
    return replace(planned, head=head)


def _ask(world: Surroundings, pins: dict[str, SlotPins], ids: Iterable[str], deadline: Deadline) -> Facts:
    try:
        return ask(world, pins, ids, deadline)
    except ApiProblem as error:
        hint = "in an outage: the same command with --unverified"
        raise CouldNotKnow(error.problem.hinting(hint)) from error


def _target(
    world: Surroundings, store: Store, slot: Slot, choice: Choice | None, target: Target, revisions: Collection[Pin]
) -> str:
    if target.model_id:
        return target.model_id
    if target.revision is not None:
        found = [p for p in revisions if p.slot == slot.name and p.revision == target.revision]
        if not found:
            raise Refused(f"{slot.name} has no revision {target.revision}", hint=f"modelgate history {slot.name}")
        return found[0].model_id
    if target.time is not None:
        ran = {h.slot: h.model_id for h in store.handed_over_at(world.scope, target.time)}
        if slot.name not in ran:
            raise Refused(
                f"nothing had been handed over for {slot.name} at {format_instant(target.time)[:16]}Z",
                hint=f"modelgate history {slot.name}",
            )
        return ran[slot.name]
    if choice and choice.rule == "hold":
        raise UsageError(
            f"{slot.name} is held already: say where to", hint=f"--to ID, see modelgate history {slot.name}"
        )
    earlier = store.previous_hand_over(world.scope, slot.name, choice.model_id if choice else None)
    if earlier is None:
        raise Refused(
            f"{slot.name} has handed over nothing before {choice.model_id if choice else 'now'}",
            hint="name the ID: --to ID, with --never-run if it never ran here",
        )
    return earlier.model_id


def _need_past(
    store: Store, world: Surroundings, slot: Slot, model_id: str, revisions: Collection[Pin], terms: Terms
) -> None:
    """The target must have been pinned or handed over here before, unless the terms allow a new one."""
    pinned = any(p.slot == slot.name and p.model_id == model_id for p in revisions)
    if terms.never_run or pinned or store.was_handed_over(world.scope, slot.name, model_id):
        return
    raise Refused(
        f"{slot.name} never ran {printable(model_id)} in {world.settings.environment}",
        hint=f"see modelgate history {slot.name}; or add --never-run: it is verified and expires in 24 h",
    )


def _hold(
    world: Surroundings,
    slot: Slot,
    model_id: str,
    choice: Choice | None,
    pins: SlotPins,
    facts: Facts | None,
    terms: Terms,
) -> Pin:
    """The next revision. It revokes the pin that the slot leaves; holding in place leaves none."""
    leaves = choice is not None and choice.rule != "hold" and choice.model_id != model_id
    expires_at = terms.expires_at
    if terms.never_run and expires_at is None:
        expires_at = world.clock.now() + NEVER_RUN_EXPIRES
    return approval(
        slot.name,
        pins.revision,
        "rollback",
        model_id,
        slot.reference,
        facts,
        terms.reason.strip(),
        expires_at=expires_at,
        revokes=choice.pin.revision if choice and leaves else None,
    )


def _grace(world: Surroundings, store: Store) -> tuple[Facts | None, Grace | None]:
    """Old facts on which the gate would start while the API cannot be asked."""
    newest = store.facts(world.scope)
    if newest is None:
        return None, None
    mark = fingerprint.for_grace(world.scope, world.settings.slots, newest.facts.origin)
    stored = store.facts(world.scope, grace_fingerprint=mark)
    lasting = timedelta(hours=world.settings.preflight.grace_hours)
    if stored is None or not is_young(stored.asked_at, world.clock.now(), lasting):
        return None, None
    return stored.facts, Grace(stored.asked_at, stored.asked_at + lasting)


def _notes(terms: Terms, grace: tuple[Facts | None, Grace | None]) -> tuple[str, ...]:
    if not terms.unverified:
        return ()
    if grace[1] is None:
        return ("unverified: the gate starts it only once the API can be asked again",)
    until = format_instant(grace[1].until)[:16]
    return (f"unverified: while the API is down the gate starts on what was verified before, until {until}Z",)
