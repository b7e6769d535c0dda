"""Findings that say the same of several slots, told once, with one command for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from modelgate.domain.findings import Finding
from modelgate.domain.report import Report
from modelgate.render.words import worst_first

_ALL = {"accept"}
"""Commands of which `--all` means every slot of the settings."""


class Group(NamedTuple):
    """Findings with the same check, level and advice, each of another slot; most groups are of one."""

    findings: tuple[Finding, ...]
    commands: tuple[str, ...]

    @property
    def first(self) -> Finding:
        """What holds for all: check, level, hint, whether it is waived."""
        return self.findings[0]


def grouped(report: Report) -> list[Group]:
    """The findings of a report, the worst first."""
    same: dict[tuple[object, ...], list[Finding]] = {}
    for finding in worst_first(report.findings):
        alone = finding if finding.slot is None else None
        same.setdefault((finding.id, finding.level, finding.waived, finding.hint, alone), []).append(finding)
    return [Group(tuple(found), _commands(found, report)) for found in same.values()]


def _commands(findings: Sequence[Finding], report: Report) -> tuple[str, ...]:
    """Their command lines, in which those that differ in the slot alone are one."""
    slots: dict[tuple[str, ...], list[str]] = {}
    for finding in findings:
        for line in finding.commands:
            slots.setdefault(_without_slot(line, finding.slot), []).append(finding.slot or "")
    return tuple(_line(words, named, report) for words, named in slots.items())


def _without_slot(line: str, slot: str | None) -> tuple[str, ...]:
    """`modelgate accept grader --run …` in its parts around the slot; a line without it is one part."""
    before, name, after = line.partition(f" {slot} ")
    return (before, after) if slot and name and before.count(" ") == 1 else (line,)


def _line(words: tuple[str, ...], slots: Sequence[str], report: Report) -> str:
    if len(words) == 1:
        return words[0]
    before, after = words
    everything = len(slots) > 1 and len(slots) == len(report.slots) and before.split()[-1] in _ALL
    return f"{before} {'--all' if everything else ' '.join(slots)} {after}"
