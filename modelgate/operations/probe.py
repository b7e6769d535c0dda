"""probe: ask the API itself whether this key may send a slot's request to an ID, and record what that showed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from modelgate.api.probes import send
from modelgate.checks import hints
from modelgate.checks import sample as checks
from modelgate.domain.catalogue import Facts
from modelgate.domain.errors import Refused, StoreProblem
from modelgate.domain.findings import Finding
from modelgate.domain.probe import Answered, Failed, Probed, cost, judge, least_max_tokens, to_count, to_send
from modelgate.domain.probe_report import ProbeReport, SlotProbe
from modelgate.domain.snapshot import Snapshot
from modelgate.domain.text import printable
from modelgate.domain.waivers import is_waived
from modelgate.gate.context import Context
from modelgate.operations.probe_plan import Subject, need_harmless, question, subjects_of

MOST = Decimal(1)
"""US dollars that a probe may cost where nobody says."""


@dataclass(frozen=True, slots=True)
class Live:
    """On which terms messages are sent."""

    with_tools: bool
    confirm: Callable[[ProbeReport], bool]
    """Whether a person wants to send what was counted."""
    most: Decimal | None = None
    """US dollars, for all slots together: then what has no known price is not sent. None: `MOST`, of what has one."""


def probe(
    context: Context,
    names: Collection[str] = (),
    *,
    to: str | None = None,
    line: int | None = None,
    live: Live | None = None,
) -> ProbeReport | None:
    """Counts the tokens of each slot's sample; with `live` then sends one request of each. None: not confirmed.

    Raises UsageError, SettingsError, Refused, CouldNotKnow.
    """
    store = context.store(context.deadline())
    subjects, facts = subjects_of(context, store, names, to, line)
    if live and not live.with_tools:
        need_harmless(subjects)
    questions = {s.slot.name: [question(r, to_count(r.params, s.model_id)) for r in s.requests] for s in subjects}
    answers = send(context.api, questions, live=False, deadline=context.deadline(), environ=context.environ)
    slots = tuple(_counted(context, each, answers[each.slot.name], facts) for each in subjects)
    counted = ProbeReport(context.scope, facts.origin, live is not None, slots)
    if live is None:
        return _recorded(context, counted, [each.probed for each in slots])
    return _live(context, counted, subjects, facts, live)


def _judged(context: Context, each: Subject, answers: list[Answered | Failed], facts: Facts, *, live: bool) -> Probed:
    entry = facts.served(each.model_id)
    limit, deprecated = (entry.max_input_tokens, entry.lifecycle == "deprecated") if entry else (None, False)
    probed = judge(each.slot.name, each.model_id, answers, live=live, limit=limit, deprecated=deprecated)
    if probed.elsewhere:  # to which model: as `upgrade` has it
        to = hints.move_from(_snapshot(context, each, facts), each.slot, each.model_id, probed.elsewhere)
        probed = replace(probed, hint=f"{probed.hint}{to.hint}", commands=to.commands)
    return probed


def _counted(context: Context, each: Subject, answers: list[Answered | Failed], facts: Facts) -> SlotProbe:
    """What counting came to, and what the first request would cost as a message."""
    entry, price, most = facts.served(each.model_id), context.settings.prices.get(each.model_id), None
    if isinstance(answers[0], Answered):
        most = cost(answers[0].input_tokens, least_max_tokens(each.requests[0].params), price)
    return SlotProbe(
        _judged(context, each, answers, facts, live=False),
        each.sample.name if each.sample else "",
        len(each.requests),
        entry.max_input_tokens if entry else None,
        most,
        _findings(context, each, facts),
    )


def _findings(context: Context, each: Subject, facts: Facts) -> tuple[Finding, ...]:
    """What `check` would say of the sample on this ID."""
    if each.sample is None:
        return ()
    snapshot, entry = _snapshot(context, each, facts), facts.served(each.model_id)
    believed = entry if entry and not entry.doubt else None
    found = checks.judge(each.sample, believed, snapshot, each.slot.name, None)
    waivers, name = context.settings.waivers, each.slot.name
    return tuple(replace(f, waived=is_waived(waivers, f.id, name, snapshot.now)) for f in found)


def _snapshot(context: Context, each: Subject, facts: Facts) -> Snapshot:
    samples = {each.slot.name: each.sample} if each.sample else {}
    policy, now = context.settings.check, context.clock.now()
    return Snapshot("check", now, policy, context.scope, (each.slot,), facts=facts, samples=samples)


def _live(
    context: Context, counted: ProbeReport, subjects: Iterable[Subject], facts: Facts, live: Live
) -> ProbeReport | None:
    """Sends the first request of each slot that could be counted, once the price is known and wanted."""
    before = [each.probed for each in counted.slots]
    sendable = {each.slot.name: each for each, seen in zip(subjects, before, strict=True) if seen.verdict == "shown"}
    if not sendable:
        return _recorded(context, counted, before)
    _need_cheap(counted, live)
    if not live.confirm(counted):
        _recorded(context, counted, before)
        return None
    questions = {
        name: [question(each.requests[0], to_send(each.requests[0].params, each.model_id))]
        for name, each in sendable.items()
    }
    answers = send(context.api, questions, live=True, deadline=context.deadline(), environ=context.environ)
    judged = [
        _judged(context, sendable[seen.slot], answers[seen.slot], facts, live=True) if seen.slot in sendable else seen
        for seen in before
    ]
    slots = tuple(replace(each, probed=now) for each, now in zip(counted.slots, judged, strict=True))
    shown = [seen if now.verdict == "unknown" else now for seen, now in zip(before, judged, strict=True)]
    return _recorded(context, replace(counted, slots=slots), shown)


def _need_cheap(counted: ProbeReport, live: Live) -> None:
    unpriced = [each.probed for each in counted.slots if each.probed.verdict == "shown" and each.cost is None]
    if live.most is not None and unpriced:
        told = f"the price of {printable(unpriced[0].model_id)} is not known: --max-cost cannot be kept"
        hint = f'nothing was sent: give it under [prices."{printable(unpriced[0].model_id)}"], or leave --max-cost out'
        raise Refused(told, hint=hint)
    total = sum((each.cost for each in counted.slots if each.cost is not None), Decimal())
    most = MOST if live.most is None else live.most
    if total > most:
        told = f"it could cost {total:.4f} US dollars, more than --max-cost {most:f}"
        raise Refused(told, hint="nothing was sent: raise --max-cost, or name fewer slots")


def _recorded(context: Context, report: ProbeReport, shown: Iterable[Probed]) -> ProbeReport:
    """The report with the end of the chain; what nobody found out is no evidence.

    The store is opened anew: people may have thought longer than a command may wait, and what was paid for is told even
    where it has gone away meanwhile.
    """
    workspace = context.settings.api.workspace_id
    rows = [row for each in shown if (row := each.evidence(report.origin, workspace))]
    if not rows:
        return report
    try:
        store = context.store(context.deadline())
        return replace(report, head=store.append(context.scope, context.author, rows, now=context.clock.now()))
    except StoreProblem as error:
        return replace(report, unrecorded=error.problem.message)
