"""modelgate status"""

from __future__ import annotations

import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING

import click

from modelgate.cli.command import Command
from modelgate.cli.options import data_format, scoped
from modelgate.cli.output import tell
from modelgate.cli.terminal import style_of
from modelgate.domain.text import printable
from modelgate.domain.times import to_the_minute
from modelgate.render.table import table

if TYPE_CHECKING:
    from modelgate.gate.context import Context
    from modelgate.operations.status import SlotStatus, Status


@click.command("status", cls=Command)
@scoped
@data_format
def command(context: Context, form: str) -> int:
    """Show what may run, what is held and what ran last, from the audit store alone.

    Example: modelgate status -e prod
    """
    from modelgate.operations.status import status, status_json

    found = status(context)
    scope = {"service": context.scope.service, "environment": context.scope.environment}
    tell(form, {**scope, **status_json(found)}, _as_text(found, context.clock.now()))
    return 0


def _as_text(found: Status, now: datetime) -> str:
    style = style_of(sys.stdout, os.environ)
    headings = ["slot", "reference", "may run", "since", "by", "held", "days left", "handed over"]
    lines = table(headings, [_cells(slot, now) for slot in found.slots], style)
    lines += [f"evidence of {slot.slot}: {_proofs(slot)}" for slot in found.slots if slot.proofs]
    if found.facts_from:
        lines.append(style.paint(f"days left by what the API said {to_the_minute(found.facts_from)}", "dim"))
    if last := found.last_preflight:
        place = f"on {printable(last.envelope.author.host, 60)}, {last.run.run_id}"
        when = to_the_minute(last.envelope.recorded_at)
        lines.append(f"last passing preflight {when} {place}")
        if last.run.unverified:
            lines.append(style.paint("it ran on grace: the API or the store could not be asked", "yellow"))
    else:
        lines.append("no preflight has passed yet")
    return "\n".join(lines)


def _proofs(slot: SlotStatus) -> str:
    told = [
        f"{need} {proof.row.outcome} {to_the_minute(proof.recorded_at)}" if proof else f"no {need}"
        for need, proof in slot.proofs
    ]
    return printable(", ".join(told), 500)


def _handed_over(slot: SlotStatus) -> str:
    """`=` where it is what the slot may run: the eye finds the differences."""
    if slot.handed_over is None:
        return "-"
    return "=" if slot.handed_over.model_id == slot.model_id else slot.handed_over.model_id


def _cells(slot: SlotStatus, now: datetime) -> list[str]:
    approved, hold = slot.approved, slot.hold
    held = "yes" if hold else "-"
    if hold and hold.expires_at:
        held = f"{'until' if hold.expires_at > now else 'expired'} {to_the_minute(hold.expires_at)}"
    cells = [
        slot.slot,
        slot.reference or "(not in the settings)",
        slot.model_id or "nothing",
        to_the_minute(approved.recorded_at) if approved and approved.recorded_at else "-",
        approved.actor if approved and approved.actor else "-",
        held,
        "-" if slot.days_left is None else str(slot.days_left),
        _handed_over(slot),
    ]
    return cells
