"""Prints what `modelgate.store.guards` compares with, as the migrations make it now:

PYTHONPATH=tests:. python tests/support/guard_digests.py
"""

from __future__ import annotations

import sqlite3
import tempfile
from hashlib import sha256
from pathlib import Path

from modelgate.domain.chain import GENESIS
from modelgate.store.guards import ENTRIES_ON_SQLITE, ON_SQLITE
from support.databases import PostgreSQL, opened


def of_postgresql(server: PostgreSQL) -> dict[str, str]:
    """The digest of each function in the template."""
    query = "SELECT proname, prosrc FROM pg_proc WHERE proname LIKE 'modelgate_%' ORDER BY 1"
    return {name: _digest(body) for name, body in server.execute(query, "modelgate_template")}


def of_sqlite(url: str) -> dict[str, set[str]]:
    """The digests of the triggers of each kind that is kept by its digest: one of each."""
    opened(url)
    found: dict[str, set[str]] = {}
    with sqlite3.connect(url.removeprefix("sqlite:///")) as file:
        for name, table, sql in file.execute("SELECT name, tbl_name, sql FROM sqlite_master WHERE type = 'trigger'"):
            guard = name.removeprefix(f"{table}_")
            if guard in ON_SQLITE:
                found.setdefault(guard, set()).add(_digest(sql.replace(table, "T").replace(GENESIS, "0")))
    return found


def of_entries(url: str) -> dict[str, str]:
    """The digests of the triggers on SQLite that keep entries and who names them."""
    opened(url)
    with sqlite3.connect(url.removeprefix("sqlite:///")) as file:
        made = dict(file.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall())
    return {name: _digest(made[name]) for name in ENTRIES_ON_SQLITE}


def _digest(body: str) -> str:
    return sha256(body.encode()).hexdigest()[:16]


if __name__ == "__main__":
    running = PostgreSQL.start()
    print(of_postgresql(running))
    running.stop()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'modelgate.db'}"
        print(of_sqlite(url), of_entries(url))
