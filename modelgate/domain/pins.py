"""Pins and holds: what a slot may run, folded from the rows that were ever added."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, NamedTuple

from modelgate.domain.catalogue import Entry, Facts

Action = Literal["first-use", "accept", "rollback", "release"]


@dataclass(frozen=True, slots=True)
class Pin:
    """One revision of a slot: an approval, or, with the action `rollback`, a hold."""

    slot: str
    revision: int | None
    """1, 2, 3, … within the slot; None for a pin from the lock."""
    action: Action
    model_id: str
    reference: str
    """The reference that the approval is for; of a rollback, the one that was set when it was made."""
    origin: str | None = None
    """The API origin that verified the ID; None if unverified."""
    entry: Entry | None = None
    """The facts when it was pinned; None if unverified."""
    expires_at: datetime | None = None
    """Of a hold."""
    revokes: int | None = None
    """The revision that a rollback leaves."""
    reason: str = ""
    actor: str = ""
    recorded_at: datetime | None = None

    @property
    def is_hold(self) -> bool:
        """Whether this revision holds the slot rather than approves a reference."""
        return self.action == "rollback"


@dataclass(frozen=True, slots=True)
class SlotPins:
    """The present state of one slot. `pins` are the unrevoked approvals, oldest first."""

    slot: str
    pins: tuple[Pin, ...] = ()
    hold: Pin | None = None
    revision: int = 0
    """The newest revision of any action: the version to compare before a write."""

    @property
    def newest(self) -> Pin | None:
        """The newest unrevoked pin."""
        return self.pins[-1] if self.pins else None

    def newest_for(self, reference: str) -> Pin | None:
        """The newest unrevoked pin for `reference`."""
        return next((pin for pin in reversed(self.pins) if pin.reference == reference), None)


def fold(revisions: Iterable[Pin]) -> dict[str, SlotPins]:
    """Folds revisions, oldest first per slot, into the present state by slot.

    A rollback holds its ID and revokes the pin it leaves, however often that same approval was said; a release ends the
    hold and approves; anything else approves.
    """
    state: dict[str, SlotPins] = {}
    for pin in revisions:
        before = state.get(pin.slot, SlotPins(pin.slot))
        pins, hold = (*before.pins, pin), None if pin.action == "release" else before.hold
        if pin.is_hold:
            left = {(p.reference, p.model_id) for p in before.pins if pin.revokes and p.revision == pin.revokes}
            pins, hold = tuple(p for p in before.pins if (p.reference, p.model_id) not in left), pin
        state[pin.slot] = SlotPins(pin.slot, pins, hold, pin.revision or before.revision)
    return state


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
    """The revision of a slot after `newest`, verified by `facts`, unverified without."""
    return Pin(
        slot=slot,
        revision=newest + 1,
        action=action,
        model_id=model_id,
        reference=reference,
        origin=facts.origin if facts else None,
        entry=facts.served(model_id) if facts else None,
        expires_at=expires_at,
        revokes=revokes,
        reason=reason,
    )


def in_force(stored: Mapping[str, SlotPins], locked: Iterable[Pin] | None) -> Mapping[str, SlotPins]:
    """The pins to judge against: the store's, or, where approvals live in git, the lock's under the store's holds."""
    return stored if locked is None else with_lock(stored, locked)


def with_lock(stored: Mapping[str, SlotPins], locked: Iterable[Pin]) -> dict[str, SlotPins]:
    """The lock's pins in place of the store's; a hold of the store still wins."""
    state = {slot: replace(pins, pins=()) for slot, pins in stored.items()}
    for pin in locked:
        state[pin.slot] = replace(state.get(pin.slot, SlotPins(pin.slot)), pins=(pin,))
    return {slot: pins for slot, pins in state.items() if pins.pins or pins.hold}


Rule = Literal["hold", "reference", "renamed", "stay"]
"""`stay`: the newest pin, for another reference, where the policy says to stay on it."""


class Choice(NamedTuple):
    """*p*: the ID that a slot may run, the revision that says so and the rule that found it."""

    pin: Pin
    rule: Rule

    @property
    def model_id(self) -> str:
        """The ID that the slot may run."""
        return self.pin.model_id


def choose(pins: SlotPins, reference: str, resolved: str | None) -> Choice | None:
    """*p* for a slot: the hold, else the newest pin for the reference, else the newest pin if it is what resolves.

    `resolved` is *a*, None where the reference resolves to nothing.
    """
    if pins.hold:
        return Choice(pins.hold, "hold")
    if pin := pins.newest_for(reference):
        return Choice(pin, "reference")
    if pins.newest and pins.newest.model_id == resolved:
        return Choice(pins.newest, "renamed")
    return None
