"""What is added to the audit store, as values. `modelgate.store` gives each row its place in the chain."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, NamedTuple

from modelgate.domain.pins import Action

MARK = 32
"""Digits of a fingerprint that rows of form 4 have: every run has them four times, twice in indexes."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One service in one environment: what pins, chains and `--all` are of."""

    service: str
    environment: str

    def __str__(self) -> str:
        return f"{self.service}/{self.environment}"

    @property
    def flags(self) -> str:
        """The options that name it on a command line."""
        service = "" if self.service == "default" else f"-s {self.service} "
        return f"{service}-e {self.environment}"


@dataclass(frozen=True, slots=True)
class Author:
    """Who adds a row, from where and with which version of modelgate."""

    actor: str
    host: str
    """Host or pod."""
    version: str
    commit_sha: str | None = None
    ci_run: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain. Kept elsewhere, it proves later that nothing before it was changed."""

    scope: Scope
    sequence: int
    hash: str

    def __str__(self) -> str:
        return f"{self.scope}:{self.sequence}:{self.hash}"


@dataclass(frozen=True, slots=True)
class RunRow:
    """One execution of `check` or `preflight`."""

    table: ClassVar[str] = "runs"
    run_id: str
    command: str
    """`check`, `preflight`, or `batch`: a preflight of one slot, for work that is about to be sent."""
    verdict: str
    enforced: bool
    exit_code: int
    started_at: datetime
    finished_at: datetime
    slots: str
    """JSON: per slot its reference, source, requirements, what was handed over, and what `domain.terms` records."""
    origin: str | None = None
    requests: int = 0
    facts: str | None = None
    """In rows of form 1 JSON of the facts, where the run asked the API; null in those of form 4, as the three below, so
    that versions that do not know form 4 ask for themselves instead of misreading.
    """
    asked_at: datetime | None = None
    reuse_fingerprint: str | None = None
    grace_fingerprint: str | None = None
    reused_from: str | None = None
    """The run whose facts were judged again."""
    unverified: bool = False
    """True where grace stood in for an answer."""
    lock_commit: str | None = None
    answers: str | None = None
    """JSON of what names meant, where this run asked the API (`codec.Seen`); reuse and grace read it."""
    entries: str | None = None
    """The digests of the entries that it saw."""
    seen_at: datetime | None = None
    """When it asked."""
    reuse_mark: str | None = None
    grace_mark: str | None = None
    """The first `MARK` digits of fingerprints."""
    store_schema: str | None = None
    """What the store said of itself to this run: `store.schema.Schema.witness`."""

    @property
    def form(self) -> int:
        """Older versions of modelgate do not know these columns."""
        later = (self.answers, self.entries, self.seen_at, self.reuse_mark, self.grace_mark, self.store_schema)
        return 1 if all(each is None for each in later) else 4


@dataclass(frozen=True, slots=True)
class ResolutionRow:
    """One recorded answer: this reference of this slot meant this ID at this time."""

    table: ClassVar[str] = "resolutions"
    run_id: str
    slot: str
    reference: str
    outcome: str
    resolved_id: str | None = None
    pinned_id: str | None = None
    handed_off_id: str | None = None
    revision: int | None = None
    held: bool = False
    lifecycle: str | None = None
    retires_at: datetime | None = None
    observed_id: str | None = None
    """What a preflight that observed left running: the held ID, else what the reference meant; None if not known."""

    @property
    def form(self) -> int:
        """Older versions of modelgate do not know what was observed, and would take the row for a changed one."""
        return 1 if self.observed_id is None else 2


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One judged fact of a run."""

    table: ClassVar[str] = "findings"
    run_id: str
    finding: str
    level: str
    message: str
    hint: str
    slot: str | None = None
    source: str | None = None
    waived: bool = False


@dataclass(frozen=True, slots=True)
class PinRow:
    """One revision of a slot."""

    table: ClassVar[str] = "pins"
    slot: str
    revision: int
    action: Action
    reference: str
    model_id: str
    reason: str
    origin: str | None = None
    entry: str | None = None
    """JSON of the entry when it was pinned; None if unverified."""
    expires_at: datetime | None = None
    revokes: int | None = None
    run_id: str | None = None
    """The run that pinned it or that an operator accepted."""


Row = RunRow | ResolutionRow | FindingRow | PinRow


class HandOver(NamedTuple):
    """A slot's ID as a passing preflight handed it over."""

    slot: str
    model_id: str
    reference: str
    recorded_at: datetime
    run_id: str
    host: str
    actor: str
    version: str
    revision: int | None = None
    held: bool = False
    observed: bool = False
    """By a gate that only observes: the application was handed the held ID, else the reference as it was set."""
