"""The judgement: a snapshot in, slots and findings out. Pure: the same snapshot gives the same judgement."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

from modelgate.checks import api, catalogue, drift, settings, store
from modelgate.checks.check import Check, RunCheck
from modelgate.domain.check_ids import waivable
from modelgate.domain.findings import Finding, Level, Verdict, verdict_of
from modelgate.domain.report import SlotReport
from modelgate.domain.snapshot import Snapshot
from modelgate.domain.times import days_left
from modelgate.domain.view import SlotView, look
from modelgate.domain.waivers import is_waived


def _sampled(view: SlotView) -> list[Finding] | None:
    samples = view.snapshot.samples
    if not samples or view.slot.name not in samples:
        return None if samples is None else []
    from modelgate.checks import sample  # of slots that have one alone

    return sample.of(view, samples[view.slot.name])


def _unproved(view: SlotView) -> list[Finding] | None:
    if view.snapshot.proofs is None:
        return None
    from modelgate.checks import evidence  # of environments that need it alone

    return evidence.unproved(view)


RUN_CHECKS: tuple[RunCheck, ...] = (
    settings.unknown_variables,
    settings.untrusted,
    settings.loosening,
    settings.unset_references,
    settings.observed_blind,
    settings.lock_stale,
    settings.offline,
    store.notices,
    store.problem,
    api.whole,
    api.unreadable,
    drift.slots_removed,
)
SLOT_CHECKS: tuple[Check, ...] = (
    Check((), api.one_name),
    *drift.CASES,
    *catalogue.CHECKS,
    *drift.BESIDE,
    Check(("settings.sample",), _sampled),
    Check(("evidence.missing", "evidence.stale", "evidence.failed"), _unproved),
)

ABOUT_THE_REFERENCE = drift.CASE_IDS | catalogue.REFERENCE_IDS
"""Findings that no word covers while an application runs, by its own settings, what nobody approved."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a snapshot comes to. `views` and `slots` are in settings order."""

    snapshot: Snapshot
    views: tuple[SlotView, ...]
    slots: tuple[SlotReport, ...]
    findings: tuple[Finding, ...]
    verdict: Verdict

    @property
    def hands_over(self) -> bool:
        """Whether the deployment may start on what is handed to it: preflight, passed, enforced."""
        return self.snapshot.verb == "preflight" and self.verdict is Verdict.PASS and self.snapshot.policy.enforce

    @property
    def observed(self) -> dict[str, str | None]:
        """Slot to the ID that a preflight which observes left running; None where nobody knows what it is."""
        if not self.snapshot.observes:
            return {}
        return {view.slot.name: view.pins.hold.model_id if view.pins.hold else view.resolved for view in self.views}

    @property
    def to_pin(self) -> tuple[SlotView, ...]:
        """The slots whose candidate the policy accepts: all of them on a pass, else none."""
        return tuple(view for view in self.views if view.accepts) if self.hands_over else ()


def judge(snapshot: Snapshot) -> Judgement:
    """Judges the run as a whole, every slot, and then the waivers."""
    views = tuple(look(snapshot, slot) for slot in snapshot.slots)
    findings = [finding for check in RUN_CHECKS for finding in check(snapshot)]
    ran: list[tuple[str, str]] = []
    for view in views:
        settled = False
        for check in SLOT_CHECKS:
            found = None if check.case and settled else check.judge(view)
            if found is None:
                continue
            findings.extend(found)
            ran.extend((name, view.slot.name) for name in check.ids)
            settled = settled or (check.case and bool(found))
    findings.extend(settings.waivers(snapshot, findings, ran))
    firm = {view.slot.name for view in views if view.may_run_another}
    weighed = tuple(_waive(snapshot, finding, firm) for finding in findings)
    judgement = Judgement(snapshot, views, (), weighed, verdict_of(weighed))
    return replace(judgement, slots=tuple(_report(view, judgement) for view in views))


def _waive(snapshot: Snapshot, finding: Finding, firm: Collection[str]) -> Finding:
    """The finding, marked if somebody's word covers it. `firm`: slots of which an application may run another ID."""
    if finding.level is Level.UNKNOWN or not waivable(finding.id):
        return finding
    if finding.id == "api.origin-not-approved":
        return finding  # the API was not asked, and no word makes known what it would have said
    if finding.slot in firm and finding.id in ABOUT_THE_REFERENCE:
        return finding
    return replace(finding, waived=is_waived(snapshot.waivers, finding.id, finding.slot, snapshot.now))


def _report(view: SlotView, judgement: Judgement) -> SlotReport:
    hands_over, observes = judgement.hands_over, judgement.snapshot.observes
    entry, choice = view.entry, view.choice
    pins_it = hands_over and view.accepts
    retires_at = entry.retires_at if entry else None
    return SlotReport(
        slot=view.slot.name,
        reference=view.slot.reference,
        source=view.slot.source,
        resolved=view.resolved,
        pinned=view.candidate if pins_it else choice.model_id if choice else None,
        handed_off=view.as_set if observes else view.hand_over if hands_over else None,
        enforced=view.hand_over if judgement.verdict is Verdict.PASS else None,
        revision=view.pins.revision + 1 if pins_it else choice.pin.revision if choice else None,
        held=view.held,
        lifecycle=entry.lifecycle if entry else None,
        retires_at=retires_at,
        days_left=days_left(retires_at, view.snapshot.now) if retires_at else None,
        unknown=frozenset(_unknown(view)),
        other_pin=view.pins.newest.model_id if view.pins.newest and not choice else None,
    )


def _unknown(view: SlotView) -> Iterator[str]:
    """What of the slot nobody could know."""
    facts, pins = view.snapshot.facts, view.snapshot.pins
    if view.answer is None:
        yield "resolved"
    if pins is None:
        yield "pinned"
    if view.entry:
        known = view.entry.lifecycle is not None
    elif view.candidate:
        known = facts is not None and facts.standing(view.candidate) in ("retired", "missing")
    else:
        known = view.answer is not None and pins is not None
    if not known:
        yield "lifecycle"
