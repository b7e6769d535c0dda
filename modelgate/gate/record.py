"""The record: a judgement as rows, added to the audit store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from modelgate.checks import hints
from modelgate.checks.judgement import Judgement
from modelgate.domain import terms
from modelgate.domain.catalogue import Facts, Outcome
from modelgate.domain.codec import Seen, canonical, entry_to_json, seen_of
from modelgate.domain.errors import UsageError
from modelgate.domain.findings import Finding
from modelgate.domain.pins import Pin, approval
from modelgate.domain.report import Report, SlotReport
from modelgate.domain.rows import MARK, FindingRow, PinRow, ResolutionRow, Row, RunRow
from modelgate.domain.view import SlotView
from modelgate.gate import fingerprint
from modelgate.gate.gather import Gathered
from modelgate.gate.options import Run
from modelgate.gate.report import report

FAILED = "failed"
"""The verdict of a preflight that passed and could not hand over."""


def record(run: Run, known: Gathered, judgement: Judgement) -> Report:
    """Hands over, and adds the run to the store in one transaction.

    A hand-over that fails is recorded as failed, and then raised as the UsageError that it is. Raises StoreProblem, and
    Conflict if a pin was changed since; then nothing was handed over.
    """
    told, context, store = report(run, known, judgement, run.run_id), run.context, known.approvals.store
    assert store is not None  # noqa: S101 # only a run with a store is recorded
    expect = {slot.name: known.approvals.revisions.get(slot.name, 0) for slot in context.settings.slots}
    failed = hand_over(run, told)
    seen = _seen(known, judgement)
    rows = _rows(run, known, judgement, told, seen, handed_over=failed is None)
    try:
        lease = known.asked.reuse_fingerprint if known.asked.leased else None
        head = store.append(
            context.scope, context.author, rows,
            expect=expect, now=told.finished_at, lease=lease, entries=seen.entries if seen else {},
        )  # fmt: skip
    except BaseException:
        if run.options.hand_over:
            run.options.hand_over.undo()
        raise
    if failed:
        raise failed
    return replace(told, audit_sequence=head.sequence, audit_head=str(head))


def hand_over(run: Run, told: Report) -> UsageError | None:
    """Hands over what a passing report says, as the run was asked to; returns why that failed."""
    if run.options.hand_over and told.models:
        try:
            run.options.hand_over.do(told)
        except UsageError as error:
            return error
    return None


def _rows(
    run: Run, known: Gathered, judgement: Judgement, told: Report, seen: Seen | None, *, handed_over: bool
) -> list[Row]:
    """The run, its resolutions, its findings, and the pins that the policy asks for."""
    shown = zip(judgement.views, judgement.slots, strict=True)
    observed = {} if run.options.only else judgement.observed
    resolutions = [_resolution(view, slot, run.run_id, handed_over, observed) for view, slot in shown]
    findings = [_finding(finding, run.run_id) for finding in told.findings]
    pins = [pin_row(_accepted(view), run.run_id) for view in judgement.to_pin]
    failed = judgement.hands_over and not handed_over
    return [_run(run, known, judgement, told, seen, failed=failed), *resolutions, *findings, *pins]


def _seen(known: Gathered, judgement: Judgement) -> Seen | None:
    """What the API was asked and answered whole; None if the run stands on what others were told."""
    facts, asked = known.asked.facts, known.asked
    if facts is None or not _is_whole(facts) or asked.reused_from is not None or asked.grace is not None:
        return None
    ids = known.approvals.eligible() | {view.candidate for view in judgement.views if view.candidate}
    return seen_of(facts, ids)


def _run(run: Run, known: Gathered, judgement: Judgement, told: Report, seen: Seen | None, *, failed: bool) -> RunRow:
    facts, asked, snapshot, store = known.asked.facts, known.asked, known.snapshot, known.approvals.store
    mark = fingerprint.for_grace(snapshot.scope, snapshot.slots, facts.origin) if seen and facts else None
    return RunRow(
        run_id=run.run_id,
        command="batch" if run.options.only else run.verb,
        verdict=FAILED if failed else told.verdict,
        enforced=told.enforced,
        exit_code=UsageError.exit_code if failed else told.exit_code,
        started_at=told.started_at,
        finished_at=told.finished_at,
        slots=canonical([_slot(run, view, judgement.hands_over and not failed) for view in judgement.views]),
        origin=told.origin,
        requests=told.requests,
        answers=seen.answers if seen else None,
        entries=seen.digests if seen else None,
        seen_at=facts.asked_at if seen and facts else None,
        reuse_mark=asked.reuse_fingerprint[:MARK] if seen and asked.reuse_fingerprint else None,
        grace_mark=mark[:MARK] if mark else None,
        store_schema=store.witness if store else None,
        reused_from=asked.reused_from,
        unverified=asked.grace is not None,
        lock_commit=run.context.author.commit_sha if snapshot.policy.pins_from == "lock" else None,
    )


def _is_whole(facts: Facts) -> bool:
    """Whether all that was asked for was answered: half of it must not hide what an earlier run knows whole."""
    return facts.problem is None and all(answer.outcome is not Outcome.FAILED for answer in facts.answers.values())


def _slot(run: Run, view: SlotView, hands_over: bool) -> dict[str, object]:
    slot = view.slot
    return {
        "slot": slot.name,
        "reference": slot.reference,
        "source": str(slot.source),
        "requires": list(slot.requires),
        "min_input_tokens": slot.min_input_tokens,
        "min_output_tokens": slot.min_output_tokens,
        "handed_off": view.hand_over if hands_over else None,
        **_successor(view),
        **({"sample": slot.sample} if slot.sample else {}),
        **terms.to_json(view.snapshot.policy, view.snapshot.waivers, slot.name, run.context.settings.api),
    }


def _successor(view: SlotView) -> dict[str, str]:
    """What `status` names where the candidate ends, while nobody asks the API."""
    entry = view.entry
    ends = entry is None or entry.lifecycle == "deprecated" or entry.retires_at is not None
    to = hints.successor_of(view, view.candidate) if ends else None
    return {"successor": to.id} if to and not to.line else {}  # nobody moves to another line unasked


def _resolution(
    view: SlotView, slot: SlotReport, run_id: str, handed_over: bool, observed: Mapping[str, str | None]
) -> ResolutionRow:
    return ResolutionRow(
        run_id=run_id,
        slot=slot.slot,
        reference=slot.reference,
        outcome=view.answer.outcome if view.answer else "failed",
        resolved_id=view.answer.id if view.answer else None,
        pinned_id=slot.pinned,
        handed_off_id=slot.handed_off if handed_over and not view.snapshot.observes else None,
        observed_id=observed.get(slot.slot) if handed_over else None,
        revision=slot.revision,
        held=slot.held,
        lifecycle=slot.lifecycle,
        retires_at=slot.retires_at,
    )


def _finding(finding: Finding, run_id: str) -> FindingRow:
    """As it was told; the commands are kept below the hint, a line each."""
    hint = "\n".join(filter(None, (finding.hint, *finding.commands)))
    source = str(finding.source) if finding.source else None
    return FindingRow(run_id, finding.id, finding.level, finding.message, hint, finding.slot, source, finding.waived)


def _accepted(view: SlotView) -> Pin:
    """The pin that the policy adds by itself."""
    return approval(
        view.slot.name,
        view.pins.revision,
        "accept" if view.pins.newest else "first-use",
        view.candidate or "",
        view.slot.reference,
        view.snapshot.facts,
        "the policy accepts it at preflight",
    )


def pin_row(pin: Pin, run_id: str | None = None) -> PinRow:
    """The pin as it is added to the store. `run_id`: the run that pinned it, or that an operator accepted."""
    return PinRow(
        slot=pin.slot,
        revision=pin.revision or 0,
        action=pin.action,
        reference=pin.reference,
        model_id=pin.model_id,
        reason=pin.reason,
        origin=pin.origin,
        entry=canonical(entry_to_json(pin.entry)) if pin.entry else None,
        expires_at=pin.expires_at,
        revokes=pin.revokes,
        run_id=run_id,
    )
