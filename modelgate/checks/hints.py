"""What comes next about what a slot may run: the commands that approve, verify, hold and release."""

from __future__ import annotations

from typing import NamedTuple

from modelgate.checks.check import Advice, command, name
from modelgate.domain.command_line import REASON, RUN, typed
from modelgate.domain.pins import Pin
from modelgate.domain.settings import Slot
from modelgate.domain.snapshot import Snapshot
from modelgate.domain.times import to_the_minute
from modelgate.domain.view import SlotView

COMMIT = "then commit the lock"


class Successor(NamedTuple):
    """What a slot would move to."""

    id: str
    line: str
    """Of which line, where that is another than the present one's, which the policy does not allow."""
    options: tuple[str, ...]
    """With which `upgrade` proposes it."""


def successor_for(snapshot: Snapshot, slot: Slot, model_id: str | None, present: str | None) -> Successor | None:
    """What `upgrade` would propose for the slot in place of this ID; None: none, or the list was not seen.

    `present`: the ID that the slot may run. Facts from the store are of a few models alone, and in no order. Nor is one
    named where a sample says what the slot needs, and was not read, as at preflight.
    """
    facts, samples = snapshot.facts, snapshot.samples
    if model_id is None or facts is None or facts.problem or facts.known is not None:
        return None
    if slot.sample and (samples is None or slot.name not in samples):
        return None
    from modelgate.domain.successor import needs_of, successor  # of a slot alone that has to move
    from modelgate.domain.upgrade import standing_of

    needs = needs_of(slot, snapshot.policy, (samples or {}).get(slot.name))
    listed, here = tuple(facts.entries.values()), facts.entries.get(model_id)
    allowed = here is None or not here.line_known or not needs.allowed_lines or here.line in needs.allowed_lines
    for line in ("",) if allowed else needs.allowed_lines:
        if found := successor(listed, model_id, needs, line=line).entry:
            stays = standing_of(model_id, facts, snapshot.now, snapshot.policy.retires_warn_days).ends is False
            told = (*(("--line", typed(line)) if line else ()), *(("--newer",) if stays else ()))
            return Successor(found.id, line, told if model_id == present else ("--to", typed(found.id)))
    return None


def successor_of(view: SlotView, model_id: str | None) -> Successor | None:
    """As `successor_for`, of a slot in a judgement."""
    if model_id is None or view.snapshot.facts is None or view.snapshot.facts.problem:
        return None
    from modelgate.domain.upgrade import present_id

    return successor_for(view.snapshot, view.slot, model_id, present_id(view))


def move(view: SlotView, model_id: str | None, otherwise: str, *words: str) -> Advice:
    """To which model: the successor, where there is one; `otherwise`, and the list of models by these options."""
    return _moving(view.snapshot, view.slot, successor_of(view, model_id), otherwise, words)


def move_from(snapshot: Snapshot, slot: Slot, model_id: str, otherwise: str) -> Advice:
    """As `move`, from the ID that the slot may run, where there is no view of it."""
    return _moving(snapshot, slot, successor_for(snapshot, slot, model_id, model_id), otherwise, ())


def _moving(snapshot: Snapshot, slot: Slot, to: Successor | None, otherwise: str, words: tuple[str, ...]) -> Advice:
    if to:
        return Advice(f"move to {typed(to.id)}", (command(snapshot, "upgrade", slot.name, *to.options),))
    return Advice(otherwise, (command(snapshot, "models", *words),))


def accept(view: SlotView) -> Advice:
    """What approves the ID that the reference means, as this run saw it. What means nothing cannot be approved."""
    facts, saw = view.snapshot.facts, view.resolved
    served = facts is not None and saw is not None and facts.standing(saw) == "served"
    first = f"set {_another(view)} first" if view.answer is not None and not served else ""
    if view.snapshot.policy.pins_from == "lock":
        return Advice(f"{first}; {COMMIT}" if first else COMMIT, (lock(view),))
    words = ("--run", RUN) if served else ()
    return Advice(first, (command(view.snapshot, "accept", view.slot.name, *words, REASON),))


def _another(view: SlotView) -> str:
    """Which model to set in place of one that means nothing: the successor of what it ran, or of its reference."""
    to = successor_of(view, view.choice.model_id if view.choice else view.answer.id if view.answer else None)
    return f"model to {typed(to.id)}" if to else "another model"


def approve(view: SlotView) -> Advice:
    """What approves, or that preflight does it by itself."""
    return Advice("preflight pins it, by the policy") if view.accepts else accept(view)


def move_or_stay(view: SlotView) -> Advice:
    """Both ways on: to what the reference means now, or to stay on what the slot runs, which is then held."""
    move, pin = approve(view), view.choice.pin if view.choice else None
    if pin is None:
        return move
    if view.snapshot.policy.hand_off == "settings":  # which a rollback does not change
        return Advice(_joined(move.hint, f"to stay, set model to {typed(pin.model_id)}"), move.commands)
    said = {True: "the command stays on {stay}", False: "to move to {move}, or to stay on {stay}"}[view.accepts]
    text = said.format(move=name(view.resolved), stay=name(pin.model_id))
    return Advice(_joined(move.hint, text), (*move.commands, *hold(view, pin).commands))


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def verify(view: SlotView) -> Advice:
    """What writes today's facts beside the ID: on a held slot another hold, as an accept would end the one there is."""
    return hold(view, view.pins.hold) if view.pins.hold else accept(view)


def hold(view: SlotView, pin: Pin) -> Advice:
    """What holds the slot on the pin's ID, for no longer than the pin itself says."""
    if pin.expires_at and pin.expires_at <= view.snapshot.now:
        return release(view)
    until = ("--expires", to_the_minute(pin.expires_at)) if pin.expires_at else ()
    return Advice(
        "", (command(view.snapshot, "rollback", view.slot.name, "--to", typed(pin.model_id), *until, REASON),)
    )


def release(view: SlotView) -> Advice:
    """The ways out of a hold, and what each does now. Where approvals live in git, the lock has to say the ID first."""
    keep = command(view.snapshot, "release", view.slot.name, "--keep", REASON)
    held, newest, means = view.pins.hold, view.pins.newest, view.resolved
    if view.snapshot.policy.pins_from == "lock" and held and not (newest and newest.model_id == held.model_id):
        return Advice(f"set model to {typed(held.model_id)}, lock it, commit and deploy that; then", (lock(view), keep))
    if held is None or means is None or means == held.model_id or view.snapshot.policy.pins_from == "lock":
        return Advice("", (keep,))
    hint = f"to keep {name(held.model_id)} for good, or to run {name(means)} from the next start on"
    return Advice(hint, (keep, command(view.snapshot, "release", view.slot.name, "--accept", REASON)))


def lock(view: SlotView) -> str:
    """What approves where approvals live in git, once it is committed."""
    return command(view.snapshot, "lock")
