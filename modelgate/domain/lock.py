"""Whether settings and lock agree: approvals in git are for the references that the settings ask for, and no others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from modelgate.domain.findings import Finding, Level
from modelgate.domain.pins import Pin
from modelgate.domain.settings import Slot
from modelgate.domain.source import Source
from modelgate.domain.text import short


def stale(slots: Iterable[Slot], pins: Iterable[Pin], environment: str) -> tuple[Finding, ...]:
    """`settings.lock-stale` for each slot on which settings and lock disagree; settings order, then the lock's."""
    locked = {pin.slot: pin for pin in pins}
    asked = {slot.name: slot for slot in slots}
    return tuple(_disagreements(asked, locked, f"modelgate lock -e {environment}, then commit it"))


def _disagreements(asked: dict[str, Slot], locked: dict[str, Pin], hint: str) -> Iterator[Finding]:
    for slot in asked.values():
        pin = locked.get(slot.name)
        if pin is None:
            yield _finding(slot.name, "the lock has no ID for it", hint, slot.source)
        elif pin.reference != slot.reference:
            yield _finding(slot.name, f"the lock is for {short(pin.reference, 26)}", hint, slot.source)
    for name in (name for name in locked if name not in asked):
        yield _finding(name, "is in the lock, but not in the settings", hint, None)


def _finding(slot: str, what: str, hint: str, source: Source | None) -> Finding:
    return Finding("settings.lock-stale", Level.REFUSE, f"{short(slot, 32)}: {what}", hint, slot, source)
