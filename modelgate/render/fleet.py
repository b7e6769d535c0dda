"""The fleet as text, Markdown and JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from modelgate.domain.fleet import MARKS, SCHEMA, Fleet, FleetSlot, Look, Mark
from modelgate.domain.rows import HandOver
from modelgate.domain.text import printable
from modelgate.domain.times import format_instant, to_the_minute
from modelgate.render.style import Colour, Style
from modelgate.render.table import table

HEADINGS = ("state", "service/environment", "slot", "reference", "runs", "since", "days left", "held")
COLOURS: dict[Mark, Colour] = {
    "retired": "red", "refused": "red", "unknown": "magenta", "due": "yellow", "held": "cyan", "silent": "dim",
    "ok": "green",
}  # fmt: skip


def as_text(fleet: Fleet, style: Style, model_id: str | None = None) -> str:
    """A table, and a line that sums it up."""
    lines = table(HEADINGS, [_cells(slot, model_id) for slot in fleet.slots], style, _colours(fleet.slots))
    return "\n".join([*lines, summary(fleet)])


def as_markdown(fleet: Fleet, model_id: str | None = None) -> str:
    """A table for a page of a wiki, a comment or a job's summary."""
    rows = [_cells(slot, model_id) for slot in fleet.slots]
    lines = [f"| {' | '.join(HEADINGS)} |", "|---" * len(HEADINGS) + "|"]
    lines += [f"| {' | '.join(_markdown(cell) for cell in row)} |" for row in rows]
    return "\n".join([*(lines if rows else []), "", summary(fleet)]).lstrip()


def summary(fleet: Fleet) -> str:
    """`12 slots of 5 services: 1 retired, 2 due, 9 ok`."""
    counts = Counter(slot.mark for slot in fleet.slots)
    told = ", ".join(f"{counts[mark]} {mark}" for mark in MARKS if counts[mark]) or "nothing"
    services = len({slot.scope.service for slot in fleet.slots})
    return f"{_number(len(fleet.slots), 'slot')} of {_number(services, 'service')}: {told}"


def as_json(fleet: Fleet, model_id: str | None = None) -> str:
    """`modelgate.fleet/1`, as `render/fleet.schema.json` describes it: a line for each slot."""
    return "\n".join(json_lines(fleet, model_id))


def json_lines(fleet: Fleet, model_id: str | None = None) -> Iterator[str]:
    """The same line by line, for whoever holds a fleet but not all of its text."""
    yield from ("{", f'  "schema": "{SCHEMA}",', f'  "seen_at": "{format_instant(fleet.seen_at)}",', '  "slots": [')
    last = len(fleet.slots)
    for number, slot in enumerate(fleet.slots, 1):
        yield f"    {json.dumps(slot_json(slot, fleet.seen_at, model_id))}{',' if number < last else ''}"
    yield from ("  ]", "}")


def slot_json(slot: FleetSlot, seen_at: datetime, model_id: str | None = None) -> dict[str, Any]:
    """One slot; with `model_id` also how it has to do with that."""
    facts, latest = slot.facts, slot.handed[0] if slot.handed else None
    told: dict[str, Any] = {
        "service": slot.scope.service,
        "environment": slot.scope.environment,
        "slot": slot.slot,
        "state": slot.mark,
        "reference": slot.reference,
        "resolved": slot.resolved,
        "may_run": slot.may_run,
        "held": slot.held,
        "held_until": _instant(slot.held_until),
        "handed_off": latest.model_id if latest else None,
        "handed_at": _instant(latest.recorded_at if latest else None),
        "host": latest.host if latest else None,
        "hosts_24h": slot.hosts,
        "enforced": slot.enforced,
        "lifecycle": facts.lifecycle if facts else None,
        "retires_at": _instant(facts.retires_at if facts else None),
        "days_left": slot.days_left,
        "facts_at": _instant(facts.known_at if facts else None),
        "facts_age_seconds": int((seen_at - facts.known_at).total_seconds()) if facts else None,
        "verdicts": {verb: _verdict(look) for verb, look in sorted(slot.verdicts.items())},
        "handed_before": [_handed(each) for each in slot.handed[1:]],
    }
    if model_id is not None:
        told["concerned"] = {
            "may_run": slot.may_run == model_id,
            "asks": model_id in (slot.reference, slot.resolved),
            "handed_at": _instant(slot.handed_at(model_id)),
        }
    return told


def _cells(slot: FleetSlot, model_id: str | None) -> list[str]:
    at = slot.handed_at(model_id or slot.model or "")
    since = to_the_minute(at) if at else "-"
    held = "-" if not slot.held else to_the_minute(slot.held_until) if slot.held_until else "yes"
    runs = slot.model or "-"
    if model_id and slot.model != model_id and at:
        runs = f"{runs} (before: {model_id})"
    cells = [slot.mark, str(slot.scope), slot.slot, slot.reference, runs, since, slot.left, held]
    return [printable(cell) for cell in cells]


def _colours(slots: Sequence[FleetSlot]) -> list[Colour]:
    return [COLOURS[slot.mark] for slot in slots]


def _markdown(cell: str) -> str:
    escaped = "".join(f"\\{char}" if char in r"\`*_[]<>|#" else char for char in cell)
    return escaped.replace("@", "&#64;")


def _verdict(look: Look) -> dict[str, Any]:
    return {
        "verdict": look.verdict,
        "at": format_instant(look.recorded_at),
        "run_id": look.run_id,
        "enforced": look.enforced,
    }


def _handed(each: HandOver) -> dict[str, Any]:
    return {"id": each.model_id, "at": format_instant(each.recorded_at), "host": each.host}


def _instant(moment: datetime | None) -> str | None:
    return format_instant(moment) if moment else None


def _number(count: int, one: str) -> str:
    return f"{count} {one}" if count == 1 else f"{count} {one}s"
