"""The history of a scope, newest first: its revisions, and every time that a slot was handed another ID than before."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime
from itertools import groupby, islice
from typing import Any

from sqlalchemy import Connection, Row, func, literal, select, union_all

from modelgate.domain.history import Event
from modelgate.domain.rows import Scope
from modelgate.store.handovers import newest, of, oldest
from modelgate.store.read import envelope
from modelgate.store.tables import pins, resolutions, within

PAGE = 200


def history(
    connection: Connection, scope: Scope, *, slot: str | None, since: datetime | None, limit: int | None
) -> tuple[Event, ...]:
    """The newest `limit` events at or after `since`, of one slot or of all."""
    handed = [row for row in newest(connection, scope) if slot is None or row.slot == slot]
    by_slot = groupby(sorted(handed, key=lambda row: row.slot), key=lambda row: row.slot)
    sources = [_changes(connection, scope, list(rows)) for _, rows in by_slot]
    events = heapq.merge(_revisions(connection, scope, slot), *sources, key=lambda event: -event.envelope.sequence)
    recent: list[Event] = []
    for event in islice(events, limit):
        if since and event.envelope.recorded_at < since:
            break
        recent.append(event)
    return tuple(recent)


def _revisions(connection: Connection, scope: Scope, slot: str | None) -> Iterator[Event]:
    mine = within(pins, scope) if slot is None else within(pins, scope) & (pins.c.slot == slot)
    query = select(pins).where(mine).order_by(pins.c.sequence.desc()).limit(PAGE)
    page = list(connection.execute(query))
    while page:
        yield from map(_revision, page)
        page = list(connection.execute(query.where(pins.c.sequence < page[-1].sequence)))


def _revision(row: Row[Any]) -> Event:
    return Event(
        envelope=envelope(row),
        slot=row.slot,
        model_id=row.model_id,
        reference=row.reference,
        action=row.action,
        revision=row.revision,
        reason=row.reason,
        expires_at=row.expires_at,
        revokes=row.revokes,
        held=row.action == "rollback",
        run_id=row.run_id,
    )


def _changes(connection: Connection, scope: Scope, handed: list[Row[Any]]) -> Iterator[Event]:
    """One slot's hand-overs of another ID than before, newest first. `handed` is the newest hand-over of each ID."""
    ids = [row.handed_off_id for row in handed]
    latest = max(handed, key=lambda row: row.sequence)
    place, model_id = latest.sequence, latest.handed_off_id
    while model_id is not None:
        others = [other for other in ids if other != model_id]
        end, before = _newest_of(connection, scope, latest.slot, others, place)
        first = oldest(connection, scope, latest.slot, model_id, after=end)
        yield _hand_over(first or latest, before)
        place, model_id = end, before


def _newest_of(connection: Connection, scope: Scope, slot: str, ids: list[str], before: int) -> tuple[int, str | None]:
    """Where one of `ids` was last handed over before a place, and which; (0, None) if none was."""
    places = [
        select(func.max(resolutions.c.sequence).label("place"), literal(model_id).label("id")).where(
            of(scope, slot, model_id), resolutions.c.sequence < before
        )
        for model_id in ids
    ]
    rows = connection.execute(union_all(*places)).all() if places else []
    return max(((row.place, row.id) for row in rows if row.place), default=(0, None))


def _hand_over(row: Row[Any], before: str | None) -> Event:
    return Event(
        envelope=envelope(row),
        slot=row.slot,
        model_id=row.handed_off_id,
        reference=row.reference,
        before=before,
        revision=row.revision,
        held=row.held,
        run_id=row.run_id,
    )
