"""How a scope stands: what `status` tells, asked all at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from modelgate.domain.history import Standing
from modelgate.domain.rows import Scope
from modelgate.store import read
from modelgate.store.handovers import latest
from modelgate.store.places import end_of
from modelgate.store.together import Question, Rows


def standing(scope: Scope, server: bool, chained: Sequence[str]) -> Question[Standing]:
    """Newest hand-overs, revisions, facts, passing preflight, and the end of the chain, at one instant."""
    parts: tuple[Question[Any], ...] = (
        latest(scope, server),
        read.revisions(scope),
        read.facts(scope, server=server),
        read.last_preflight(scope),
        end_of(scope, chained),
    )

    def answer(*rows: Rows) -> Standing:
        each = iter(rows)
        own = (part.answer(*islice(each, len(part.queries))) for part in parts)
        handed, revisions, facts, last, end = own
        return Standing(handed, revisions, facts, last, end.head)

    return Question(tuple(query for part in parts for query in part.queries), answer)
