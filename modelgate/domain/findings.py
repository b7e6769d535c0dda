"""Findings: judged facts, as values."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from modelgate.domain.source import Source


class Level(StrEnum):
    """How much a finding weighs."""

    NOTE = "note"
    WARN = "warn"
    REFUSE = "refuse"
    UNKNOWN = "unknown"


class Verdict(StrEnum):
    """What a run decided."""

    PASS = "pass"  # noqa: S105 # a verdict, not a password
    REFUSE = "refuse"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One judged fact. `message` is one line; `hint` says in words what comes next, `commands` are lines to paste."""

    id: str
    level: Level
    message: str
    hint: str = ""
    slot: str | None = None
    source: Source | None = None
    waived: bool = False
    commands: tuple[str, ...] = ()
    """Whole command lines; where they are alternatives, the hint says which does what."""

    @property
    def advice(self) -> str:
        """Hint and commands in one line, for where there is room for no more."""
        return ": ".join(part for part in (self.hint, " · ".join(self.commands)) if part)

    @property
    def counts(self) -> bool:
        """Whether the finding weighs in the verdict: a waived one does not."""
        return not self.waived


def verdict_of(findings: Iterable[Finding]) -> Verdict:
    """A definite refusal beats an unknown, and an unknown beats a pass."""
    levels = {finding.level for finding in findings if finding.counts}
    if Level.REFUSE in levels:
        return Verdict.REFUSE
    return Verdict.UNKNOWN if Level.UNKNOWN in levels else Verdict.PASS
