"""db: which schema the audit store has, and bringing it up to date. Imports alembic, so import this late."""

from __future__ import annotations

from typing import Any

from modelgate.gate.context import Context
from modelgate.store import connect, migrate
from modelgate.store.database import Database
from modelgate.store.migrate import Plan

__all__ = ["Plan", "plan", "plan_json", "revision", "upgrade"]


def upgrade(context: Context) -> Plan:
    """Creates the store or brings it up to date, and returns what was done. Raises StoreProblem."""
    return migrate.upgrade(_database(context))


def plan(context: Context) -> Plan:
    """What `upgrade` would do, and what is wrong with what is there. Raises StoreProblem."""
    return migrate.plan(_database(context))


def revision(context: Context) -> str | None:
    """The newest migration that ran; None where there is no store. Raises StoreProblem."""
    found = migrate.current(_database(context))
    return found.revision if found else None


def plan_json(planned: Plan) -> dict[str, Any]:
    """The plan as JSON values."""
    steps = [{"revision": s.revision, "title": s.title, "usable_from": s.usable_from} for s in planned.steps]
    more = {"guards": list(planned.guards), "by_hand": list(planned.by_hand)}
    return {"current": planned.current, "steps": steps, "locked_out": list(planned.locked_out), **more}


def _database(context: Context) -> Database:
    context.need_trusted()
    return connect(context.settings.database, deadline=context.deadline(), clock=context.clock)
