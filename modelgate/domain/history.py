"""What the audit store remembers, as values. `modelgate.store` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from modelgate.domain.catalogue import Facts
from modelgate.domain.pins import Action, Pin, SlotPins
from modelgate.domain.rows import Author, HandOver, Head, ResolutionRow, RunRow, Scope

if TYPE_CHECKING:
    from modelgate.domain.evidence import EvidenceRow

RECENT_RESOLUTIONS = 300
"""How many of the newest resolutions are asked which references are aliases."""
CANDIDATES = 20
"""How many of the newest runs with facts are looked at for some that serve."""


@dataclass(frozen=True, slots=True)
class State:
    """The present of one service in one environment, read at one instant."""

    pins: Mapping[str, SlotPins] = field(default_factory=dict)
    """By slot, also of slots that are no longer in the settings."""
    promoted: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    """(slot, ID) to when `promote_from` began to hand it over, counted anew after a rollback there left that ID."""
    now: datetime | None = None
    """By the clock of the database server, where a promotion was asked for; None where there is no such clock."""
    known_aliases: frozenset[str] = frozenset()
    """References whose last recorded resolution was another name than their own."""

    @property
    def revisions(self) -> dict[str, int]:
        """The newest revision by slot: what a later `append` hands in as `expect`."""
        return {slot: pins.revision for slot, pins in self.pins.items()}


class StoredFacts(NamedTuple):
    """Facts that an earlier run asked for."""

    run_id: str
    facts: Facts
    asked_at: datetime


class Envelope(NamedTuple):
    """A row's place in its chain, and who added it."""

    scope: Scope
    sequence: int
    recorded_at: datetime
    """Never earlier than that of the row before."""
    clock_at: datetime
    """What the author's clock said."""
    author: Author
    database_user: str | None
    """The database's own word for who added it; None on SQLite."""


class StoredRun(NamedTuple):
    """A recorded run."""

    envelope: Envelope
    run: RunRow
    resolutions: tuple[ResolutionRow, ...] = ()


class Standing(NamedTuple):
    """How one service in one environment stands, read at one instant."""

    handed_over: tuple[HandOver, ...]
    """The newest of each slot, by slot."""
    revisions: tuple[Pin, ...]
    """All of them, oldest first."""
    facts: StoredFacts | None
    """The newest."""
    last_preflight: StoredRun | None
    """The newest that passed."""
    head: Head | None
    """The end of the chain; None if nothing was ever recorded."""


class Event(NamedTuple):
    """One step of a slot's history: a revision (`action` is set), what was shown of an ID (`evidence` is set), or the
    first hand-over of another ID than before.
    """

    envelope: Envelope
    slot: str
    model_id: str
    reference: str
    action: Action | None = None
    """None: a hand-over."""
    before: str | None = None
    """Of a hand-over: the ID that was handed over before."""
    revision: int | None = None
    reason: str = ""
    expires_at: datetime | None = None
    revokes: int | None = None
    held: bool = False
    observed: bool = False
    """Not handed over: what a gate that only observed left running."""
    evidence: EvidenceRow | None = None
    """Neither: what was shown of the ID."""
    run_id: str | None = None
