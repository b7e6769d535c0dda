"""modelgate status"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from modelgate.cli.options import data_format, scoped
from modelgate.cli.output import say, say_json
from modelgate.domain.text import printable
from modelgate.domain.times import format_instant
from modelgate.render.table import table
from modelgate.terminal import style_of

if TYPE_CHECKING:
    from modelgate.operations.status import SlotStatus, Status
    from modelgate.surroundings import Surroundings


@click.command("status")
@scoped
@data_format
def command(world: Surroundings, form: str) -> int:
    """Show what may run, what is held and what ran last, from the audit store alone.

    Example: modelgate status -e prod
    """
    from modelgate.operations.status import status

    found = status(world)
    if form == "json":
        say_json({"service": world.scope.service, "environment": world.scope.environment, **_as_json(found)})
    else:
        say(_as_text(found))
    return 0


def _as_text(found: Status) -> str:
    style = style_of(sys.stdout, os.environ)
    headings = ["slot", "reference", "may run", "since", "by", "held", "days left", "handed over"]
    lines = table(headings, [_cells(slot) for slot in found.slots], style)
    if found.facts_from:
        lines.append(style.paint(f"days left by what the API said {format_instant(found.facts_from)[:16]}Z", "dim"))
    if last := found.last_preflight:
        place = f"on {printable(last.envelope.author.host, 60)}, {last.run.run_id}"
        when = format_instant(last.envelope.recorded_at)[:16]
        lines.append(f"last passing preflight {when}Z {place}")
        if last.run.unverified:
            lines.append(style.paint("it ran on grace: the API or the store could not be asked", "yellow"))
    else:
        lines.append("no preflight has passed yet")
    return "\n".join(lines)


def _cells(slot: SlotStatus) -> list[str]:
    approved = slot.hold or slot.pin
    expires = slot.hold.expires_at if slot.hold else None
    cells = [
        slot.slot,
        slot.reference or "(not in the settings)",
        slot.model_id or "nothing",
        format_instant(approved.recorded_at)[:16] + "Z" if approved and approved.recorded_at else "-",
        approved.actor if approved and approved.actor else "-",
        ("until " + format_instant(expires)[:16] + "Z" if expires else "yes") if slot.hold else "-",
        "-" if slot.days_left is None else str(slot.days_left),
        slot.handed_over.model_id if slot.handed_over else "-",
    ]
    return [printable(cell) for cell in cells]


def _as_json(found: Status) -> dict[str, Any]:
    last = found.last_preflight
    return {
        "slots": [_slot(slot) for slot in found.slots],
        "last_preflight": last
        and {
            "run_id": last.run.run_id,
            "recorded_at": format_instant(last.envelope.recorded_at),
            "host": last.envelope.author.host,
            "unverified": last.run.unverified,
        },
        "facts_from": found.facts_from and format_instant(found.facts_from),
        "head": found.head and str(found.head),
    }


def _slot(slot: SlotStatus) -> dict[str, Any]:
    approved, hold, handed = slot.hold or slot.pin, slot.hold, slot.handed_over
    return {
        "slot": slot.slot,
        "reference": slot.reference,
        "may_run": slot.model_id,
        "revision": approved.revision if approved else None,
        "held": hold is not None,
        "expires_at": format_instant(hold.expires_at) if hold and hold.expires_at else None,
        "reason": approved.reason if approved else None,
        "actor": approved.actor if approved else None,
        "lifecycle": slot.entry.lifecycle if slot.entry else None,
        "days_left": slot.days_left,
        "handed_off": handed.model_id if handed else None,
        "handed_at": format_instant(handed.recorded_at) if handed else None,
        "host": handed.host if handed else None,
    }
