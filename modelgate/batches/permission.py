"""What the gate says of a slot, for the work that is about to be sent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from modelgate.batches.job import Job, typed
from modelgate.batches.ledger import Ledger
from modelgate.batches.requests import RequestRules
from modelgate.domain.batches import LIFETIME_HOURS
from modelgate.domain.catalogue import Entry
from modelgate.domain.command_line import REASON, command
from modelgate.domain.errors import ApiProblem, Refused, UsageError
from modelgate.domain.pins import choose
from modelgate.domain.settings import Slot
from modelgate.domain.text import did_you_mean
from modelgate.gate.context import Context
from modelgate.gate.run import Options, run_gate


@dataclass(frozen=True, slots=True)
class Permission:
    """The ID that a slot may run now, and what the API says of it."""

    slot: str
    reference: str
    model_id: str
    entry: Entry
    origin: str
    run_id: str | None
    """The run of the gate; None where nothing was recorded."""
    runnable: frozenset[str] | None
    """The IDs that the slots here may run; None where approvals are not in the store."""

    @property
    def rules(self) -> RequestRules:
        """What requests must fit."""
        return RequestRules(self.model_id, self.reference, self.entry, self.runnable)


def ask(context: Context, slot_name: str, *, dry_run: bool = False) -> Permission:
    """Gates the slot as `preflight` does. Raises `Refused` or `CouldNotKnow` as the gate says, `UsageError` if there is
    no such slot.
    """
    slot = _slot(context, slot_name)
    report = run_gate(context, "preflight", Options(dry_run=dry_run, only=slot.name))
    report.raise_for_refusal()
    found = next(each for each in report.slots if each.slot == slot.name)
    model_id = found.pinned  # handed over or not: a gate that observes hands over names as they are set
    if model_id is None:
        approve = command(context.scope, "accept", slot.name, REASON)
        raise Refused(f"{slot.name}: no ID is approved", commands=(approve,))
    if report.stood_in_for:  # a start may stand on old facts; work that is about to be sent does not
        raise ApiProblem(report.stood_in_for)
    return Permission(
        slot.name,
        slot.reference,
        model_id,
        report.entries[slot.name],
        report.origin or "",
        report.run_id,
        _runnable(context),
    )


def _runnable(context: Context) -> frozenset[str] | None:
    if context.settings.pins_from == "lock":
        return None
    with Ledger(context, read_only=True).store() as store:
        pins = store.state(context.scope).pins
    chosen = (choose(pins[slot.name], slot.reference, None) for slot in context.settings.slots if slot.name in pins)
    return frozenset(choice.model_id for choice in chosen if choice)


def objections(context: Context, permission: Permission) -> list[str]:
    """Why the model cannot do this job at all, whatever the requests are."""
    entry, found = permission.entry, []
    if entry.supports("batch") is False:
        found.append(f"{entry.id} cannot be used in batches")
    end = context.clock.now() + timedelta(hours=LIFETIME_HOURS)
    if entry.retires_at and entry.retires_at <= end:
        found.append(f"{entry.id} retires on {entry.retires_at:%Y-%m-%d}, before a batch could end")
    return found


def of_rounds(context: Context, job: Job) -> Callable[[int], None]:
    """Asks, for the number of a round, whether it may be sent now. Raises as `ask` does, and `Refused` if not."""

    def permit(round_number: int) -> None:
        permitted = ask(context, job.row.slot)
        reasons = objections(context, permitted)
        if permitted.model_id != job.row.model_id:
            reasons = [f"{job.id} runs on {job.row.model_id}, and {job.row.slot} may now run {permitted.model_id}"]
        if reasons:
            resume = typed(context.scope, "resume", job.id, "--out FILE")
            cancel = typed(context.scope, "cancel", job.id)
            if round_number > 1:
                raise Refused("; ".join(reasons), commands=(f"{resume} --resends 0",))
            raise Refused("; ".join(reasons), hint="once its batches have ended:", commands=(cancel, resume))

    return permit


def _slot(context: Context, name: str) -> Slot:
    context.settings.need_references([name])
    slots = {slot.name: slot for slot in context.settings.slots}
    if name not in slots:
        near = did_you_mean(name, list(slots))
        hint = f"did you mean {near}?" if near else f"there are {', '.join(slots)}"
        raise UsageError(f"{context.scope} has no slot {name[:60]!r}", hint=hint)
    return slots[name]
