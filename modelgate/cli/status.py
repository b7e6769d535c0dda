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
from modelgate.domain import command_line
from modelgate.domain.text import printable
from modelgate.domain.times import to_the_minute
from modelgate.render.table import table

if TYPE_CHECKING:
    from modelgate.domain.rows import Scope
    from modelgate.gate.context import Context
    from modelgate.operations.status import SlotStatus, Status
    from modelgate.render.style import Style

_WIDE = 100
"""Columns from which on a table tells more than blocks would, though not all."""


@click.command("status", cls=Command)
@scoped
@data_format
def command(context: Context, output_format: str) -> int:
    """Show what may run, what is held and what ran last, from the audit store alone.

    Example: modelgate status -e prod
    """
    from modelgate.operations.status import status, status_json

    found = status(context)
    scope = {"service": context.scope.service, "environment": context.scope.environment}
    style = style_of(sys.stdout, os.environ)
    tell(output_format, {**scope, **status_json(found)}, as_text(found, context.clock.now(), context.scope, style))
    return 0


def as_text(found: Status, now: datetime, scope: Scope, style: Style) -> str:
    """The slots as a table, as blocks where that is too wide; and what ran last."""
    headings = ["slot", "reference", "may run", "since", "by", "held", "days left", "handed over"]
    less = ("by", "since") if (style.width or 0) >= _WIDE else ()  # where it is narrow, blocks tell everything
    lines = table(headings, [_cells(slot, now) for slot in found.slots], style, expendable=less)
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
    for slot in found.slots:
        if slot.ends:
            to = f"move to {printable(slot.successor)}" if slot.successor else "plan the move"
            lines += [
                f"→ {slot.slot}: {to}",
                style.paint(f"  {command_line.command(scope, 'upgrade', slot.slot)}", "cyan"),
            ]
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


def _days_left(slot: SlotStatus) -> str:
    """`-` where no date is set or there is no ID, `?` where no facts of it were ever recorded or they have no date."""
    if slot.days_left is not None:
        return str(slot.days_left)
    known = slot.model_id is None or (slot.entry is not None and slot.entry.retires_known)
    return "-" if known else "?"


def _cells(slot: SlotStatus, now: datetime) -> list[str]:
    approved, hold = slot.approved, slot.hold
    held = "yes" if hold else "-"
    if hold and hold.expires_at:
        held = f"{'until' if hold.expires_at > now else 'expired'} {to_the_minute(hold.expires_at)}"
    cells = [
        slot.slot,
        slot.reference or (f"? (${slot.variable})" if slot.variable else "(not in the settings)"),
        slot.model_id or "nothing",
        to_the_minute(approved.recorded_at) if approved and approved.recorded_at else "-",
        approved.actor if approved and approved.actor else "-",
        held,
        _days_left(slot),
        _handed_over(slot),
    ]
    return cells
