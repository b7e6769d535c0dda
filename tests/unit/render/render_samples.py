"""Reports to render: one of each kind that people meet."""

from __future__ import annotations

from dataclasses import replace
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
        store="/srv/checkout/modelgate.db",
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
        store="/srv/checkout/modelgate.db",
        origin="https://api.anthropic.com",
        audit_sequence=18,
        audit_head="checkout/prod:18:" + "cd" * 32,
        exports={"MODELGATE_MODEL_SUMMARIZER": "claude-sonnet-4-6"},
    )


def unknown() -> Report:
    """A dry `check` in observe mode, as of another day, during an outage."""
    slot = SlotReport(
        slot="summarizer",
        reference="claude-sonnet-4-6",
        source=Source("config/prod.toml", 12),
        unknown=frozenset({"resolved", "lifecycle"}),
        other_pin="claude-sonnet-4-5-20250929",
    )
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
        store="/srv/checkout/modelgate.db",
        origin="https://api.anthropic.com",
        requests=5,
    )


ACCEPT = 'modelgate accept {} --run run_20261122T204911_3f9a2c1b --reason "…" -s checkout -e prod'
STAY = 'modelgate rollback {} --to claude-sonnet-4-5-20250929 --reason "…" -s checkout -e prod'


def twelve() -> Report:
    """The first `check` of an environment with twelve slots: nothing is approved yet."""
    names = [f"slot_{number:02}" for number in range(1, 13)]
    slots = [
        SlotReport(name, "claude-sonnet-4-5", Source("config/prod.toml", 3 * at), "claude-sonnet-4-5-20250929")
        for at, name in enumerate(names, 1)
    ]
    findings = [
        Finding(
            "drift.unpinned",
            Level.REFUSE,
            "never approved to run anything; it would be claude-sonnet-4-5-20250929",
            slot=slot.slot,
            source=slot.source,
            commands=(ACCEPT.format(slot.slot),),
        )
        for slot in slots
    ]
    created = Finding("store.created", Level.WARN, "the audit store is new: it knows no approval yet")
    return replace(refused(), slots=tuple(slots), findings=(created, *findings), run_id="run_20261122T204911_3f9a2c1b")


def forty() -> Report:
    """Forty slots: two of an alias that moved, one held, one whose names are long; the others as they were."""
    quiet = [
        SlotReport(
            f"slot_{number:02}", "claude-sonnet-4-6", Source("config/prod.toml", number), *["claude-sonnet-4-6"] * 2
        )
        for number in range(1, 37)
    ]
    moved = [
        SlotReport(
            name, "claude-sonnet-4-5", Source("config/prod.toml", 90), "claude-sonnet-5", "claude-sonnet-4-5-20250929"
        )
        for name in ("grader", "summarizer")
    ]
    held = SlotReport("router", "claude-haiku-4-5", Source("$ROUTER"), HAIKU, "claude-haiku-4-5-20250901", held=True)
    long = SlotReport(
        "a_slot_whose_name_is_as_long_as_somebody_thought_it_should_be",
        "eu.anthropic/claude-sonnet-4-5",
        Source("config/prod.toml", 99),
        "anthropic.claude-sonnet-4-5-20250929-v1:0-with-a-suffix-of-a-gateway",
        "anthropic.claude-sonnet-4-5-20250929-v1:0",
    )
    findings = [
        Finding(
            "drift.alias-moved",
            Level.REFUSE,
            "means claude-sonnet-5 now; pinned: claude-sonnet-4-5-20250929",
            "to approve what it means now, or to stay on the pinned ID",
            slot.slot,
            slot.source,
            commands=(ACCEPT.format(slot.slot), STAY.format(slot.slot)),
        )
        for slot in moved
    ]
    note = Finding("drift.held", Level.NOTE, "held on claude-haiku-4-5-20250901", slot="router", source=held.source)
    return replace(refused(), slots=(*quiet, *moved, held, long), findings=(*findings, note))


SAMPLES = {"twelve": twelve, "forty": forty, "refused": refused, "passed": passed, "unknown": unknown}
