"""GitHub's Markdown, for a job's summary or a comment on a pull request."""

from __future__ import annotations

from modelgate.domain.findings import Finding
from modelgate.domain.report import Report, SlotReport
from modelgate.render.gfm import code, command_block, escape, table
from modelgate.render.groups import Group, grouped
from modelgate.render.words import (
    asked,
    lifecycle,
    may_run,
    may_run_heading,
    modes,
    resolved,
    state_of,
    verdict_line,
    worst_first,
)


def render(report: Report) -> str:
    """The verdict as a heading, then the slots and the findings as tables."""
    slots = table(
        ["", "slot", "reference", "resolves to", may_run_heading(report), "lifecycle"],
        [_slot(slot, report) for slot in report.slots],
    )
    findings = table(
        ["level", "check", "slot", "finding", "where", "what comes next"],
        [_finding(finding) for finding in worst_first(report.findings)],
    )
    said = [escape(sentence) for sentence in modes(report)]
    commands = [block for group in grouped(report) for block in _commands(group)]
    where = " · ".join(escape(told) for told in asked(report))
    heading = f"### modelgate {report.command}: {escape(verdict_line(report))}"
    return "\n\n".join(block for block in (heading, *said, slots, findings, *commands, where) if block) + "\n"


def _commands(group: Group) -> list[str]:
    """A block to copy for each command, under the check and the slots that it is for."""
    if not group.commands:
        return []
    slots = ", ".join(code(finding.slot) for finding in group.findings if finding.slot)
    return [f"{code(group.first.id)} {slots}".strip(), *map(command_block, group.commands)]


def _slot(slot: SlotReport, report: Report) -> list[str]:
    return [
        state_of(slot, report) or "ok",
        code(slot.slot),
        code(slot.reference),
        code(resolved(slot)),
        code(may_run(slot, report)) + (" (held)" if slot.held else ""),
        escape(lifecycle(slot)),
    ]


def _finding(finding: Finding) -> list[str]:
    level = f"**{finding.level.value}**"
    return [
        f"{level} (waived)" if finding.waived else level,
        code(finding.id),
        code(finding.slot or ""),
        escape(finding.message),
        code(str(finding.source or "")),
        escape(finding.hint),
    ]
