"""What was handed over, when: looks that hop along one index from ID to ID, never over the rows between."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, TextualSelect, select, text

from modelgate.domain.rows import HandOver, Scope
from modelgate.store import places
from modelgate.store.places import within
from modelgate.store.tables import pins, resolutions, runs
from modelgate.store.together import Question, Rows, together

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
_ROWS = f"""{PAIRS}
SELECT {", ".join(resolutions.c.keys())} FROM resolutions
WHERE service = :service AND environment = :environment AND sequence %s
SELECT (SELECT %s(sequence) FROM resolutions
        WHERE {HANDED} AND slot = pairs.slot AND handed_off_id = pairs.id AND sequence %s :bound)
FROM pairs WHERE id IS NOT NULL AND slot = coalesce(:slot, slot)%s
"""  # noqa: S608 # as above
_AMONG = {False: ("IN (", ")"), True: ("= ANY (ARRAY(", "))")}
"""On a server an array, which is made first: a join could be planned as a walk over the whole table."""
NO_END = 2**62
IN_ONE_GO = 500
"""Rows that are fetched with one statement."""


def newest(connection: Connection, scope: Scope, *, slot: str | None = None, before: int = NO_END) -> list[Row[Any]]:
    """For each slot, or one, and ID its newest hand-over with a sequence below `before`, newest first."""
    (rows,) = together(connection, _newest(scope, _is_server(connection), slot=slot, before=before))
    return _ordered(rows)


def _newest(scope: Scope, server: bool, *, slot: str | None = None, before: int = NO_END) -> TextualSelect:
    return _rows(scope, server, "max", "<", before, slot)


def _ordered(rows: Rows) -> list[Row[Any]]:
    return sorted(rows, key=lambda row: -row.sequence)


def _is_server(connection: Connection) -> bool:
    return connection.dialect.name != "sqlite"


def _rows(scope: Scope, server: bool, end: str, side: str, bound: int, slot: str | None) -> TextualSelect:
    """The row at one end of each slot's hand-overs of each ID, on one side of `bound`."""
    opening, closing = _AMONG[server]
    query = text(_ROWS % (opening, end, side, closing)).columns(*resolutions.c)
    values = {"service": scope.service, "environment": scope.environment, "bound": bound, "slot": slot}
    return query.bindparams(**values)


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
    (found,) = together(connection, first(scope, slot, model_id, after))
    return found[0] if found else None


def first(scope: Scope, slot: str, model_id: str, after: int = 0) -> Select[Any]:
    """What `oldest` asks."""
    it = (resolutions.c.slot == slot, resolutions.c.handed_off_id == model_id, resolutions.c.sequence > after)
    return select(resolutions).where(places.oldest(resolutions, scope, *it))


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
    rows, revisions = together(connection, _newest(scope, _is_server(connection), slot=slot), _revisions(scope))
    left = _left(revisions, _Looks(connection, scope))
    for row in _ordered(rows):
        if row.handed_off_id != present and left.get((slot, row.handed_off_id), 0) < row.sequence:
            return hand_over(row)
    return None


def ever(connection: Connection, scope: Scope, slot: str, model_id: str) -> bool:
    """Whether the slot was ever handed this ID."""
    return oldest(connection, scope, slot, model_id) is not None


def at(connection: Connection, scope: Scope, instant: datetime | None) -> tuple[HandOver, ...]:
    """The newest hand-over of each slot at or before `instant` (None: of all), by slot."""
    before = first_run(connection, scope, instant, runs.c.recorded_at > instant) if instant else NO_END
    of_each = latest(scope, _is_server(connection), before)
    return of_each.answer(*together(connection, *of_each.queries))


def latest(scope: Scope, server: bool, before: int = NO_END) -> Question[tuple[HandOver, ...]]:
    """The newest hand-over of each slot with a sequence below `before`, by slot."""

    def answer(rows: Rows) -> tuple[HandOver, ...]:
        found: dict[str, Row[Any]] = {}
        for row in _ordered(rows):
            found.setdefault(row.slot, row)
        return tuple(hand_over(found[slot]) for slot in sorted(found))

    return Question((_newest(scope, server, before=before),), answer)


def first_run(connection: Connection, scope: Scope, asked: datetime, is_late_enough: ColumnElement[bool]) -> int:
    """The sequence of the first run that was recorded late enough: recorded times never step back along a chain.

    Raises UsageError where rows of the time that is asked about left for an archive.
    """
    from modelgate.domain.archives import archived  # of questions about a time alone
    from modelgate.store.archives import of_time

    later = select(runs.c.sequence).where(within(runs, scope), is_late_enough)
    first = later.order_by(runs.c.recorded_at, runs.c.sequence).limit(1)
    archive = of_time(scope, asked)
    found, *left = together(connection, first, *archive.queries)
    if away := archive.answer(*left):
        raise archived(scope, asked, *away)
    return found[0].sequence if found else NO_END


class More(Exception):
    """The rows at hand do not say it: more has to be asked."""


class _Nothing:
    """Looks at nothing."""

    def last(self, slot: str, before: int) -> str | None:  # noqa: ARG002 # as `_Looks` has it
        """The ID that the slot was handed last with a sequence below `before`."""
        raise More

    def again(self, slot: str, model_id: str, after: int) -> Row[Any] | None:  # noqa: ARG002 # as above
        """The first hand-over of the ID with a sequence above `after`."""
        raise More


class _Looks(_Nothing):
    """Asks the store."""

    def __init__(self, connection: Connection, scope: Scope) -> None:
        self._connection, self._scope = connection, scope

    def last(self, slot: str, before: int) -> str | None:
        found = newest(self._connection, self._scope, slot=slot, before=before)[:1]
        return str(found[0].handed_off_id) if found else None

    def again(self, slot: str, model_id: str, after: int) -> Row[Any] | None:
        return oldest(self._connection, self._scope, slot, model_id, after=after)


Promoted = dict[tuple[str, str], datetime]


def promoted(scope: Scope, server: bool, connection: Connection | None = None) -> Question[Promoted]:
    """(slot, ID) to when the scope began to hand it over; after a rollback left the ID, when it began again.

    Without a `connection` the answer raises More where the queries do not say it.
    """
    look = _Looks(connection, scope) if connection else _Nothing()

    def answer(rows: Rows, revisions: Rows) -> Promoted:
        since = {(row.slot, row.handed_off_id): row for row in rows}
        for key, left in _left(revisions, look).items():
            if key in since and since[key].sequence < left:
                del since[key]
                if again := look.again(*key, after=left):
                    since[key] = again
        return {key: row.recorded_at for key, row in since.items()}

    return Question((_rows(scope, server, "min", ">=", 0, None), _revisions(scope)), answer)


def _revisions(scope: Scope) -> Select[Any]:
    columns = (pins.c.sequence, pins.c.slot, pins.c.revision, pins.c.action, pins.c.model_id, pins.c.revokes)
    return select(*columns).where(within(pins, scope)).order_by(pins.c.sequence)


def _left(revisions: Rows, look: _Nothing) -> dict[tuple[str, str], int]:
    """(slot, ID) to the sequence of the last rollback that left the ID: a pin that it revoked, or an earlier hold.

    Where pins live in git, the store does not know them: there a slot's first hold leaves what was handed over last.
    """
    ids: dict[tuple[str, int], str] = {}
    holds: dict[str, str] = {}
    left: dict[tuple[str, str], int] = {}
    pinned: set[str] = set()
    for row in revisions:
        if row.action == "rollback":
            leaves = {holds.get(row.slot), ids.get((row.slot, row.revokes))}
            if row.slot not in pinned and row.slot not in holds:
                leaves = {look.last(row.slot, row.sequence)}
            for model_id in leaves - {None, row.model_id}:
                left[row.slot, str(model_id)] = row.sequence
            holds[row.slot] = row.model_id
        elif row.action == "release":
            holds.pop(row.slot, None)
        else:
            pinned.add(row.slot)
        ids[row.slot, row.revision] = row.model_id
    return left
