"""How much room a run takes in the store, indexes included: facts that did not change are stored once."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gates import populate, settings
from measuring import Command, gate_environ, of_version, sandbox
from stores import DATABASES, store

SLOTS = (10, 50)
RUNS = 60
_GATES = """
import os, sys
from modelgate.cli.start import run
for number in range(int(sys.argv[1])):
    os.environ["ANTHROPIC_API_KEY"] = f"sandbox-key-{number}"  # facts that were asked for with another are not reused
    if code := run(["preflight", "-e", "prod"]):
        sys.exit(code)
"""
_SIZES = """
SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = to_regnamespace('public')
"""


def measure(versions: Mapping[str, Path | None]) -> Iterator[dict[str, Any]]:
    """One result for each database and number of slots. `versions`: names to checkouts."""
    for database in DATABASES:
        for slots in SLOTS:
            sizes = {name: _a_run(database, slots, of_version(tree)) for name, tree in versions.items()}
            yield {"database": database, "slots": slots, "bytes": sizes}


def _a_run(database: str, slots: int, version: Mapping[str, str]) -> float:
    """Bytes that a preflight which asks the API adds after the first ones, on average."""
    with sandbox() as api, store(database, version) as url, tempfile.TemporaryDirectory() as name:
        populate(api)
        folder = Path(name)
        (folder / "config").mkdir()
        (folder / "config" / "prod.toml").write_text(settings(slots, 3600))
        environ = {**gate_environ(api, url), **version}
        Command([sys.executable, "-c", _GATES, "3"], folder, environ).run()
        before = _size(url)
        Command([sys.executable, "-c", _GATES, str(RUNS)], folder, environ).run()
        return (_size(url) - before) / RUNS


def _size(url: str) -> int:
    if url.startswith("sqlite:"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as file:
            query = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
            return int(file.execute(query).fetchone()[0])
    import psycopg

    with psycopg.connect(url, autocommit=True) as server:
        server.execute("VACUUM")  # as autovacuum does meanwhile: leases and ends of chains change, and are no rows
        found = server.execute(_SIZES.encode()).fetchone()
        return int(found[0]) if found else 0
