"""The report of a run: what `check` and `preflight` return, print and write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from modelgate.domain.catalogue import Entry
from modelgate.domain.errors import CouldNotKnow, Refused
from modelgate.domain.findings import Finding, Level, Verdict
from modelgate.domain.problems import Problem
from modelgate.domain.settings import Verb
from modelgate.domain.source import Source

SCHEMA = "modelgate.report/2"


@dataclass(frozen=True, slots=True)
class SlotReport:
    """What one slot asked for, what that means now, and what it may run."""

    slot: str
    reference: str
    source: Source
    resolved: str | None = None
    """*a*: what the reference means today; None if it means nothing or could not be known."""
    pinned: str | None = None
    """*p*: the ID that the slot may run."""
    handed_off: str | None = None
    """What was handed to the application: the ID, where preflight passed; as it is set, where it observes."""
    enforced: str | None = None
    """The ID that an enforcing preflight would have handed over; None where it would have refused."""
    revision: int | None = None
    """The revision that allows *p*; None from the lock."""
    held: bool = False
    lifecycle: str | None = None
    retires_at: datetime | None = None
    days_left: int | None = None
    unknown: frozenset[str] = frozenset()
    """Of `resolved`, `pinned` and `lifecycle` those that nobody could know, where None means that there is none."""
    other_pin: str | None = None
    """The ID of the newest pin where none is for this reference: approved, and not for what is asked."""


@dataclass(frozen=True, slots=True)
class Report:
    """One run of `check` or `preflight`, or a `scan`, which has no slots.

    Its JSON form is documented by `render/report.schema.json`.
    """

    command: Verb | Literal["scan"]
    service: str
    environment: str
    verdict: Verdict
    enforced: bool
    """False: the policy only observes; the exit code is 0 whatever the verdict."""
    started_at: datetime
    finished_at: datetime
    as_of: datetime
    slots: tuple[SlotReport, ...]
    findings: tuple[Finding, ...]
    run_id: str | None = None
    """None where nothing was recorded."""
    dry_run: bool = False
    reused_from: str | None = None
    """The run whose facts were judged again."""
    store: str | None = None
    """Where approvals were looked for, asked or not: an absolute path, or a server's URL without its secrets."""
    origin: str | None = None
    requests: int = 0
    audit_sequence: int | None = None
    audit_head: str | None = None
    """`SERVICE/ENV:SEQUENCE:HASH` after this run."""
    exports: Mapping[str, str] = field(default_factory=dict)
    """Variable name to ID: what preflight hands over."""
    entries: Mapping[str, Entry] = field(default_factory=dict)
    """Slot to what the API says of the ID that it may run, where that is known."""
    stood_in_for: Problem | None = None
    """Why the API could not be asked, where old facts were judged."""
    fallback_made_at: datetime | None = None
    """When the fallback file was made whose pins stood in for the store's; None: the store was asked."""

    @property
    def observed(self) -> bool:
        """Whether this is a preflight that only looked on, and changed nothing of what runs."""
        return self.command == "preflight" and not self.enforced

    said: tuple[str, ...] = ()
    """What was special, a sentence each, where it is not of a run of the gate."""

    @property
    def subject(self) -> str:
        """`checkout/prod`; of a scan the paths."""
        return f"{self.service}/{self.environment}" if self.environment else self.service

    @property
    def handed_at(self) -> datetime:
        """How old a file with these pins is: as old as the one that stood in, so that grace never renews itself."""
        return self.fallback_made_at or self.finished_at

    @property
    def exit_code(self) -> int:
        """0 pass, 1 refuse, 3 unknown; 0 throughout where the policy does not enforce."""
        if not self.enforced:
            return 0
        return {Verdict.PASS: 0, Verdict.REFUSE: 1, Verdict.UNKNOWN: 3}[self.verdict]

    @property
    def models(self) -> dict[str, str]:
        """Slot to what was handed over; empty unless preflight passed or observes."""
        return {slot.slot: slot.handed_off for slot in self.slots if slot.handed_off}

    def raise_for_refusal(self) -> None:
        """Raises `Refused` or `CouldNotKnow` for a verdict other than pass, enforced or not."""
        if self.verdict is Verdict.PASS:
            return
        decisive = Level.REFUSE if self.verdict is Verdict.REFUSE else Level.UNKNOWN
        worst = [finding for finding in self.findings if finding.level is decisive and finding.counts]
        told = "; ".join(f"{f.slot}: {f.message}" if f.slot else f.message for f in worst)
        text = f"{self.service}/{self.environment}: {told}"
        if self.verdict is Verdict.REFUSE:
            raise Refused(text, hint=worst[0].hint, commands=worst[0].commands)
        raise CouldNotKnow(Problem(worst[0].id, text, worst[0].hint, command="".join(worst[0].commands[:1])))
