"""What to type next about what a slot may run: the commands that approve, verify, hold and release."""

from __future__ import annotations

from modelgate.checks.check import RUN, command, typed
from modelgate.domain.pins import Pin
from modelgate.domain.times import to_the_minute
from modelgate.domain.view import SlotView

REASON = '--reason "…"'


def accept(view: SlotView) -> str:
    """What approves the ID that the reference means, as this run saw it. What means nothing cannot be approved."""
    facts, saw = view.snapshot.facts, view.resolved
    served = facts is not None and saw is not None and facts.served(saw) is not None
    first = "set another model, then " if view.answer is not None and not served else ""
    if view.snapshot.policy.pins_from == "lock":
        return first + _lock(view)
    return first + command(view.snapshot, "accept", view.slot.name, *(("--run", RUN) if served else ()), REASON)


def verify(view: SlotView) -> str:
    """What writes today's facts beside the ID: on a held slot another hold, as an accept would end the one there is."""
    return hold(view, view.pins.hold) if view.pins.hold else accept(view)


def hold(view: SlotView, pin: Pin) -> str:
    """What holds the slot on the pin's ID, for no longer than the pin itself says."""
    if pin.expires_at and pin.expires_at <= view.snapshot.now:
        return release(view)
    until = ("--expires", to_the_minute(pin.expires_at)) if pin.expires_at else ()
    return command(view.snapshot, "rollback", view.slot.name, "--to", typed(pin.model_id), *until, REASON)


def release(view: SlotView) -> str:
    """What ends the hold on its ID. Where approvals live in git, the lock has to say that ID first."""
    keep = command(view.snapshot, "release", view.slot.name, "--keep", REASON)
    held, newest = view.pins.hold, view.pins.newest
    if view.snapshot.policy.pins_from == "store" or held is None or (newest and newest.model_id == held.model_id):
        return keep
    return f"set model to {typed(held.model_id)}, {_lock(view)} and deploy it; then {keep}"


def _lock(view: SlotView) -> str:
    return f"{command(view.snapshot, 'lock')}, then commit the lock"
