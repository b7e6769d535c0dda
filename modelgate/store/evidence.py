"""Evidence about IDs in slots: read whole for one slot or more, newest last."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Row, select

from modelgate.domain.evidence import Evidence, EvidenceRow, Proofs
from modelgate.domain.rows import Scope
from modelgate.store import handovers
from modelgate.store.families import evidence
from modelgate.store.places import within
from modelgate.store.read import value
from modelgate.store.together import Question, Rows


def proofs(scope: Scope, pinned: Collection[tuple[str, str]], promote_from: str) -> Question[Proofs]:
    """What is known of (slot, ID) that a lock names, here and where they are promoted from."""
    pairs, ids = tuple(pinned), {model_id for _, model_id in pinned}
    scopes = (scope, Scope(scope.service, promote_from)) if promote_from else (scope,)
    told = [of(each, None, ids, None) for each in scopes]
    ran = [handovers.first(scope, *pair) for pair in pairs]

    def answer(*rows: Rows) -> Proofs:
        found = tuple(proof for each, own in zip(told, rows, strict=False) for proof in each.answer(own))
        return Proofs(found, frozenset(pair for pair, own in zip(pairs, rows[len(told) :], strict=True) if own))

    return Question((*(query for each in told for query in each.queries), *ran), answer)


def of(
    scope: Scope, slot: str | None, ids: Collection[str] | None, limit: int | None
) -> Question[tuple[Evidence, ...]]:
    """Of one slot or (None) of all, about these IDs or (None) any: the newest `limit` (None: all), oldest first."""
    query = select(evidence).where(within(evidence, scope)).order_by(evidence.c.sequence.desc())
    if slot is not None:
        query = query.where(evidence.c.slot == slot)
    if ids is not None:
        query = query.where(evidence.c.model_id.in_(sorted(ids)))
    asked = query.limit(limit) if limit is not None else query
    return Question((asked,), lambda rows: tuple(_evidence(row) for row in reversed(rows)))


def _evidence(row: Row[Any]) -> Evidence:
    return Evidence(value(EvidenceRow, row), row.recorded_at, row.actor, row.commit_sha, row.ci_run)
