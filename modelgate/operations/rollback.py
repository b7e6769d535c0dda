"""rollback: put slots back on an earlier ID and hold them there, at three in the morning."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from modelgate import fingerprint
from modelgate.clock import Deadline
from modelgate.domain.catalogue import Facts
from modelgate.domain.pins import Choice, Pin, SlotPins
from modelgate.domain.settings import Slot
from modelgate.domain.snapshot import Grace
from modelgate.domain.text import printable
from modelgate.domain.times import format_instant, is_young
from modelgate.errors import ApiProblem, CouldNotKnow, Refused, UsageError
from modelgate.operations.change import Change, Changed, approval, row
from modelgate.operations.outlook import outlook, pins_in_force
from modelgate.operations.selection import ask, need_fit, need_reason, select
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
    _need_sense(world, target, terms, everything)
    slots = select(world, names, everything)
    deadline = world.deadline()
    store = world.store(deadline, read_only=dry_run)
    revisions = store.revisions(world.scope)
    facts = None if terms.unverified else _ask(world, pins_in_force(world, revisions), target, deadline)
    grace = _grace(world, store) if terms.unverified else (None, None)
    running = {view.slot.name: view.choice for view in outlook(world, revisions, facts).views}
    past = _Past(world, store, revisions)
    changes = [_change(past, slot, running[slot.name], target, terms, facts) for slot in slots]
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


def _need_sense(world: Surroundings, target: Target, terms: Terms, everything: bool) -> None:
    need_reason(terms.reason)
    if everything and target.time is None:
        raise UsageError(
            "--all needs --to-time: each slot has a past of its own", hint="--all --to-time 2026-03-12T14:00"
        )
    if terms.never_run and terms.unverified:
        raise UsageError("an ID that never ran here must be verified live", hint="leave out --unverified")
    if terms.expires_at and terms.expires_at <= world.clock.now():
        raise UsageError(f"--expires {format_instant(terms.expires_at)[:16]}Z has passed", hint="--expires 24h")


@dataclass(frozen=True, slots=True)
class _Past:
    """What the scope has been through."""

    world: Surroundings
    store: Store
    revisions: tuple[Pin, ...]

    def of(self, slot: Slot) -> tuple[Pin, ...]:
        """The slot's revisions, oldest first."""
        return tuple(pin for pin in self.revisions if pin.slot == slot.name)


def _change(
    past: _Past, slot: Slot, running: Choice | None, target: Target, terms: Terms, facts: Facts | None
) -> Change:
    model_id = _target(past, slot, running, target)
    if not terms.never_run:
        _need_past(past, slot, model_id, running)
    if facts:
        need_fit(past.world, slot, model_id, facts, hold=True)
    return Change(_hold(past, slot, model_id, running, facts, terms), running.model_id if running else None)


def _ask(world: Surroundings, pins: Mapping[str, SlotPins], target: Target, deadline: Deadline) -> Facts:
    try:
        return ask(world, pins, [target.model_id] if target.model_id else [], deadline)
    except ApiProblem as error:
        hint = "in an outage: the same command with --unverified"
        raise CouldNotKnow(error.problem.hinting(hint)) from error


def _target(past: _Past, slot: Slot, running: Choice | None, target: Target) -> str:
    hint, scope = f"modelgate history {slot.name}", past.world.scope
    if target.model_id:
        return target.model_id
    if target.revision is not None:
        found = [pin for pin in past.of(slot) if pin.revision == target.revision]
        if not found:
            raise Refused(f"{slot.name} has no revision {target.revision}", hint=hint)
        return found[0].model_id
    if target.time is not None:
        ran = {h.slot: h.model_id for h in past.store.handed_over_at(scope, target.time)}
        if slot.name not in ran:
            then = format_instant(target.time)[:16]
            raise Refused(f"nothing had been handed over for {slot.name} at {then}Z", hint=hint)
        return ran[slot.name]
    if running and running.rule == "hold":
        raise UsageError(f"{slot.name} is held already: say where to", hint=f"--to ID, see {hint}")
    earlier = past.store.previous_hand_over(scope, slot.name, running.model_id if running else None)
    if earlier is None:
        raise Refused(
            f"{slot.name} has handed over nothing before {running.model_id if running else 'now'}",
            hint="name the ID: --to ID, with --never-run if it never ran here",
        )
    return earlier.model_id


def _need_past(past: _Past, slot: Slot, model_id: str, running: Choice | None) -> None:
    """The target must have been pinned or handed over here before; a pin of the lock is one that runs now."""
    pinned = {pin.model_id for pin in past.of(slot)} | ({running.model_id} if running else set())
    if model_id in pinned or past.store.was_handed_over(past.world.scope, slot.name, model_id):
        return
    raise Refused(
        f"{slot.name} never ran {printable(model_id)} in {past.world.settings.environment}",
        hint=f"see modelgate history {slot.name}; or add --never-run: it is verified and expires in 24 h",
    )


def _hold(past: _Past, slot: Slot, model_id: str, running: Choice | None, facts: Facts | None, terms: Terms) -> Pin:
    """The next revision. It revokes the pin that the slot leaves; holding in place leaves none."""
    leaves = running is not None and running.rule != "hold" and running.model_id != model_id
    expires_at = terms.expires_at
    if terms.never_run and expires_at is None:
        expires_at = past.world.clock.now() + NEVER_RUN_EXPIRES
    return approval(
        slot.name,
        max((pin.revision or 0 for pin in past.of(slot)), default=0),
        "rollback",
        model_id,
        slot.reference,
        facts,
        terms.reason.strip(),
        expires_at=expires_at,
        revokes=running.pin.revision if running and leaves else None,
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
