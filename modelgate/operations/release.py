"""release: end a hold, either keeping the held ID as the pin or accepting what the reference resolves to."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from modelgate.domain.pins import SlotPins, fold
from modelgate.domain.settings import Slot
from modelgate.domain.source import DEFAULT
from modelgate.errors import Refused, UsageError
from modelgate.operations.change import Change, Changed, approval, row
from modelgate.operations.outlook import outlook
from modelgate.operations.selection import ask, need_fit, need_reason, resolved, select
from modelgate.surroundings import Surroundings


def release(
    world: Surroundings,
    names: Collection[str],
    how: Literal["keep", "accept"],
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
    facts = ask(world, state, (), deadline)
    changes = []
    for slot in held:
        pins = state[slot.name]
        assert pins.hold is not None  # noqa: S101 # selected above
        model_id = pins.hold.model_id if how == "keep" else resolved(slot, facts)
        need_fit(world, slot, model_id, facts, hold=False)
        pin = approval(slot.name, pins.revision, "release", model_id, slot.reference, facts, reason)
        changes.append(Change(pin, pins.hold.model_id))
    rows = [row(change.pin) for change in changes]
    expect = {slot.name: state[slot.name].revision for slot in held}
    head = store.append(world.scope, world.author, rows, expect=expect, now=world.clock.now())
    after = outlook(world, (*revisions, *(change.pin for change in changes)), facts)
    return Changed(world.scope, tuple(changes), after, head)


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
