"""db stats: how much room the audit store takes, and how fast it grows. Asks the store alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from modelgate.domain.errors import SettingsError
from modelgate.domain.storage import Room, Storage
from modelgate.gate.context import Context
from modelgate.store import Store

PATIENCE = 600
"""Seconds for a look at every row."""


def measured(context: Context, before: datetime | None = None) -> Storage:
    """The store of the settings. Raises StoreProblem, and SettingsError where there is none."""
    with context.store(context.deadline(), read_only=True, keeps=True) as store:
        need_store(context, store)
        store.be_patient(PATIENCE)
        return store.storage(context.clock.now(), before)


def need_store(context: Context, store: Store) -> None:
    """Raises SettingsError where there is no file: a look at it makes none."""
    if store.missing:
        raise SettingsError(
            f"there is no audit store at {store.missing}",
            source=str(context.settings.database.source),
            hint="name the store of your gates: MODELGATE_DATABASE_URL, or [database] url in config/default.toml",
        )


def storage_json(found: Storage, before: datetime | None) -> dict[str, Any]:
    """As JSON values: whole bytes, and growth a day over `days`."""
    return {
        "bytes": found.size,
        "days": round(found.days, 1),
        **_room_json(found.total, before),
        "tables": [
            {"table": name, "bytes": round(room.size), **_room_json(room, before)}
            for name, room in found.tables.items()
        ],
        "scopes": [
            {
                "service": scope.service,
                "environment": scope.environment,
                "bytes": round(room.size),
                **_room_json(room, before),
            }
            for scope, room in found.scopes.items()
        ],
    }


def _room_json(room: Room, before: datetime | None) -> dict[str, Any]:
    freed = {"freed_rows": room.freed_rows, "freed_bytes": round(room.freed_size)} if before else {}
    return {"rows": room.rows, "rows_a_day": round(room.rows_a_day, 1), "bytes_a_day": round(room.size_a_day), **freed}
