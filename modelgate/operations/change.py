"""A change of pins: what accept, rollback and release write and show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from modelgate.checks.judgement import Judgement
from modelgate.domain.catalogue import Entry, Facts
from modelgate.domain.pins import Action, Pin
from modelgate.domain.rows import Head, PinRow, Scope
from modelgate.gate.record import entry_text


@dataclass(frozen=True, slots=True)
class Change:
    """One slot before and after. `before` is None where it could run nothing."""

    pin: Pin
    before: str | None

    @property
    def moves(self) -> bool:
        """Whether the slot runs another ID than before."""
        return self.pin.model_id != self.before


@dataclass(frozen=True, slots=True)
class Changed:
    """What an operation did, or would do where `head` is None."""

    scope: Scope
    changes: tuple[Change, ...]
    outlook: Judgement
    """What the next preflight will do."""
    head: Head | None = None
    unchanged: tuple[str, ...] = ()
    """Slots for which there was nothing to do."""
    notes: tuple[str, ...] = ()


def approval(
    slot: str,
    newest: int,
    action: Action,
    model_id: str,
    reference: str,
    facts: Facts | None,
    reason: str,
    *,
    expires_at: datetime | None = None,
    revokes: int | None = None,
) -> Pin:
    """The next revision of a slot, verified by `facts`, unverified without."""
    entry: Entry | None = facts.served(model_id) if facts else None
    return Pin(
        slot=slot,
        revision=newest + 1,
        action=action,
        model_id=model_id,
        reference=reference,
        origin=facts.origin if facts else None,
        entry=entry,
        expires_at=expires_at,
        revokes=revokes,
        reason=reason,
    )


def row(pin: Pin, run_id: str | None = None) -> PinRow:
    """The pin as it is added to the store."""
    return PinRow(
        slot=pin.slot,
        revision=pin.revision or 0,
        action=pin.action,
        reference=pin.reference,
        model_id=pin.model_id,
        reason=pin.reason,
        origin=pin.origin,
        entry=entry_text(pin.entry),
        expires_at=pin.expires_at,
        revokes=pin.revokes,
        run_id=run_id,
    )
