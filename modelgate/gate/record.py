"""The record: a judgement as rows for the audit store."""

from __future__ import annotations

from datetime import datetime

from modelgate.checks.judgement import Judgement
from modelgate.domain.catalogue import Entry, Facts, Outcome
from modelgate.domain.codec import canonical, entry_to_json, facts_to_json
from modelgate.domain.report import Report, SlotReport
from modelgate.domain.rows import FindingRow, PinRow, ResolutionRow, Row, RunRow
from modelgate.domain.view import SlotView
from modelgate.gate import fingerprint
from modelgate.gate.asking import Asked
from modelgate.gate.context import Context


def rows(
    context: Context,
    command: str,
    judgement: Judgement,
    asked: Asked,
    report: Report,
    eligible: frozenset[str],
) -> list[Row]:
    """The run, its resolutions, its findings, and the pins that the policy asks for. `command` is what ran the gate."""
    run_id = report.run_id or ""
    told = zip(judgement.views, judgement.slots, strict=True)
    resolutions = [_resolution(view, slot, run_id) for view, slot in told]
    findings = [
        FindingRow(run_id, f.id, f.level, f.message, f.hint, f.slot, str(f.source) if f.source else None, f.waived)
        for f in report.findings
    ]
    pins = [_pin(view, run_id) for view in judgement.to_pin]
    return [_run(context, command, judgement, asked, report, eligible), *resolutions, *findings, *pins]


def _run(
    context: Context, command: str, judgement: Judgement, asked: Asked, report: Report, eligible: frozenset[str]
) -> RunRow:
    facts, snapshot = asked.facts, judgement.snapshot
    fresh = facts is not None and _is_whole(facts) and asked.reused_from is None and asked.grace is None
    ids = eligible | {view.candidate for view in judgement.views if view.candidate}
    return RunRow(
        run_id=report.run_id or "",
        command=command,
        verdict=report.verdict,
        enforced=report.enforced,
        exit_code=report.exit_code,
        started_at=report.started_at,
        finished_at=report.finished_at,
        slots=canonical([_slot(view, judgement.hands_over) for view in judgement.views]),
        origin=report.origin,
        requests=report.requests,
        facts=facts_to_json(facts, ids) if fresh and facts else None,
        asked_at=facts.asked_at if fresh and facts else None,
        reuse_fingerprint=asked.reuse_fingerprint if fresh else None,
        grace_fingerprint=fingerprint.for_grace(context.scope, snapshot.slots, facts.origin)
        if fresh and facts
        else None,
        reused_from=asked.reused_from,
        unverified=asked.grace is not None,
        lock_commit=context.author.commit_sha if snapshot.policy.pins_from == "lock" else None,
    )


def _is_whole(facts: Facts) -> bool:
    """Whether all that was asked for was answered: half of it must not hide what an earlier run knows whole."""
    return facts.problem is None and all(answer.outcome is not Outcome.FAILED for answer in facts.answers.values())


def _slot(view: SlotView, hands_over: bool) -> dict[str, object]:
    slot = view.slot
    return {
        "slot": slot.name,
        "reference": slot.reference,
        "source": str(slot.source),
        "requires": list(slot.requires),
        "min_input_tokens": slot.min_input_tokens,
        "min_output_tokens": slot.min_output_tokens,
        "handed_off": view.hand_over if hands_over else None,
    }


def _resolution(view: SlotView, slot: SlotReport, run_id: str) -> ResolutionRow:
    return ResolutionRow(
        run_id=run_id,
        slot=slot.slot,
        reference=slot.reference,
        outcome=view.answer.outcome if view.answer else "failed",
        resolved_id=view.answer.id if view.answer else None,
        pinned_id=slot.pinned,
        handed_off_id=slot.handed_off,
        revision=slot.revision,
        held=slot.held,
        lifecycle=slot.lifecycle,
        retires_at=slot.retires_at,
    )


def _pin(view: SlotView, run_id: str) -> PinRow:
    facts = view.snapshot.facts
    return PinRow(
        slot=view.slot.name,
        revision=view.pins.revision + 1,
        action="accept" if view.pins.newest else "first-use",
        reference=view.slot.reference,
        model_id=view.candidate or "",
        reason="the policy accepts it at preflight",
        origin=facts.origin if facts else None,
        entry=entry_text(view.entry),
        run_id=run_id,
    )


def entry_text(entry: Entry | None) -> str | None:
    """An entry as a pin keeps it."""
    return canonical(entry_to_json(entry)) if entry else None


def new_run_id(started: datetime, token: str) -> str:
    """`run_20261122T204911_3f9a2c1b`: readable, sorted by time, unique by its token."""
    return f"run_{started:%Y%m%dT%H%M%S}_{token}"
