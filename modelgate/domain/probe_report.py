"""What a probe of an environment's slots came to, as `probe` shows it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from modelgate.domain.findings import Finding, Level
from modelgate.domain.probe import Probed
from modelgate.domain.rows import Head, Scope

SCHEMA = "modelgate.probe/1"


@dataclass(frozen=True, slots=True)
class SlotProbe:
    """One slot. Nothing in it is a word of the sample."""

    probed: Probed
    sample: str
    """Its file as the settings write it; empty: one word was sent."""
    requests: int
    limit: int | None
    """Tokens that the model takes."""
    cost: Decimal | None = None
    """US dollars of the live request at the most; None: not known, or none was sent."""
    findings: tuple[Finding, ...] = ()
    """What is known of the sample without asking."""


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """All of them, in settings order."""

    scope: Scope
    origin: str
    live: bool
    slots: tuple[SlotProbe, ...]
    head: Head | None = None
    """Of the evidence; None: nothing was found out, or nothing recorded."""
    unrecorded: str = ""
    """Why what was found out could not be recorded: it is told all the same."""

    @property
    def exit_code(self) -> int:
        """1: refused in a way that comes again; 3: not known, or not recorded; 0: shown."""
        verdicts = {each.probed.verdict for each in self.slots}
        objected = any(f.level is Level.REFUSE and f.counts for each in self.slots for f in each.findings)
        if "refused" in verdicts or objected:
            return 1
        return 3 if "unknown" in verdicts or self.unrecorded else 0
