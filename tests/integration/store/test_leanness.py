"""What a gate's use of its store costs: no alembic, no ORM, and no connection while the API is asked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.databases import PostgreSQL, opened
from support.ledger import AUTHOR, NOW, PROD, handed, run_row

GATE = """
import sys
from support.databases import opened
from support.ledger import AUTHOR, NOW, PROD, handed, run_row
store = opened(sys.argv[1])
store.state(PROD, promote_from="staging")
store.facts(PROD, reuse_fingerprint="f")
store.take_lease("f", store.holder, 9)
store.append(PROD, AUTHOR, [run_row("r2"), handed("r2", "a", "x")], now=NOW)
store.give_back_lease("f", store.holder)
print(sorted(name for name in sys.modules if name in ("alembic", "sqlalchemy.orm", "anthropic", "sqlalchemy.testing")))
"""


def test_a_gate_imports_no_migrations_and_no_orm(database_url: str) -> None:
    """On a store that is up to date alembic stays unread, with most of SQLAlchemy."""
    opened(database_url)
    tests = Path(__file__).parents[2]
    environ = {**os.environ, "PYTHONPATH": f"{tests}{os.pathsep}{tests.parent}"}
    done = subprocess.run([sys.executable, "-c", GATE, database_url], env=environ, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_no_connection_is_held_between_calls(postgresql: PostgreSQL, postgresql_url: str) -> None:
    """Whatever was asked or added, the server has no client left of ours."""
    store = opened(postgresql_url)
    store.state(PROD)
    store.append(PROD, AUTHOR, [run_row("r"), handed("r", "a", "x")], now=NOW)
    store.verify(PROD)
    name = postgresql_url.partition("?")[0].rpartition("/")[2]
    clients = f"SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'"
    postgresql.execute("SELECT pg_sleep(0.2)")  # a server takes a moment to notice that a client has gone
    assert postgresql.execute(clients) == [(0,)]


@pytest.mark.parametrize("question", ["state", "head", "history", "last_preflight", "handed_over_at", "facts"])
def test_an_answer_does_not_read_the_history(sqlite_url: str, question: str) -> None:
    """Every look goes by an index to the place that it wants, however many rows there are."""
    store = opened(sqlite_url)
    steps: list[int] = []
    for size in (400, 2400):
        rows = [row for n in range(size) for row in (run_row(f"{size}-{n}"), handed(f"{size}-{n}", "a", f"x{n % 2}"))]
        store.append(PROD, AUTHOR, rows, now=NOW)
        steps.append(sqlite_steps(sqlite_url, question))
    assert steps[1] < steps[0] * 1.5


def sqlite_steps(url: str, question: str) -> int:
    """How many instructions SQLite's machine executes to answer a question."""
    from sqlalchemy import event

    store = opened(url)
    count = [0]

    def counts(connection: object, _: object) -> None:
        connection.set_progress_handler(lambda: count.__setitem__(0, count[0] + 1), 1)  # type: ignore[attr-defined]  # sqlite3's

    engine = store._database._engine
    event.listen(engine, "connect", counts)
    arguments = {"limit": 10} if question == "history" else {}
    getattr(store, question)(PROD, **arguments)
    event.remove(engine, "connect", counts)
    return count[0]
