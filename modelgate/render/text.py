"""The report for people at a terminal or in a build log."""

from __future__ import annotations

from collections.abc import Iterable

from modelgate.domain.findings import Level, Verdict
from modelgate.domain.report import Report, SlotReport
from modelgate.render.groups import Group, grouped
from modelgate.render.style import Colour, Style
from modelgate.render.table import table, wrapped
from modelgate.render.words import (
    SAME,
    asked,
    lifecycle,
    may_run,
    may_run_heading,
    modes,
    resolved,
    state_of,
    verdict_line,
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
_TIED = "\xa0"
"""Stands for a space at which no line is broken."""


def render(report: Report, style: Style) -> str:
    """Slots, findings from the worst on, what was special, and who was asked, and the verdict as the last line."""
    blocks = [_slots(report, style)]
    blocks += [_finding(group, style) for group in grouped(report)]
    blocks.append([style.paint(line, "dim") for said in modes(report) for line in wrapped(said, style)])
    blocks.append([*_asked(report, style), verdict(report, style)])
    return "\n\n".join("\n".join(_inert(line) for line in block) for block in blocks if block) + "\n"


def verdict(report: Report, style: Style) -> str:
    """The last line."""
    return style.paint(verdict_line(report), _VERDICT_COLOURS[report.verdict])


def _asked(report: Report, style: Style) -> list[str]:
    """Which store and which API gave the answers: on one line if both fit."""
    told = asked(report)
    joined = " · ".join(told)
    lines = [joined] if style.width is None or len(joined) <= style.width else told
    return [style.paint(line, "dim") for line in lines if line]


def _slots(report: Report, style: Style) -> list[str]:
    marks = [_MARKS[state_of(slot, report)] for slot in report.slots]
    rows = [_cells(mark, slot, report) for (mark, _), slot in zip(marks, report.slots, strict=True)]
    headings = ["slot", "reference", "resolves to", may_run_heading(report), "lifecycle"]
    return table(headings, rows, style, [colour for _, colour in marks])


def _cells(mark: str, slot: SlotReport, report: Report) -> list[str]:
    """An ID that stands to its left already is shown as `=`, so that the eye finds the differences."""
    means, last = resolved(slot), may_run(slot, report)
    allowed = SAME if last == (slot.resolved or slot.reference) else last
    held = " (held)" if slot.held else ""
    return [
        f"{mark} {slot.slot}",
        slot.reference,
        SAME if means == slot.reference else means,
        allowed + held,
        lifecycle(slot),
    ]


def _finding(group: Group, style: Style) -> list[str]:
    """Level, check, slot and place; the message; what comes next; and the commands, each alone and never cut."""
    first = group.first
    level = style.paint(first.level.upper(), _LEVEL_COLOURS[first.level])
    waived = f"{_INDENT}(waived)" if first.waived else ""
    lines = [f"{level}  {style.paint(first.id, 'bold')}{_about(group, style)}{waived}"]
    lines += _indented(_messages(group, style.narrower(len(_INDENT))))
    if first.hint:
        told, *more = wrapped(first.hint, style, indent=len(_INDENT) + 2)
        lines += _indented([f"→ {told}", *_indented(more)])
    return lines + _indented([style.paint(line, "cyan") for line in group.commands])


def _about(group: Group, style: Style) -> str:
    if len(group.findings) > 1:
        return f"{_INDENT}{len(group.findings)} slots"
    slot, where = group.first.slot, group.first.source
    return (f"{_INDENT}{slot}" if slot else "") + (style.paint(f"{_INDENT}{where}", "dim") if where else "")


def _messages(group: Group, style: Style) -> list[str]:
    """The message; of several slots a table of them."""
    if len({finding.message for finding in group.findings}) == 1:
        return [*wrapped(group.first.message, style), *(_named(group, style) if len(group.findings) > 1 else [])]
    rows = [[f.slot or "", f.message, str(f.source or "")] for f in group.findings]
    return table(["slot", "finding", "where"], rows, style, expendable=("where",))[1:]


def _named(group: Group, style: Style) -> list[str]:
    """The slots of which the same holds, each beside its place."""
    named = [f"{f.slot} ({f.source})" if f.source else f.slot or "" for f in group.findings]
    return [line.replace(_TIED, " ") for line in wrapped(", ".join(each.replace(" ", _TIED) for each in named), style)]


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"{_INDENT}{line}" for line in lines]


def _inert(line: str) -> str:
    """A line that GitHub's runner does not take for a command: it obeys `::`, even after spaces."""
    return line.replace("::", ": :", 1) if line.lstrip().startswith("::") else line
