"""Retirements as a calendar (RFC 5545). An event keeps its UID when its date moves, so that calendars move it, too."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from hashlib import sha256

from modelgate.domain.fleet import Fleet, FleetSlot
from modelgate.domain.text import printable

CONTENT_TYPE = "text/calendar; charset=utf-8"
_LINE = 75
"""Octets of a line, after which it is folded (RFC 5545, 3.1)."""
_MOST_NAMED = 20


def as_calendar(fleet: Fleet) -> str:
    """An event of a whole day for each model that somebody runs and that has a date of retirement."""
    events: dict[str, list[FleetSlot]] = defaultdict(list)
    for slot in fleet.slots:
        if slot.model and slot.facts and slot.facts.retires_at:
            events[slot.model].append(slot)
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//modelgate//fleet//EN", "X-WR-CALNAME:Model retirements"]
    for model in sorted(events):
        lines += _event(model, events[model], f"{fleet.seen_at:%Y%m%dT%H%M%SZ}")
    return "".join(_folded(line) for line in [*lines, "END:VCALENDAR"])


def _event(model: str, slots: list[FleetSlot], stamp: str) -> list[str]:
    # Origins may differ about a date; the earliest is the one that surprises nobody.
    day = min(_day(slot) for slot in slots)
    services = len({slot.scope for slot in slots})
    named = [f"{slot.scope} {slot.slot}" for slot in slots[:_MOST_NAMED]]
    more = [f"and {len(slots) - _MOST_NAMED} more"] if len(slots) > _MOST_NAMED else []
    place = "1 place" if services == 1 else f"{services} places"
    return [
        "BEGIN:VEVENT",
        f"UID:{sha256(model.encode()).hexdigest()[:32]}@retirements.modelgate",
        f"DTSTAMP:{stamp}",
        f"DTSTART;VALUE=DATE:{day:%Y%m%d}",
        f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}",
        f"SUMMARY:{_text(f'{printable(model)} retires, used in {place}')}",
        f"DESCRIPTION:{_text(chr(10).join(map(printable, named + more)))}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _day(slot: FleetSlot) -> date:
    assert slot.facts is not None  # noqa: S101 # only such slots make an event
    assert slot.facts.retires_at is not None  # noqa: S101 # as above
    return slot.facts.retires_at.date()


def _text(value: str) -> str:
    return value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> str:
    pieces, room = [b""], _LINE
    for char in line:
        octets = char.encode()
        if len(pieces[-1]) + len(octets) > room:
            pieces.append(b"")
            room = _LINE - 1  # the space that continues the line
        pieces[-1] += octets
    return "\r\n ".join(piece.decode() for piece in pieces) + "\r\n"
