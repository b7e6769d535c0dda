"""modelgate history"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING

import click

from modelgate.cli.command import Command
from modelgate.cli.options import Instant, completed_by, data_format, scoped
from modelgate.cli.output import tell
from modelgate.cli.terminal import style_of
from modelgate.domain.errors import UsageError
from modelgate.domain.text import printable
from modelgate.domain.times import to_the_minute
from modelgate.render.table import hanging

if TYPE_CHECKING:
    from modelgate.domain.history import Event
    from modelgate.domain.rows import HandOver
    from modelgate.gate.context import Context


@click.command("history", cls=Command)
@click.argument("slot", required=False, shell_complete=completed_by("slots"))
@click.option("--at", type=Instant(), metavar="T", help="What ran then, one line a slot.")
@click.option("--since", type=Instant(), metavar="T", help="Only what happened since then.")
@click.option(
    "--limit", type=click.IntRange(1, 1_000_000), default=50, show_default=True, help="How many events at the most."
)
@scoped
@data_format
def command(
    context: Context, slot: str | None, at: datetime | None, since: datetime | None, limit: int, output_format: str
) -> int:
    """Show who changed what, when and why, and what was handed over, newest first.

    Example: modelgate history summarizer -e prod --at 2026-03-12T14:00Z
    """
    from modelgate.operations import history as operations

    if at and since:
        raise UsageError("--at and --since exclude each other", hint="--at: one moment; --since: from then on")
    if at:
        handed = operations.ran_at(context, slot, at)
        lines = _fitting(map(_handed_line, handed)) or f"nothing had been handed over by {to_the_minute(at)}"
        tell(output_format, [operations.hand_over_json(each) for each in handed], lines)
        return 0
    events = operations.history(context, slot, since, limit)
    lines = _fitting(line for event in events for line in _event_lines(event))
    nothing = f"nothing was recorded{f' of {printable(slot)}' if slot else ''}"
    tell(output_format, [operations.event_json(event) for event in events], lines or nothing)
    return 0


def _fitting(lines: Iterable[str]) -> str:
    style = style_of(sys.stdout, os.environ)
    return "\n".join(part for line in lines for part in hanging(line, style))


def _handed_line(handed: HandOver) -> str:
    held = " (held)" if handed.held else ""
    told = f"{handed.slot}: {handed.model_id}{held}, handed over {to_the_minute(handed.recorded_at)} on {handed.host}"
    return printable(f"{told}, {handed.run_id}", 500)


def _event_lines(event: Event) -> list[str]:
    author, expires = event.envelope.author, event.expires_at
    if event.action:
        revokes = f", revokes {event.revokes}" if event.revokes else ""
        until = f", until {to_the_minute(expires)}" if expires else ""
        what = f"{event.action} revision {event.revision}: {event.model_id} for {event.reference}{revokes}{until}"
    elif proof := event.evidence:
        told = f" ({proof.told})" if proof.told else ""
        what = f"evidence {proof.suite} {proof.outcome}: {event.model_id}{told}"
    else:
        held = " (held)" if event.held else ""
        verb = "observed" if event.observed else "handed over"
        what = f"{verb} {event.model_id}{held}" + (f" after {event.before}" if event.before else "")
    host = None if author.actor.endswith(f"@{author.host}") else author.host
    where = [author.actor, host, author.commit_sha and f"commit {author.commit_sha[:12]}", author.ci_run]
    by = ", ".join(part for part in (*where, f"modelgate {author.version}", event.run_id) if part)
    lines = [f"{to_the_minute(event.envelope.recorded_at)}  {event.slot}  {what}"]
    lines += [f"    why: {event.reason}"] if event.reason else []
    return [printable(line, 500) for line in [*lines, f"    by {by}"]]
