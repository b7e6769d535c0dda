"""Whether settings and lock agree: approvals in git are for the references that the settings ask for, and no others."""

from __future__ import annotations

from collections.abc import Iterable

from modelgate.domain.findings import Finding, Level
from modelgate.domain.pins import Pin
from modelgate.domain.rows import Scope
from modelgate.domain.settings import Slot, UnsetSlot
from modelgate.domain.text import short


def stale(
    slots: Iterable[Slot], pins: Iterable[Pin], scope: Scope, *, unset: Iterable[UnsetSlot] = ()
) -> tuple[Finding, ...]:
    """`settings.lock-stale` for each slot on which settings and lock disagree; settings order, then the lock's.

    Whether they agree on an `unset` slot cannot be told here: it only has to be in the lock.
    """
    locked = {pin.slot: pin for pin in pins}
    asked = {slot.name: slot for slot in slots} | {each.name: each.slot for each in unset}
    found = {}
    for name, slot in asked.items():
        if name not in locked:
            found[name] = "the lock has no ID for it"
        elif slot.reference and locked[name].reference != slot.reference:
            found[name] = f"asks for {short(slot.reference, 26)}; the lock is for {short(locked[name].reference, 26)}"
    found |= {name: "is in the lock, but not in the settings" for name in locked if name not in asked}
    hint = f"modelgate lock {scope.flags}, then commit it"
    sources = {name: slot.source for name, slot in asked.items()}
    return tuple(
        Finding("settings.lock-stale", Level.REFUSE, message, hint, name, sources.get(name))
        for name, message in found.items()
    )
