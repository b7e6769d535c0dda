"""modelgate history"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from modelgate.cli.options import Instant, data_format, scoped
from modelgate.cli.output import say, say_json
from modelgate.domain.text import printable
from modelgate.domain.times import format_instant
from modelgate.errors import UsageError

if TYPE_CHECKING:
    from modelgate.domain.history import Event
    from modelgate.domain.rows import HandOver
    from modelgate.surroundings import Surroundings


@click.command("history")
@click.argument("slot", required=False)
@click.option("--at", type=Instant(), metavar="T", help="What ran then, one line a slot.")
@click.option("--since", type=Instant(), metavar="T", help="Only what happened since then.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True, help="How many events at the most.")
@scoped
@data_format
def command(
    world: Surroundings, slot: str | None, at: datetime | None, since: datetime | None, limit: int, form: str
) -> int:
    """Show who changed what, when and why, and what was handed over, newest first.

    Example: modelgate history summarizer -e prod --at 2026-03-12T14:00Z
    """
    if at and since:
        raise UsageError("--at and --since exclude each other", hint="--at: one moment; --since: from then on")
    store = world.store(world.deadline(), read_only=True)
    if at:
        handed = [h for h in store.handed_over_at(world.scope, at) if slot in (None, h.slot)]
        if form == "json":
            say_json([_handed_json(h) for h in handed])
        else:
            say("\n".join(map(_handed_line, handed)) or f"nothing had been handed over by {_minute(at)}")
        return 0
    events = store.history(world.scope, slot=slot, since=since, limit=limit)
    if form == "json":
        say_json([_event_json(event) for event in events])
    else:
        say("\n".join(line for event in events for line in _event_lines(event)) or "nothing was recorded")
    return 0


def _minute(instant: datetime) -> str:
    return format_instant(instant)[:16] + "Z"


def _handed_line(handed: HandOver) -> str:
    held = " (held)" if handed.held else ""
    told = f"{handed.slot}: {handed.model_id}{held}, handed over {_minute(handed.recorded_at)} on {handed.host}"
    return printable(f"{told}, {handed.run_id}", 500)


def _event_lines(event: Event) -> list[str]:
    author, expires = event.envelope.author, event.expires_at
    if event.action:
        revokes = f", revokes {event.revokes}" if event.revokes else ""
        until = f", until {_minute(expires)}" if expires else ""
        what = f"{event.action} revision {event.revision}: {event.model_id} for {event.reference}{revokes}{until}"
    else:
        held = " (held)" if event.held else ""
        what = f"handed over {event.model_id}{held}" + (f" after {event.before}" if event.before else "")
    host = None if author.actor.endswith(f"@{author.host}") else author.host
    where = [author.actor, host, author.commit_sha and f"commit {author.commit_sha[:12]}", author.ci_run]
    by = ", ".join(part for part in (*where, f"modelgate {author.version}", event.run_id) if part)
    lines = [f"{_minute(event.envelope.recorded_at)}  {event.slot}  {what}"]
    lines += [f"    why: {event.reason}"] if event.reason else []
    return [printable(line, 500) for line in [*lines, f"    by {by}"]]


def _handed_json(handed: HandOver) -> dict[str, Any]:
    return {
        "slot": handed.slot,
        "id": handed.model_id,
        "reference": handed.reference,
        "handed_at": format_instant(handed.recorded_at),
        "revision": handed.revision,
        "held": handed.held,
        "run_id": handed.run_id,
        "host": handed.host,
        "actor": handed.actor,
        "version": handed.version,
    }


def _event_json(event: Event) -> dict[str, Any]:
    envelope, author = event.envelope, event.envelope.author
    return {
        "sequence": envelope.sequence,
        "recorded_at": format_instant(envelope.recorded_at),
        "slot": event.slot,
        "action": event.action or "hand-over",
        "id": event.model_id,
        "reference": event.reference,
        "before": event.before,
        "revision": event.revision,
        "revokes": event.revokes,
        "expires_at": format_instant(event.expires_at) if event.expires_at else None,
        "held": event.held,
        "reason": event.reason,
        "run_id": event.run_id,
        "actor": author.actor,
        "database_user": envelope.database_user,
        "host": author.host,
        "commit": author.commit_sha,
        "ci_run": author.ci_run,
        "version": author.version,
    }
