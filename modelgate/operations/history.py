"""history: who changed what, when and why, and what was handed over. Asks the store alone, never the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from modelgate.domain.history import Event
from modelgate.domain.rows import HandOver
from modelgate.domain.times import format_instant
from modelgate.gate.context import Context


def history(context: Context, slot: str | None, since: datetime | None, limit: int) -> tuple[Event, ...]:
    """At most `limit` events, newest first, of one slot or of all. Raises StoreProblem."""
    with context.store(context.deadline(), read_only=True, keeps=True) as store:
        return store.history(context.scope, slot=slot, since=since, limit=limit)


def ran_at(context: Context, slot: str | None, at: datetime) -> tuple[HandOver, ...]:
    """What had been handed over last by then, of one slot or of all. Raises StoreProblem."""
    with context.store(context.deadline(), read_only=True, keeps=True) as store:
        handed = store.handed_over_at(context.scope, at)
    return tuple(each for each in handed if slot in (None, each.slot))


def newest_runs(context: Context, limit: int) -> tuple[str, ...]:
    """The IDs of the newest runs, newest first. Raises StoreProblem."""
    return context.store(context.deadline(), read_only=True).run_ids(context.scope, limit)


def _action(event: Event) -> str:
    if event.evidence:
        return "evidence"
    return event.action or ("observed" if event.observed else "hand-over")


def event_json(event: Event) -> dict[str, Any]:
    """The event as JSON values; instants are ISO 8601 in UTC."""
    envelope, author = event.envelope, event.envelope.author
    return {
        "sequence": envelope.sequence,
        "recorded_at": format_instant(envelope.recorded_at),
        "slot": event.slot,
        "action": _action(event),
        "id": event.model_id,
        "reference": event.reference,
        "before": event.before,
        "revision": event.revision,
        "revokes": event.revokes,
        "expires_at": format_instant(event.expires_at) if event.expires_at else None,
        "held": event.held,
        "reason": event.reason,
        "suite": event.evidence.suite if event.evidence else None,
        "outcome": event.evidence.outcome if event.evidence else None,
        "run_id": event.run_id,
        "actor": author.actor,
        "database_user": envelope.database_user,
        "host": author.host,
        "commit": author.commit_sha,
        "ci_run": author.ci_run,
        "version": author.version,
    }


def hand_over_json(handed: HandOver) -> dict[str, Any]:
    """The hand-over as JSON values."""
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
