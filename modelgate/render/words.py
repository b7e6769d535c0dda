"""What the formats for people say alike: order, counts, modes and the verdict in one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from modelgate.domain.findings import Finding, Level, Verdict
from modelgate.domain.report import Report, SlotReport
from modelgate.domain.times import format_instant

WORST_FIRST = (Level.REFUSE, Level.UNKNOWN, Level.WARN, Level.NOTE)

_COUNTED = {
    Level.REFUSE: ("refused", "refused"),
    Level.UNKNOWN: ("unknown", "unknown"),
    Level.WARN: ("warning", "warnings"),
    Level.NOTE: ("note", "notes"),
}
SAME = "="
NOTHING = "-"
UNKNOWN = "?"


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Findings that count before waived ones, the worst first, else in the order of the report."""
    return sorted(findings, key=lambda finding: (finding.waived, WORST_FIRST.index(finding.level)))


def worst_of(findings: Iterable[Finding]) -> Level | None:
    """The worst level that counts; None if nothing does."""
    levels = {finding.level for finding in findings if finding.counts}
    return next((level for level in WORST_FIRST if level in levels), None)


def state_of(slot: SlotReport, report: Report) -> Level | None:
    """The worst that counts of a slot. None: all is well, which nobody knows of a slot in an unknown report."""
    worst = worst_of(finding for finding in report.findings if finding.slot == slot.slot)
    if worst in (None, Level.NOTE) and report.verdict is Verdict.UNKNOWN:
        return Level.UNKNOWN
    return worst or (Level.UNKNOWN if slot.resolved is None else None)


def tally(report: Report) -> str:
    """`1 refused, 2 warnings, 1 waived`; of a pass also the number of slots."""
    counts = (
        [(len(report.slots), ("slot", "slots"))] if report.verdict is Verdict.PASS and report.command != "scan" else []
    )
    levels = Counter(finding.level for finding in report.findings if finding.counts)
    counts += [(levels[level], _COUNTED[level]) for level in WORST_FIRST if levels[level]]
    waived = sum(finding.waived for finding in report.findings)
    counts += [(waived, ("waived", "waived"))] if waived else []
    return ", ".join(f"{number} {one if number == 1 else more}" for number, (one, more) in counts) or "no names"


def verdict_line(report: Report) -> str:
    """`REFUSE checkout/prod: 1 refused, 1 warning — run run_…`."""
    run = f" — run {report.run_id}" if report.run_id else ""
    return f"{report.verdict.upper()} {report.subject}: {tally(report)}{run}"


def waiting_line(report: Report) -> str:
    """`waiting: REFUSE drift.alias-moved grader, drift.unpinned 3 slots`: what keeps a start, by check."""
    slots: dict[str, list[str]] = {}
    for finding in worst_first(report.findings):
        if finding.counts and finding.level in (Level.REFUSE, Level.UNKNOWN):
            slots.setdefault(finding.id, []).append(finding.slot or "")
    told = [
        f"{check} {f'{len(names)} slots' if len(names) > 1 else names[0]}".rstrip() for check, names in slots.items()
    ]
    return f"waiting: {report.verdict.upper()} {', '.join(told)}"


def asked(report: Report) -> list[str]:
    """Where approvals and facts come from: `store /srv/modelgate.db`, `API https://api.anthropic.com`."""
    return [f"{what} {where}" for what, where in (("store", report.store), ("API", report.origin)) if where]


def modes(report: Report) -> list[str]:
    """What was special about the run, a sentence each."""
    if report.command == "scan":
        return list(report.said)
    said = []
    if report.reused_from:
        said.append(f"The facts of {report.reused_from} were judged again; the API was not asked.")
    if not report.started_at <= report.as_of <= report.finished_at:
        said.append(f"Judged as of {format_instant(report.as_of)[:19]}Z.")
    if report.dry_run:
        said.append("Dry run: nothing was recorded.")
    elif report.run_id is None:
        said.append("Nothing was recorded.")
    if not report.enforced:
        said.append(_observed(report))
    return said


def _observed(report: Report) -> str:
    """What an enforcing gate would have done, where this one only looked on."""
    said = "Observe mode (enforce = false): the exit code is 0"
    if not report.observed:
        return f"{said}."
    if report.verdict is not Verdict.PASS:
        return f"{said}, and what runs is not changed. An enforcing gate would not have started it."
    others = [f"{s.slot} = {s.enforced}" for s in report.slots if s.enforced and s.enforced != s.handed_off]
    told = f"handed over {', '.join(others)}" if others else "handed over the same"
    return f"{said}, and what runs is not changed. An enforcing gate would have {told}."


def resolved(slot: SlotReport) -> str:
    """What the reference means: an ID, `-` where it means nothing, `?` where nobody knows."""
    return slot.resolved or _none_of("resolved", slot)


def may_run(slot: SlotReport, report: Report) -> str:
    """The ID in the last of the three ID columns: handed off where preflight passed, else pinned.

    None is `-`, `?` where nobody knows, and the newest pin in brackets where it is for another reference.
    """
    if report.models:
        return slot.handed_off or NOTHING
    other = f"({slot.other_pin})" if slot.other_pin else ""
    return slot.pinned or other or _none_of("pinned", slot)


def _none_of(what: str, slot: SlotReport) -> str:
    return UNKNOWN if what in slot.unknown else NOTHING


def may_run_heading(report: Report) -> str:
    """The heading over `may_run`."""
    return "handed off" if report.models else "pinned"


def lifecycle(slot: SlotReport) -> str:
    """`deprecated, 40d left`, `deprecated, 3d overdue`, `active`; `-` of no ID, `?` where nobody knows."""
    if slot.days_left is None:
        return slot.lifecycle or _none_of("lifecycle", slot)
    left = f"{slot.days_left}d left" if slot.days_left >= 0 else f"{-slot.days_left}d overdue"
    return f"{slot.lifecycle or 'lifecycle unknown'}, {left}"
