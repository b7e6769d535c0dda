"""Which slots an operation is about, and the live facts about what it would put there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from modelgate import api
from modelgate.checks import catalogue, hints
from modelgate.checks.check import Advice
from modelgate.clock import Deadline
from modelgate.domain.catalogue import Facts, Outcome
from modelgate.domain.command_line import command
from modelgate.domain.errors import ApiProblem, Refused, UsageError, failure_of
from modelgate.domain.findings import Level
from modelgate.domain.pins import Pin, SlotPins
from modelgate.domain.settings import Slot
from modelgate.domain.snapshot import Snapshot
from modelgate.domain.text import did_you_mean, printable
from modelgate.domain.view import SlotView
from modelgate.gate.context import Context
from modelgate.gate.samples import read


def select(context: Context, names: Collection[str], everything: bool) -> tuple[Slot, ...]:
    """The named slots, or all of the settings. Raises as `need_known`, and where one's reference is not set."""
    need_known(context, names, everything)
    context.settings.need_references(None if everything else names)
    return tuple(slot for slot in context.settings.slots if everything or slot.name in names)


def need_known(context: Context, names: Collection[str], everything: bool) -> None:
    """Raises UsageError for no names and not all, for both, and for a name that the settings do not have."""
    settings = context.settings
    known = list(settings.names)
    if not known:
        raise UsageError(f"{settings.environment_file}: it has no slots", hint='[slots.NAME] model = "…"')
    if bool(names) == everything:
        raise UsageError("name the slots, or say --all", hint=f"slots: {', '.join(known)}")
    for name in names:
        if name not in known:
            near = did_you_mean(name, known)
            raise UsageError(
                f"{context.settings.environment} has no slot {printable(name)}",
                hint=f"did you mean {near}?" if near else f"slots: {', '.join(known)}",
            )


def need_reason(reason: str) -> str:
    """The reason, which is never empty: somebody will read it at three in the morning."""
    if reason.strip() == "…":
        raise UsageError("say why: … only stands for the reason", hint='--reason "INC-42: the new model loops"')
    if not reason.strip():
        raise UsageError("say why: the reason is empty", hint='--reason "INC-42: the new model loops"')
    return reason.strip()


def ask(context: Context, pins: Mapping[str, SlotPins], ids: Iterable[str], deadline: Deadline) -> Facts:
    """Fresh facts about all slots, what they may run, and `ids`. Raises ApiProblem if the list could not be had."""
    eligible = {pin.model_id for slot in pins.values() for pin in (*slot.pins, slot.hold) if pin}
    unset = {slot.name for slot in context.settings.unset}
    last = {pin.reference for name, slot in pins.items() if name in unset for pin in (*slot.pins, slot.hold) if pin}
    facts = api.ask(
        context.api,
        {slot.reference for slot in context.settings.slots} | last,
        pinned=eligible | set(ids),
        deadline=deadline,
        clock=context.clock,
        environ=context.environ,
    )
    if facts.problem:
        raise failure_of(facts.problem)
    return facts


def resolved(context: Context, slot: Slot, facts: Facts) -> str:
    """*a*. Raises Refused if the reference resolves to nothing, ApiProblem if that could not be known."""
    answer = facts.answers[slot.reference]
    if answer.problem:
        raise ApiProblem(answer.problem)
    if answer.outcome is not Outcome.RESOLVED or answer.id is None:
        what = {Outcome.RETIRED: "is retired", Outcome.NOT_PERMITTED: "is not permitted to this key"}
        to = Advice(f"change it at {slot.source}")
        if answer.outcome is Outcome.RETIRED:
            snapshot, name = _snapshot(context, slot, facts), answer.id or answer.name
            to = hints.move_from(snapshot, slot, name, "choose another")
            to = Advice(f"{to.hint}: it is set at {slot.source}", to.commands)
        message = f"{slot.name}: {printable(slot.reference)} {what.get(answer.outcome, 'is no model')}"
        raise Refused(message, hint=to.hint, commands=to.commands)
    return answer.id


def need_fit(context: Context, slot: Slot, model_id: str, facts: Facts, *, hold: bool) -> None:
    """Raises Refused unless `model_id` is in service today and meets what the slot requires."""
    failed = facts.answers.get(model_id)
    if not facts.knows(model_id) and failed and failed.problem:
        raise ApiProblem(failed.problem)
    standing = facts.standing(model_id)
    if standing != "served":
        what = "is retired" if standing == "retired" else "is not in the catalogue"
        message = f"{slot.name}: {printable(model_id)} {what}"
        if hold:  # another that ran here, not a newer one, is what somebody wants at three in the morning
            raise Refused(message, hint="name another", commands=(command(context.scope, "history", slot.name),))
        to = hints.move_from(_snapshot(context, slot, facts), slot, model_id, "choose one that is served")
        raise Refused(message, hint=to.hint, commands=to.commands)
    view = _as_if(context, slot, model_id, facts, hold=hold)
    for check in catalogue.FIT:
        for finding in check.judge(view) or []:
            if finding.level is Level.REFUSE:
                raise Refused(f"{slot.name}: {finding.message}", hint=finding.hint, commands=finding.commands)


def _as_if(context: Context, slot: Slot, model_id: str, facts: Facts, *, hold: bool) -> SlotView:
    held = Pin(slot.name, None, "rollback", model_id, slot.reference) if hold else None
    snapshot = _snapshot(context, slot, facts)
    return SlotView(snapshot, slot, SlotPins(slot.name, hold=held), None, None, model_id, accepts=False)


def _snapshot(context: Context, slot: Slot, facts: Facts) -> Snapshot:
    policy, now = context.settings.check, context.clock.now()
    samples = read(context.settings, (slot,)) if slot.sample else {}
    return Snapshot("check", now, policy, context.scope, (slot,), facts=facts, samples=samples)
