"""Evidence about IDs in slots: read whole for one slot or more, newest last."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from modelgate.domain.evidence import Evidence, EvidenceRow, Proofs
from modelgate.domain.rows import Scope
from modelgate.store import handovers
from modelgate.store.places import within
from modelgate.store.read import value
from modelgate.store.tables import evidence


def proofs(connection: Connection, scope: Scope, pinned: Collection[tuple[str, str]], promote_from: str) -> Proofs:
    """What is known of (slot, ID) that a lock names, here and where they are promoted from."""
    ids = {model_id for _, model_id in pinned}
    found = of(connection, scope, None, ids, None)
    if promote_from:
        found += of(connection, Scope(scope.service, promote_from), None, ids, None)
    return Proofs(found, frozenset(pair for pair in pinned if handovers.ever(connection, scope, *pair)))


def of(
    connection: Connection, scope: Scope, slot: str | None, ids: Collection[str] | None, limit: int | None
) -> tuple[Evidence, ...]:
    """Of one slot or (None) of all, about these IDs or (None) any: the newest `limit` (None: all), oldest first."""
    query = select(evidence).where(within(evidence, scope)).order_by(evidence.c.sequence.desc())
    if slot is not None:
        query = query.where(evidence.c.slot == slot)
    if ids is not None:
        query = query.where(evidence.c.model_id.in_(sorted(ids)))
    rows = connection.execute(query.limit(limit) if limit is not None else query).all()
    return tuple(
        Evidence(value(EvidenceRow, row), row.recorded_at, row.actor, row.commit_sha, row.ci_run)
        for row in reversed(rows)
    )
