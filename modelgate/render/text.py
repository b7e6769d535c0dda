"""The report for people at a terminal or in a build log."""

from __future__ import annotations

from modelgate.domain.findings import Finding, Level, Verdict
from modelgate.domain.report import Report, SlotReport
from modelgate.render.style import Colour, Style
from modelgate.render.table import table, wrapped
from modelgate.render.words import (
    NOTHING,
    SAME,
    lifecycle,
    may_run,
    may_run_heading,
    modes,
    state_of,
    verdict_line,
    worst_first,
)

_MARKS: dict[Level | None, tuple[str, Colour]] = {
    Level.REFUSE: ("✗", "red"),
    Level.UNKNOWN: ("?", "magenta"),
    Level.WARN: ("!", "yellow"),
    Level.NOTE: ("✓", "green"),
    None: ("✓", "green"),
}
_LEVEL_COLOURS: dict[Level, Colour] = {
    Level.REFUSE: "red",
    Level.UNKNOWN: "magenta",
    Level.WARN: "yellow",
    Level.NOTE: "cyan",
}
_VERDICT_COLOURS: dict[Verdict, Colour] = {Verdict.PASS: "green", Verdict.REFUSE: "red", Verdict.UNKNOWN: "magenta"}
_INDENT = "  "


def render(report: Report, style: Style) -> str:
    """Slots, findings from the worst on, what was special, and the verdict as the last line."""
    blocks = [_slots(report, style)]
    blocks += [_finding(finding, style) for finding in worst_first(report.findings)]
    blocks.append([style.paint(said, "dim") for said in modes(report)])
    blocks.append([style.paint(verdict_line(report), _VERDICT_COLOURS[report.verdict])])
    return "\n\n".join("\n".join(_inert(line) for line in block) for block in blocks if block) + "\n"


def _slots(report: Report, style: Style) -> list[str]:
    marks = [_MARKS[state_of(slot, report)] for slot in report.slots]
    rows = [_cells(mark, slot, report) for (mark, _), slot in zip(marks, report.slots, strict=True)]
    headings = ["slot", "reference", "resolves to", may_run_heading(report), "lifecycle"]
    return table(headings, rows, style, [colour for _, colour in marks])


def _cells(mark: str, slot: SlotReport, report: Report) -> list[str]:
    """An ID that stands to its left already is shown as `=`, so that the eye finds the differences."""
    resolved, last = slot.resolved or NOTHING, may_run(slot, report)
    allowed = SAME if last == (slot.resolved or slot.reference) else last
    held = " (held)" if slot.held else ""
    return [
        f"{mark} {slot.slot}",
        slot.reference,
        SAME if resolved == slot.reference else resolved,
        allowed + held,
        lifecycle(slot),
    ]


def _finding(finding: Finding, style: Style) -> list[str]:
    """Level, check, slot and place; then the message; then what to type, unwrapped, so that it can be copied."""
    level = style.paint(finding.level.upper(), _LEVEL_COLOURS[finding.level])
    waived = f"{_INDENT}(waived)" if finding.waived else ""
    about = f"{_INDENT}{finding.slot}" if finding.slot else ""
    where = f"{_INDENT}{finding.source}" if finding.source else ""
    lines = [f"{level}  {style.paint(finding.id, 'bold')}{about}{style.paint(where, 'dim')}{waived}"]
    lines += [_INDENT + line for line in wrapped(finding.message, style, indent=len(_INDENT))]
    if finding.hint:
        first, *more = wrapped(finding.hint, style, indent=len(_INDENT) + 2)
        lines += [f"{_INDENT}→ {first}", *(f"{_INDENT}  {line}" for line in more)]
    return lines + [f"{_INDENT}{style.paint(line, 'cyan')}" for line in finding.commands]


def _inert(line: str) -> str:
    """A line that GitHub's runner does not take for a command: it obeys `::`, even after spaces."""
    return line.replace("::", ": :", 1) if line.lstrip().startswith("::") else line
