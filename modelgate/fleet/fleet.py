"""fleet: what every service runs, by the audit store alone; the API is not asked."""

from __future__ import annotations

from datetime import timedelta

from modelgate.domain.errors import SettingsError
from modelgate.domain.fleet import Fleet, fleet_of
from modelgate.gate.context import Context
from modelgate.store import Store

PATIENCE = 150
"""Seconds for each look at the whole store, which may hold ten million rows."""


def fleet(context: Context, store: Store | None = None) -> Fleet:
    """The fleet as it is now. Raises StoreProblem."""
    now, watch = context.clock.now(), context.settings.watch
    store = store or open_whole(context)
    states = store.fleet(now, now - timedelta(days=watch.forget_days))
    due = max(watch.retires_within_days, default=0)
    return fleet_of(states, now, due=due, quiet=timedelta(days=watch.quiet_days))


def open_whole(context: Context, *, read_only: bool = True) -> Store:
    """The store, for statements that look at all of it. Raises StoreProblem, and SettingsError where there is none:
    nobody looks at a fleet that nobody recorded.
    """
    store = context.store(context.deadline(), read_only=read_only)
    if store.missing:
        source = str(context.settings.database.source)
        hint = "name the store of your gates: MODELGATE_DATABASE_URL, or [database] url in config/default.toml"
        raise SettingsError(f"there is no audit store at {store.missing}", source=source, hint=hint)
    store.be_patient(PATIENCE)
    return store
