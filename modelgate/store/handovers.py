"""What was handed over, when: looks that hop along one index from ID to ID, never over the rows between."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, TextClause, select, text

from modelgate.domain.rows import HandOver, Scope
from modelgate.store import places
from modelgate.store.places import within
from modelgate.store.tables import pins, resolutions, runs

HANDED = "service = :service AND environment = :environment AND handed_off_id IS NOT NULL"
PAIRS = f"""
WITH RECURSIVE slots(slot) AS (
  SELECT min(slot) FROM resolutions WHERE {HANDED}
  UNION ALL
  SELECT (SELECT min(slot) FROM resolutions WHERE {HANDED} AND slot > slots.slot) FROM slots WHERE slot IS NOT NULL
), pairs(slot, id) AS (
  SELECT slot, (SELECT min(handed_off_id) FROM resolutions WHERE {HANDED} AND slot = slots.slot)
  FROM slots WHERE slot IS NOT NULL
  UNION ALL
  SELECT slot, (SELECT min(handed_off_id) FROM resolutions
                WHERE {HANDED} AND slot = pairs.slot AND handed_off_id > pairs.id)
  FROM pairs WHERE id IS NOT NULL
)"""  # noqa: S608 # our own names; values are bound
"""Every slot and ID of a hand-over, found by looking again and again for the next one in the index."""
_PLACE = f"""{PAIRS}
SELECT (SELECT %s(sequence) FROM resolutions
        WHERE {HANDED} AND slot = pairs.slot AND handed_off_id = pairs.id AND sequence %s :bound) AS sequence
FROM pairs WHERE id IS NOT NULL AND slot = coalesce(:slot, slot)
"""  # noqa: S608 # as above
_NEWEST_BEFORE = text(_PLACE % ("max", "<"))
_OLDEST = text(_PLACE % ("min", ">="))
NO_END = 2**62
IN_ONE_GO = 500
"""Rows that are fetched with one statement."""


def newest(connection: Connection, scope: Scope, *, slot: str | None = None, before: int = NO_END) -> list[Row[Any]]:
    """For each slot, or one, and ID its newest hand-over with a sequence below `before`, newest first."""
    return sorted(_each(connection, scope, _NEWEST_BEFORE, before, slot), key=lambda row: -row.sequence)


def _each(connection: Connection, scope: Scope, query: TextClause, bound: int, slot: str | None) -> list[Row[Any]]:
    values = {"service": scope.service, "environment": scope.environment, "bound": bound, "slot": slot}
    return at_places(connection, scope, connection.execute(query, values).scalars().all())


def at_places(connection: Connection, scope: Scope, places: Iterable[int | None]) -> list[Row[Any]]:
    """The resolutions at these places of the chain."""
    known = [place for place in places if place is not None]
    found: list[Row[Any]] = []
    for start in range(0, len(known), IN_ONE_GO):
        wanted = resolutions.c.sequence.in_(known[start : start + IN_ONE_GO])
        found += connection.execute(select(resolutions).where(within(resolutions, scope), wanted))
    return found


def oldest(connection: Connection, scope: Scope, slot: str, model_id: str, *, after: int = 0) -> Row[Any] | None:
    """The first hand-over of an ID to a slot with a sequence above `after`."""
    it = (resolutions.c.slot == slot, resolutions.c.handed_off_id == model_id, resolutions.c.sequence > after)
    return connection.execute(select(resolutions).where(places.oldest(resolutions, scope, *it))).one_or_none()


def hand_over(row: Row[Any]) -> HandOver:
    """The hand-over that a resolution's row records."""
    return HandOver(
        slot=row.slot,
        model_id=row.handed_off_id,
        reference=row.reference,
        recorded_at=row.recorded_at,
        run_id=row.run_id,
        host=row.host,
        actor=row.actor,
        version=row.version,
        revision=row.revision,
        held=row.held,
    )


def previous(connection: Connection, scope: Scope, slot: str, present: str | None) -> HandOver | None:
    """The newest hand-over of another ID than `present` that no rollback has left since."""
    left = _left(connection, scope)
    for row in newest(connection, scope, slot=slot):
        if row.handed_off_id != present and left.get((slot, row.handed_off_id), 0) < row.sequence:
            return hand_over(row)
    return None


def ever(connection: Connection, scope: Scope, slot: str, model_id: str) -> bool:
    """Whether the slot was ever handed this ID."""
    return oldest(connection, scope, slot, model_id) is not None


def at(connection: Connection, scope: Scope, instant: datetime | None) -> tuple[HandOver, ...]:
    """The newest hand-over of each slot at or before `instant` (None: of all), by slot."""
    latest: dict[str, Row[Any]] = {}
    before = first_run(connection, scope, runs.c.recorded_at > instant) if instant else NO_END
    for row in newest(connection, scope, before=before):
        latest.setdefault(row.slot, row)
    return tuple(hand_over(latest[slot]) for slot in sorted(latest))


def first_run(connection: Connection, scope: Scope, is_late_enough: ColumnElement[bool]) -> int:
    """The sequence of the first run that was recorded late enough: recorded times never step back along a chain."""
    later = select(runs.c.sequence).where(within(runs, scope), is_late_enough)
    return connection.execute(later.order_by(runs.c.recorded_at, runs.c.sequence).limit(1)).scalar() or NO_END


def promoted(connection: Connection, scope: Scope) -> dict[tuple[str, str], datetime]:
    """(slot, ID) to when the scope began to hand it over; after a rollback left the ID, when it began again."""
    since = {(row.slot, row.handed_off_id): row for row in _each(connection, scope, _OLDEST, 0, None)}
    for key, left in _left(connection, scope).items():
        if key in since and since[key].sequence < left:
            del since[key]
            if again := oldest(connection, scope, *key, after=left):
                since[key] = again
    return {key: row.recorded_at for key, row in since.items()}


def _left(connection: Connection, scope: Scope) -> dict[tuple[str, str], int]:
    """(slot, ID) to the sequence of the last rollback that left the ID: a pin that it revoked, or an earlier hold.

    Where pins live in git, the store does not know them: there a slot's first hold leaves what was handed over last.
    """
    columns = (pins.c.sequence, pins.c.slot, pins.c.revision, pins.c.action, pins.c.model_id, pins.c.revokes)
    ids: dict[tuple[str, int], str] = {}
    holds: dict[str, str] = {}
    left: dict[tuple[str, str], int] = {}
    pinned: set[str] = set()
    for row in connection.execute(select(*columns).where(within(pins, scope)).order_by(pins.c.sequence)):
        if row.action == "rollback":
            leaves = {holds.get(row.slot), ids.get((row.slot, row.revokes))}
            if row.slot not in pinned and row.slot not in holds:
                last = newest(connection, scope, slot=row.slot, before=row.sequence)[:1]
                leaves = {handed.handed_off_id for handed in last}
            for model_id in leaves - {None, row.model_id}:
                left[row.slot, str(model_id)] = row.sequence
            holds[row.slot] = row.model_id
        elif row.action == "release":
            holds.pop(row.slot, None)
        else:
            pinned.add(row.slot)
        ids[row.slot, row.revision] = row.model_id
    return left
