"""Stores at any schema, for tests of migrations. Run as a program it writes the dumps that are missing:

    PYTHONPATH=tests:. python tests/support/schemas.py

Do that for each release that brings a migration. A dump that was released is never changed.
"""

from __future__ import annotations

import sqlite3
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import psycopg
from alembic import command
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from modelgate.clock import Deadline, SystemClock
from modelgate.domain.catalogue import Entry, Facts
from modelgate.domain.codec import seen_of
from modelgate.domain.rows import FindingRow
from modelgate.store import connect
from modelgate.store.database import Database
from modelgate.store.migrate import configuration
from support.databases import PostgreSQL, opened, settings_for
from support.ledger import AUTHOR, NOW, PROD, handed, pin_row, run_row

DUMPS = Path(__file__).parents[1] / "migrations"
ROWS = 5


def database(url: str) -> Database:
    """The database at `url`, whatever is in it."""
    clock = SystemClock()
    found = connect(settings_for(url), deadline=Deadline.after(60, clock), clock=clock)
    found.create_file()
    return found


def migrate(url: str, revision: str) -> None:
    """Brings the database up or down to a revision, `base` or `head`."""

    def work(connection: Connection) -> None:
        options = {"version_table": "modelgate_version"}
        current = MigrationContext.configure(connection, opts=options).get_current_revision() or ""
        goes_down = revision == "base" or (revision != "head" and revision < current)
        move: Callable[..., None] = command.downgrade if goes_down else command.upgrade
        move(configuration(connection), revision)

    database(url).run(work, write=True)


def fill(url: str) -> None:
    """Adds a run of four rows and a pin to a store that is up to date."""
    store = opened(url)
    seen = seen_of(Facts("o", NOW, entries={"x": Entry("x", lifecycle="active")}), ["x"])
    run = run_row(
        "r1", origin="o", answers=seen.answers, entries=seen.digests, seen_at=NOW, reuse_mark="f",
        store_schema=store.witness,
    )  # fmt: skip
    rows = [
        run,
        handed("r1", "summarizer", "x"),
        handed("r1", "grader", "é🙂"),
        FindingRow("r1", "f", "note", "m", "h"),
    ]
    pin = pin_row(1, model_id="x", expires_at=NOW)
    store.append(PROD, AUTHOR, [*rows, pin], now=NOW, entries=seen.entries)


def dump_sqlite(path: Path) -> str:
    """The file as SQL."""
    with sqlite3.connect(path) as file:
        return "\n".join(file.iterdump()) + "\n"


def dump_postgresql(server: PostgreSQL, url: str) -> str:
    """The database as SQL for any version and client: without meta-commands, settings and comments."""
    tool = server.server.bin_path / "pg_dump"
    options = ["--no-owner", "--no-privileges", "--inserts", "--no-comments"]
    text = subprocess.run([tool, *options, url], check=True, capture_output=True, text=True).stdout
    return "\n".join(line for line in text.splitlines() if line and not line.startswith(("--", "\\", "SET "))) + "\n"


def restore(dump: Path, url: str) -> None:
    """Executes a dump in an empty database."""
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as file:
            file.executescript(dump.read_text("utf-8"))
        return
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(dump.read_text("utf-8").encode())


def main() -> None:
    """Writes the dumps that are missing, each of a store with a few rows."""
    server = PostgreSQL.start()
    scripts = ScriptDirectory.from_config(configuration()).walk_revisions()
    for revision in [script.revision for script in scripts]:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "modelgate.db"
            for kind, url in (("sqlite", f"sqlite:///{file}"), ("postgresql", server.create())):
                dump = DUMPS / f"{revision}.{kind}.sql"
                if not dump.exists():
                    fill(url)
                    migrate(url, revision)
                    dump.write_text(dump_sqlite(file) if kind == "sqlite" else dump_postgresql(server, url), "utf-8")
    server.stop()


if __name__ == "__main__":
    main()
