"""release: end a hold, either keeping the held ID as the pin or accepting what the reference resolves to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Literal

from modelgate.domain.catalogue import Facts
from modelgate.domain.command_line import command
from modelgate.domain.errors import Refused, UsageError
from modelgate.domain.pins import Pin, SlotPins, approval, fold
from modelgate.domain.settings import Slot
from modelgate.domain.source import DEFAULT
from modelgate.domain.text import printable
from modelgate.gate.context import Context
from modelgate.gate.record import pin_row
from modelgate.operations.change import Change, Changed, Confirm
from modelgate.operations.outlook import outlook, pins_in_force, running
from modelgate.operations.proof import need_proved
from modelgate.operations.samples import need_served
from modelgate.operations.selection import ask, need_fit, need_reason, resolved, select

How = Literal["keep", "accept"]


def release(
    context: Context,
    names: Collection[str],
    how: How,
    *,
    everything: bool = False,
    reason: str,
    dry_run: bool = False,
    confirm: Confirm = lambda _changed: True,
) -> Changed | None:
    """Ends the holds of the slots, all or none. None: not confirmed.

    Raises Refused, Conflict, CouldNotKnow, UsageError.
    """
    reason = need_reason(reason)
    deadline = context.deadline()
    with context.store(deadline, read_only=dry_run, keeps=True) as store:
        revisions = store.revisions(context.scope)
    state = fold(revisions)
    held = [(slot, hold) for slot in _slots(context, state, names, everything) if (hold := state[slot.name].hold)]
    if not held:
        raise Refused("none of these slots is held", commands=(command(context.scope, "status"),))
    in_force = pins_in_force(context, revisions)
    facts = ask(context, in_force, (), deadline)
    changes = []
    for slot, hold in held:
        model_id = _model_id(context, slot, hold, in_force.get(slot.name), how, facts)
        newest = state[slot.name].revision
        pin = approval(slot.name, newest, "release", model_id, slot.reference, facts, reason)
        changes.append(Change(pin, hold.model_id))
    pins = [change.pin for change in changes]
    if how == "accept":
        ids = {pin.slot: pin.model_id for pin in pins}
        runs = (choice.model_id for choice in running(context, revisions, facts).values() if choice)
        need_served(context, ids, (slot for slot, _ in held), facts, runs)
        need_proved(context, store, ids, facts.origin)
    planned = Changed(context.scope, tuple(changes), outlook(context, (*revisions, *pins), facts))
    if dry_run:
        return planned
    if not confirm(planned):
        return None
    expect = {slot.name: state[slot.name].revision for slot, _ in held}
    with context.store(context.deadline(), keeps=True) as store:  # anew: people may have thought for long
        rows = [pin_row(pin) for pin in pins]
        head = store.append(context.scope, context.author, rows, expect=expect, now=context.clock.now())
    return replace(planned, head=head)


def _model_id(context: Context, slot: Slot, hold: Pin, in_force: SlotPins | None, how: How, facts: Facts) -> str:
    """What the slot may run once its hold is over."""
    if slot not in context.settings.slots:
        if how == "keep":
            return hold.model_id
        hint = "release it with --keep"
        raise UsageError(f"{slot.name} is no longer in the settings: it asks for nothing", hint=hint)
    model_id = hold.model_id if how == "keep" else resolved(context, slot, facts)
    need_fit(context, slot, model_id, facts, hold=False)
    _need_locked(context, slot, model_id, in_force)
    return model_id


def _need_locked(context: Context, slot: Slot, model_id: str, in_force: SlotPins | None) -> None:
    """Where approvals live in git a slot runs what the lock says, once its hold is over: that must be what is meant."""
    newest = in_force.newest if in_force else None
    if context.settings.pins_from == "lock" and (newest is None or newest.model_id != model_id):
        says = printable(newest.model_id) if newest else "nothing"
        hint = f"set model to {printable(model_id)}, lock it, commit and deploy that"
        told = f"{slot.name}: the lock says {says}, and the slot would run it"
        raise Refused(told, hint=hint, commands=(command(context.scope, "lock"),))


def _slots(context: Context, state: dict[str, SlotPins], names: Collection[str], everything: bool) -> tuple[Slot, ...]:
    """The slots of the settings, and held ones that the settings no longer have."""
    context.settings.need_references([name for name in state if state[name].hold] if everything else names)
    known = {slot.name: slot for slot in context.settings.slots}
    gone = {
        name: Slot(name, pins.hold.reference, DEFAULT)
        for name, pins in state.items()
        if pins.hold and name not in known
    }
    if everything:
        return tuple(slot for name, slot in {**known, **gone}.items() if name in state)
    if not names:
        raise UsageError("name the slots, or say --all", hint=f"slots: {', '.join(known)}")
    if missing := [name for name in names if name in known and (name not in state or not state[name].hold)]:
        raise Refused(f"not held: {', '.join(missing)}", commands=(command(context.scope, "status"),))
    asked = [name for name in names if name not in gone]
    return (*(select(context, asked, False) if asked else ()), *(slot for name, slot in gone.items() if name in names))
