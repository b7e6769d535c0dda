"""What SQLite makes of statements that a start of a gate waits for: no walk through every run of its scope."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, text
from support.ledger import NOW, PROD
from support.schemas import database

from modelgate.store import read


@pytest.mark.parametrize("kind", ["reuse", "grace"])
def test_young_facts_are_found_by_their_mark(sqlite_url: str, kind: str) -> None:
    """Each of both forms by its own index, and the entries beside them."""
    marks = {"reuse": "mark" if kind == "reuse" else None, "grace": "mark" if kind == "grace" else None}
    asked = read.young_facts(PROD, **marks, between=(NOW, NOW), server=False)

    def plans(connection: Connection) -> list[str]:
        found = []
        for query in asked.queries:
            compiled = query.compile()  # type: ignore[attr-defined]  # each statement has it
            rows = connection.execute(text(f"EXPLAIN QUERY PLAN {compiled}"), {**compiled.params, **_TIMES})
            found += [row.detail for row in rows if "runs" in row.detail]
        return found

    found = database(sqlite_url).run(plans)
    by = "(service=? AND environment=? AND {}=?)"
    assert f"SEARCH runs USING INDEX runs_{kind} {by.format(f'{kind}_fingerprint')}" in found
    assert f"SEARCH runs USING INDEX runs_{kind}_mark {by.format(f'{kind}_mark')}" in found
    assert not [plan for plan in found if "PRIMARY KEY" in plan]


_TIMES = {"oldest": "2026-01-01", "newest": "2026-01-02"}
