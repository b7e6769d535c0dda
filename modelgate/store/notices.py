"""Notices and who was told of them: one chain of their own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, func, select

from modelgate.domain.notices import RESERVED, Key, NoticeRow, Recorded
from modelgate.store.families import notices, tellings
from modelgate.store.places import within
from modelgate.store.read import value


def since(connection: Connection, after: int) -> tuple[Recorded, ...]:
    """Those with a sequence above `after`, oldest first."""
    query = select(notices).where(within(notices, RESERVED), notices.c.sequence > after).order_by(notices.c.sequence)
    return tuple(_recorded(row) for row in connection.execute(query))


def newest(connection: Connection, through: int | None) -> dict[Key, Recorded]:
    """Of each key its newest notice, whatever its kind, up to a sequence (None: of all), oldest first."""
    c = notices.c
    key = (c.about_service, c.about_environment, c.slot, c.check_id, c.model_id)
    asked = within(notices, RESERVED) if through is None else within(notices, RESERVED) & (c.sequence <= through)
    ends = select(func.max(c.sequence)).where(asked).group_by(*key)
    query = select(notices).where(within(notices, RESERVED), c.sequence.in_(ends)).order_by(c.sequence)
    rows = [_recorded(row) for row in connection.execute(query)]
    return {row.notice.key: row for row in rows}


def told(connection: Connection, channel: str) -> int | None:
    """The sequence up to which a channel was told; None: never."""
    query = select(func.max(tellings.c.through)).where(within(tellings, RESERVED), tellings.c.channel == channel)
    return connection.execute(query).scalar()


def _recorded(row: Row[Any]) -> Recorded:
    return Recorded(row.sequence, row.recorded_at, value(NoticeRow, row))
