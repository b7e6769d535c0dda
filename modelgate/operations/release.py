"""release: end a hold, either keeping the held ID as the pin or accepting what the reference resolves to."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from modelgate.domain.catalogue import Facts
from modelgate.domain.pins import SlotPins, fold
from modelgate.domain.settings import Slot
from modelgate.domain.source import DEFAULT
from modelgate.domain.text import printable
from modelgate.errors import Refused, UsageError
from modelgate.operations.change import Change, Changed, approval, row
from modelgate.operations.outlook import outlook, pins_in_force
from modelgate.operations.selection import ask, need_fit, need_reason, resolved, select
from modelgate.surroundings import Surroundings

How = Literal["keep", "accept"]


def release(
    world: Surroundings,
    names: Collection[str],
    how: How,
    *,
    everything: bool = False,
    reason: str,
) -> Changed:
    """Ends the holds of the slots, all or none. Raises Refused, Conflict, CouldNotKnow, UsageError."""
    reason = need_reason(reason)
    deadline = world.deadline()
    store = world.store(deadline)
    revisions = store.revisions(world.scope)
    state = fold(revisions)
    held = [slot for slot in _slots(world, state, names, everything) if state[slot.name].hold]
    if not held:
        raise Refused("none of these slots is held", hint=f"modelgate status -e {world.settings.environment}")
    in_force = pins_in_force(world, revisions)
    facts = ask(world, in_force, (), deadline)
    changes = [_change(world, slot, state[slot.name], in_force.get(slot.name), how, facts, reason) for slot in held]
    pins = [change.pin for change in changes]
    expect = {slot.name: state[slot.name].revision for slot in held}
    head = store.append(world.scope, world.author, [row(pin) for pin in pins], expect=expect, now=world.clock.now())
    return Changed(world.scope, tuple(changes), outlook(world, (*revisions, *pins), facts), head)


def _change(
    world: Surroundings, slot: Slot, pins: SlotPins, in_force: SlotPins | None, how: How, facts: Facts, reason: str
) -> Change:
    assert pins.hold is not None  # noqa: S101 # selected as held
    model_id = pins.hold.model_id
    if slot in world.settings.slots:
        model_id = model_id if how == "keep" else resolved(slot, facts)
        need_fit(world, slot, model_id, facts, hold=False)
        _need_locked(world, slot, model_id, in_force)
    elif how == "accept":
        raise UsageError(
            f"{slot.name} is no longer in the settings: it asks for nothing", hint="release it with --keep"
        )
    pin = approval(slot.name, pins.revision, "release", model_id, slot.reference, facts, reason)
    return Change(pin, pins.hold.model_id)


def _need_locked(world: Surroundings, slot: Slot, model_id: str, in_force: SlotPins | None) -> None:
    """Where approvals live in git a slot runs what the lock says, once its hold is over: that must be what is meant."""
    newest = in_force.newest if in_force else None
    if world.settings.preflight.pins_from == "lock" and (newest is None or newest.model_id != model_id):
        says = printable(newest.model_id) if newest else "nothing"
        hint = (
            f"set model to {printable(model_id)}, then modelgate lock -e {world.settings.environment}, and deploy that"
        )
        raise Refused(f"{slot.name}: the lock says {says}, and the slot would run it", hint=hint)


def _slots(
    world: Surroundings, state: dict[str, SlotPins], names: Collection[str], everything: bool
) -> tuple[Slot, ...]:
    """The slots of the settings, and held ones that the settings no longer have."""
    known = {slot.name: slot for slot in world.settings.slots}
    gone = {
        name: Slot(name, pins.hold.reference, DEFAULT)
        for name, pins in state.items()
        if pins.hold and name not in known
    }
    if everything:
        return tuple(slot for name, slot in {**known, **gone}.items() if name in state)
    missing = [name for name in names if name in known and (name not in state or not state[name].hold)]
    if missing:
        raise Refused(f"not held: {', '.join(missing)}", hint=f"modelgate status -e {world.settings.environment}")
    left = [name for name in names if name in gone]
    rest = [name for name in names if name not in gone]
    if not names:
        raise UsageError("name the slots, or say --all", hint="modelgate release SLOT --keep")
    return (*(select(world, rest, False) if rest else ()), *(gone[name] for name in left))
