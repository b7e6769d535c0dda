"""Reports to render: one of each kind that people meet."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from modelgate.domain.findings import Finding, Level, Verdict
from modelgate.domain.report import Report, SlotReport
from modelgate.domain.source import Source

STARTED = datetime(2026, 11, 22, 20, 24, 22, 123456, tzinfo=UTC)
FINISHED = STARTED + timedelta(seconds=0.84)
HAIKU = "claude-haiku-4-5-20251001"
SUMMARIZER = SlotReport(
    slot="summarizer",
    reference="claude-sonnet-4-6",
    source=Source("config/prod.toml", 12),
    resolved="claude-sonnet-4-6",
    pinned="claude-sonnet-4-6",
    revision=2,
    lifecycle="active",
)
GRADER = SlotReport(
    slot="grader",
    reference="claude-haiku-4-5",
    source=Source("$GRADER_MODEL"),
    resolved=HAIKU,
    pinned="claude-haiku-4-5-20250901",
    revision=1,
    lifecycle="deprecated",
    retires_at=datetime(2027, 1, 1, tzinfo=UTC),
    days_left=39,
)
MOVED = Finding(
    id="drift.alias-moved",
    level=Level.REFUSE,
    message=f"means {HAIKU} now; pinned: claude-haiku-4-5-20250901",
    commands=('modelgate accept grader -e prod --run run_01JD8ZP7 --reason "…"',),
    slot="grader",
    source=Source("$GRADER_MODEL"),
)
DEPRECATED = Finding(
    id="catalogue.deprecated",
    level=Level.WARN,
    message=f"{HAIKU} is deprecated",
    hint="plan the move",
    commands=("modelgate models --lifecycle active",),
    slot="grader",
    source=Source("$GRADER_MODEL"),
)
RETIRES = Finding(
    id="catalogue.retires-soon",
    level=Level.REFUSE,
    message="claude-sonnet-4-6 retires in 9 days, on 2026-12-01",
    slot="summarizer",
    source=Source("config/prod.toml", 12),
    waived=True,
)
UNUSED = Finding(
    id="settings.waiver-unused",
    level=Level.NOTE,
    message="the waiver for catalogue.alias covers nothing",
    hint="remove it",
    source=Source("config/prod.toml", 31),
)
UNREACHABLE = Finding(
    id="api.unreachable",
    level=Level.UNKNOWN,
    message="the Models API answered 529 until the deadline (request req_011CS)",
    hint="try again, or wait for it:",
    commands=("modelgate preflight --wait 10m",),
)


def refused() -> Report:
    """A `check` that found a moved alias, a warning, a waived refusal and a note."""
    return Report(
        command="check",
        service="checkout",
        environment="prod",
        verdict=Verdict.REFUSE,
        enforced=True,
        started_at=STARTED,
        finished_at=FINISHED,
        as_of=STARTED,
        slots=(SUMMARIZER, GRADER),
        findings=(UNUSED, DEPRECATED, RETIRES, MOVED),
        run_id="run_01JD8ZP7",
        origin="https://api.anthropic.com",
        requests=2,
        audit_sequence=17,
        audit_head="checkout/prod:17:" + "ab" * 32,
    )


def passed() -> Report:
    """A `preflight` that handed over a pin and a held ID."""
    held = SlotReport(
        slot="grader",
        reference="claude-haiku-4-5",
        source=Source("$GRADER_MODEL"),
        resolved=HAIKU,
        pinned="claude-haiku-4-5-20250901",
        handed_off="claude-haiku-4-5-20250901",
        revision=4,
        held=True,
        lifecycle="active",
    )
    slot = SlotReport(
        slot="summarizer",
        reference="claude-sonnet-4-6",
        source=Source("config/prod.toml", 12),
        resolved="claude-sonnet-4-6",
        pinned="claude-sonnet-4-6",
        handed_off="claude-sonnet-4-6",
        revision=2,
        lifecycle="active",
    )
    finding = Finding("drift.held", Level.NOTE, "held since 2026-11-21: wrong grades", slot="grader")
    return Report(
        command="preflight",
        service="checkout",
        environment="prod",
        verdict=Verdict.PASS,
        enforced=True,
        started_at=STARTED,
        finished_at=FINISHED,
        as_of=STARTED,
        slots=(slot, held),
        findings=(finding,),
        run_id="run_01JD8ZQ2",
        reused_from="run_01JD8ZP7",
        origin="https://api.anthropic.com",
        audit_sequence=18,
        audit_head="checkout/prod:18:" + "cd" * 32,
        exports={"MODELGATE_MODEL_SUMMARIZER": "claude-sonnet-4-6"},
    )


def unknown() -> Report:
    """A dry `check` in observe mode, as of another day, during an outage."""
    slot = SlotReport(slot="summarizer", reference="claude-sonnet-4-6", source=Source("config/prod.toml", 12))
    return Report(
        command="check",
        service="checkout",
        environment="prod",
        verdict=Verdict.UNKNOWN,
        enforced=False,
        started_at=STARTED,
        finished_at=FINISHED,
        as_of=datetime(2027, 1, 1, tzinfo=UTC),
        slots=(slot,),
        findings=(UNREACHABLE,),
        dry_run=True,
        origin="https://api.anthropic.com",
        requests=5,
    )


SAMPLES = {"refused": refused, "passed": passed, "unknown": unknown}
