"""Where a rollback goes: the ID that was named, or that ran before, and whether it has a past here."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from datetime import datetime

from modelgate.domain.command_line import command
from modelgate.domain.errors import Refused, UsageError
from modelgate.domain.pins import Choice, Pin
from modelgate.domain.settings import Slot
from modelgate.domain.text import printable
from modelgate.domain.times import to_the_minute
from modelgate.gate.context import Context
from modelgate.store import Store


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
class Before:
    """One slot as the rollback finds it."""

    context: Context
    store: Store
    slot: Slot
    revisions: tuple[Pin, ...]
    """Of the slot, oldest first."""
    running: Choice | None
    """What it may run; None: nothing."""
    then: str | None
    """What had been handed over last at the target's time, if it has one."""

    @property
    def running_id(self) -> str | None:
        """The ID that the slot may run."""
        return self.running.model_id if self.running else None

    @property
    def held(self) -> bool:
        """Whether that is a hold."""
        return self.running is not None and self.running.rule == "hold"


def target_id(before: Before, target: Target) -> str:
    """The ID that the slot is put on. Raises Refused, and UsageError where a held slot is not told where to."""
    slot, scope = before.slot.name, before.context.scope
    past = (command(scope, "history", slot),)
    if target.model_id:
        return target.model_id
    if target.revision is not None:
        for pin in before.revisions:
            if pin.revision == target.revision:
                return pin.model_id
        raise Refused(f"{slot} has no revision {target.revision}", commands=past)
    if target.time is not None:
        if before.then:
            return before.then
        raise Refused(f"nothing had been handed over for {slot} at {to_the_minute(target.time)}", commands=past)
    if before.held:
        raise UsageError(f"{slot} is held already: say where to", hint="with --to; what ran here:", commands=past)
    earlier = before.store.previous_hand_over(scope, slot, before.running_id)
    if earlier is None:
        hint = "name the ID: --to ID, with --never-run if it never ran here"
        raise Refused(f"{slot} has handed over nothing before {before.running_id or 'now'}", hint=hint)
    return earlier.model_id


def need_past(before: Before, model_id: str) -> None:
    """Raises Refused for an ID that was not pinned here before or, where approvals live in git, handed over.

    Where they live in the store a hand-over alone proves nothing: whoever has the gate's credential can write one.
    """
    slot, scope = before.slot.name, before.context.scope
    if model_id == before.running_id or any(pin.model_id == model_id for pin in before.revisions):
        return
    ran = before.store.was_handed_over(scope, slot, model_id)
    if ran and before.context.settings.pins_from == "store":
        hint = f"if it is right: --to {shlex.quote(printable(model_id))} --never-run (verified; expires in 24 h)"
        raise Refused(f"{slot}: nobody approved {printable(model_id)}; only a gate wrote that it ran", hint=hint)
    if not ran:
        hint = "add --never-run, which verifies it and holds it for 24 h; or take what ran here:"
        told = f"{slot} never ran {printable(model_id)} in {scope.environment}"
        raise Refused(told, hint=hint, commands=(command(scope, "history", slot),))
