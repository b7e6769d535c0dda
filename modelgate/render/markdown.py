"""GitHub's Markdown, for a job's summary or a comment on a pull request."""

from __future__ import annotations

import re
from collections.abc import Sequence

from modelgate.domain.findings import Finding
from modelgate.domain.report import Report, SlotReport
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

_ACTIVE = re.compile(r"[\\`*_\[\]<>|~$&@#]|:(?=//)|w(?=ww\.)", re.IGNORECASE)
_PLAIN_CODE = re.compile(r"[^`|\\]+")


def render(report: Report) -> str:
    """The verdict as a heading, then the slots and the findings as tables."""
    slots = _table(
        ["", "slot", "reference", "resolves to", may_run_heading(report), "lifecycle"],
        [_slot(slot, report) for slot in report.slots],
    )
    findings = _table(
        ["level", "check", "slot", "finding", "where", "what comes next"],
        [_finding(finding) for finding in worst_first(report.findings)],
    )
    said = [_escape(sentence) for sentence in modes(report)]
    commands = [block for group in grouped(report) for block in _commands(group)]
    where = " · ".join(_escape(told) for told in asked(report))
    heading = f"### modelgate {report.command}: {_escape(verdict_line(report))}"
    return "\n\n".join(block for block in (heading, *said, slots, findings, *commands, where) if block) + "\n"


def _commands(group: Group) -> list[str]:
    """A block to copy for each command, under the check and the slots that it is for."""
    if not group.commands:
        return []
    slots = ", ".join(_code(finding.slot) for finding in group.findings if finding.slot)
    return [f"{_code(group.first.id)} {slots}".strip(), *map(_block, group.commands)]


def _block(command: str) -> str:
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", command)), default=0))
    return f"{fence}sh\n{command}\n{fence}"


def _slot(slot: SlotReport, report: Report) -> list[str]:
    return [
        state_of(slot, report) or "ok",
        _code(slot.slot),
        _code(slot.reference),
        _code(resolved(slot)),
        _code(may_run(slot, report)) + (" (held)" if slot.held else ""),
        _escape(lifecycle(slot)),
    ]


def _finding(finding: Finding) -> list[str]:
    level = f"**{finding.level.value}**"
    return [
        f"{level} (waived)" if finding.waived else level,
        _code(finding.id),
        _code(finding.slot or ""),
        _escape(finding.message),
        _code(str(finding.source or "")),
        _escape(finding.hint),
    ]


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _escape(text: str) -> str:
    """Text in which nothing is obeyed: no table, link, image, HTML, formula, mention or reference to an issue."""
    return _ACTIVE.sub(_entity, text)


def _entity(match: re.Match[str]) -> str:
    # GitHub looks for @name and #1 in the finished page: there an entity is no help, but a space of no width is.
    apart = "&#8203;" if match[0] in "@#" else ""
    return f"&#{ord(match[0])};{apart}"


def _code(text: str) -> str:
    """Text as code, where GitHub looks for nothing. What would end the code or the cell goes in as HTML."""
    if not text or _PLAIN_CODE.fullmatch(text):
        return f"`{text}`" if text else ""
    return f"<code>{_ACTIVE.sub(lambda match: f'&#{ord(match[0])};', text)}</code>"
