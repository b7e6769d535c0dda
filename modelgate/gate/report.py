"""The report of a run: the judgement as people and programs are told it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from modelgate.checks.judgement import Judgement
from modelgate.domain.command_line import with_run
from modelgate.domain.findings import Finding, Level, Verdict
from modelgate.domain.report import Report, SlotReport
from modelgate.gate.gather import Gathered
from modelgate.gate.handoff import exports
from modelgate.gate.options import Run


def report(run: Run, known: Gathered, judgement: Judgement, run_id: str | None = None) -> Report:
    """The report; `run_id` where it is recorded, or about to be."""
    settings, facts, store_grace = run.context.settings, known.asked.facts, judgement.snapshot.store_grace
    models = {s.slot: s.handed_off for s in judgement.slots if s.handed_off}
    export_as = {slot.name: slot.export_as for slot in settings.slots if slot.export_as}
    return Report(
        command=run.verb,
        service=settings.service,
        environment=settings.environment,
        verdict=judgement.verdict,
        enforced=run.policy.enforce,
        started_at=run.started,
        finished_at=max(run.started, run.context.clock.now()),
        as_of=judgement.snapshot.now,
        slots=judgement.slots,
        findings=tuple(_with_run(finding, run_id) for finding in judgement.findings),
        run_id=run_id,
        dry_run=run.read_only,
        reused_from=known.asked.reused_from,
        store=None if run.options.offline or run.options.no_store else run.context.store_address,
        origin=facts.origin if facts else None,
        requests=facts.requests if facts else 0,
        exports=exports(models, export_as),
        fallback_made_at=store_grace.verified_at if store_grace else None,
        stood_in_for=known.asked.problem,
        entries={view.slot.name: view.entry for view in judgement.views if view.entry},
    )


def repeated(run: Run, known: Gathered, judgement: Judgement, before: Report) -> Report:
    """The report of a try that adds nothing to the recorded one before it."""
    again = report(run, known, judgement, before.run_id)
    return replace(again, audit_sequence=before.audit_sequence, audit_head=before.audit_head)


def says_the_same(judgement: Judgement, before: Report) -> bool:
    """Whether the same was asked and answered, and does not pass for the same reasons."""

    def said(verdict: Verdict, slots: Iterable[SlotReport], findings: Iterable[Finding]) -> tuple[object, ...]:
        looks = [(s.slot, s.reference, s.resolved, s.pinned, s.held) for s in slots]
        reasons = [(f.id, f.slot) for f in findings if f.counts and f.level in (Level.REFUSE, Level.UNKNOWN)]
        return verdict, looks, reasons

    now = said(judgement.verdict, judgement.slots, judgement.findings)
    return now == said(before.verdict, before.slots, before.findings)


def _with_run(finding: Finding, run_id: str | None) -> Finding:
    return replace(finding, commands=tuple(with_run(line, run_id) for line in finding.commands))
