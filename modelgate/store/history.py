"""The history of a scope, newest first: its revisions, and every time that a slot was handed another ID than before."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, select, text

from modelgate.domain.history import Event
from modelgate.domain.rows import Scope
from modelgate.store.families import evidence
from modelgate.store.handovers import HANDED, NO_END, PAIRS, at_places, first_run
from modelgate.store.places import within
from modelgate.store.read import envelope, value
from modelgate.store.tables import pins, runs
from modelgate.store.together import Rows, together

_ID_AT = f"(SELECT handed_off_id FROM resolutions WHERE {HANDED} AND sequence = ends.place)"  # noqa: S608 # our names
_NEWEST = f"""(SELECT max(sequence) FROM resolutions
   WHERE {HANDED} AND slot = pairs.slot AND handed_off_id = pairs.id AND sequence < %s)"""  # noqa: S608 # our names
_SQL = f"""{PAIRS}, ends(slot, place, step) AS (
  SELECT slot, max({_NEWEST % NO_END}), 1
  FROM pairs WHERE id IS NOT NULL AND slot = coalesce(:slot, slot) GROUP BY slot
  UNION ALL
  SELECT slot, (SELECT max({_NEWEST % "ends.place"}) FROM pairs WHERE pairs.slot = ends.slot AND pairs.id <> {_ID_AT}),
         step + 1
  FROM ends WHERE place >= :first AND step <= :limit
), stretches(slot, id, place, earlier, step) AS (
  SELECT slot, {_ID_AT}, place, coalesce(lead(place) OVER (PARTITION BY slot ORDER BY step), 0), step
  FROM ends WHERE place IS NOT NULL
)
SELECT (SELECT min(sequence) FROM resolutions
        WHERE {HANDED} AND slot = stretches.slot AND handed_off_id = id AND sequence > earlier) AS began, earlier
FROM stretches WHERE place >= :first AND step <= :limit ORDER BY began DESC LIMIT :limit
"""  # noqa: S608 # our own names; values are bound
"""Hand-overs of one ID to one slot after another form a stretch. From the end of each slot's newest stretch this hops
to the end of the one before, which is the newest hand-over of any other ID; `earlier` is that end, 0 if there is none.
"""
_STRETCHES = {column: text(_SQL.replace("handed_off_id", column)) for column in ("handed_off_id", "observed_id")}
"""What was handed over, and what a gate that observed left running."""


def history(
    connection: Connection, scope: Scope, *, slot: str | None, since: datetime | None, limit: int | None
) -> tuple[Event, ...]:
    """The newest `limit` events at or after `since`, of one slot or of all."""
    most = NO_END if limit is None else limit
    first = first_run(connection, scope, since, runs.c.recorded_at >= since) if since else 0
    values = {"service": scope.service, "environment": scope.environment, "slot": slot, "first": first, "limit": most}
    stretches = [query.bindparams(**values) for query in _STRETCHES.values()]
    said = [_said(table, scope, slot, since, most) for table in (pins, evidence)]
    revised, proofs, *changed = together(connection, *said, *stretches)
    found = [*(_revision(row) for row in revised), *_proofs(proofs)]
    pairs = {
        column: [(row.began, row.earlier) for row in rows if row.began >= first]
        for column, rows in zip(_STRETCHES, changed, strict=True)
    }
    places = {place for of_column in pairs.values() for pair in of_column for place in pair}
    rows = {row.sequence: row for row in at_places(connection, scope, places)}
    for column, of_column in pairs.items():
        found += [_hand_over(rows[began], rows.get(earlier), column) for began, earlier in of_column]
    return tuple(sorted(found, key=lambda event: -event.envelope.sequence)[:most])


def _said(of: Table, scope: Scope, slot: str | None, since: datetime | None, limit: int) -> Select[Any]:
    query = select(of).where(within(of, scope)).order_by(of.c.sequence.desc()).limit(limit)
    if slot is not None:
        query = query.where(of.c.slot == slot)
    if since is not None:
        query = query.where(of.c.recorded_at >= since)
    return query


def _proofs(rows: Rows) -> list[Event]:
    from modelgate.domain.evidence import EvidenceRow  # of `history` alone

    return [
        Event(envelope(row), row.slot, row.model_id, reference="", evidence=value(EvidenceRow, row)) for row in rows
    ]


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


def _hand_over(row: Row[Any], before: Row[Any] | None, column: str) -> Event:
    return Event(
        envelope=envelope(row),
        slot=row.slot,
        model_id=row._mapping[column],
        reference=row.reference,
        before=before._mapping[column] if before else None,
        observed=column == "observed_id",
        revision=row.revision,
        held=row.held,
        run_id=row.run_id,
    )
