"""fleet: what every service runs, by the audit store alone; the API is not asked."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from modelgate.domain.errors import SettingsError
from modelgate.domain.fleet import Fleet, FleetSlot, fleet_of, model_facts, retiring
from modelgate.gate.context import Context
from modelgate.store import Store

if TYPE_CHECKING:
    from modelgate.store.fleet import Census

PATIENCE = 150
"""Seconds for each look at the whole store, which may hold ten million rows."""


def fleet(context: Context, store: Store | None = None, *, model: str | None = None, due: int | None = None) -> Fleet:
    """The fleet as it is now; of it who has to do with a model, and what is due within so many days, the most urgent
    first. Raises StoreProblem.

    Of the store only those slots are read that may be meant. Which of them are, is decided as in the whole.
    """
    now, watch = context.clock.now(), context.settings.watch
    horizon, quiet = max(watch.retires_within_days, default=0), timedelta(days=watch.quiet_days)

    def count(census: Census) -> tuple[FleetSlot, ...]:
        models = model_facts(census.sightings())
        names = {model} if model is not None else retiring(models, now, due) if due is not None else None
        states = census.states(names) if names or names is None else ()
        return tuple(fleet_of(states, models, now, due=horizon, quiet=quiet))

    store = store or open_whole(context)
    found = Fleet(now, store.census(now, now - timedelta(days=watch.forget_days), count))
    found = found.of_model(model) if model is not None else found
    return found.due(due) if due is not None else found


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
