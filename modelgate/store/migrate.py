"""Migrations: what `modelgate db` does, and what opening a SQLite file does. Imports alembic, so import this late."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from alembic.script.revision import RevisionError
from sqlalchemy import Connection, inspect, text

import modelgate.store.indexes  # noqa: F401 # declares them beside the tables
from modelgate.domain.errors import Conflict, StoreProblem
from modelgate.domain.problems import Problem
from modelgate.domain.text import printable
from modelgate.store.database import Database
from modelgate.store.families import EVERY_TABLE
from modelgate.store.faults import INCOMPATIBLE
from modelgate.store.guards import faults
from modelgate.store.rights import by_hand
from modelgate.store.schema import VERSION_TABLE, Schema, locks_out, notices_of, read_schema
from modelgate.store.tables import runs

_one_at_a_time = threading.Lock()
"""Alembic keeps the migration under way in global variables, so threads must take turns."""
RECENT_RUNS = 1000
"""How many of the newest runs are asked which gate versions are in use."""


@dataclass(frozen=True, slots=True)
class Step:
    """One migration that would run."""

    revision: str
    title: str
    """What it does: its docstring."""
    usable_from: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What `db upgrade` would do."""

    current: str | None
    """None: there is no audit store yet."""
    steps: tuple[Step, ...]
    locked_out: tuple[str, ...] = ()
    """Gate versions of recent runs that could not use the store afterwards."""
    guards: tuple[str, ...] = ()
    """What no longer keeps rows from being changed."""
    by_hand: tuple[str, ...] = ()
    """What an administrator has to do, as SQL to paste."""


def configuration(connection: Connection | None = None) -> Config:
    """Alembic's configuration. A connection is handed over, so no URL and no password enters it."""
    package = Path(__file__).parents[1]
    installed, checkout = package / "migrations", package.parent / "migrations"
    scripts = installed if installed.is_dir() else checkout
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["metadata"] = EVERY_TABLE
    return config


def upgrade(database: Database) -> Plan:
    """Runs the migrations that are missing, in one transaction, and returns what was done. Raises StoreProblem."""
    database.create_file()
    try:
        return database.run(_upgrade, write=True)
    except Conflict:  # somebody else made the first table in the same moment: wait for him, then look again
        return database.run(_upgrade, write=True)


def _upgrade(connection: Connection) -> Plan:
    if connection.dialect.name == "postgresql":
        _lock(connection)
    has_store = inspect(connection).has_table("store_info")  # on PostgreSQL a look that fails would end the transaction
    todo = _plan(connection, read_schema(connection) if has_store else None)
    if todo.steps:
        with _one_at_a_time:
            command.upgrade(configuration(connection), "head")
    return _told(connection, todo, read_schema(connection))


def _lock(connection: Connection) -> None:
    """One upgrade at a time. A lock that only the owner can take: whoever may connect can take an advisory lock."""
    if not inspect(connection).has_table(VERSION_TABLE):
        key = f"CONSTRAINT {VERSION_TABLE}_pkc PRIMARY KEY (version_num)"
        connection.execute(text(f"CREATE TABLE {VERSION_TABLE} (version_num varchar(32) NOT NULL, {key})"))
    connection.execute(text(f"LOCK TABLE {VERSION_TABLE} IN SHARE ROW EXCLUSIVE MODE"))


def _refuse_unfit(connection: Connection) -> None:
    """A database in which other tables have our names is somebody else's; one that is not UTF-8 loses texts."""
    if connection.dialect.name == "postgresql":
        encoding = str(connection.execute(text("SHOW server_encoding")).scalar())
        if encoding != "UTF8":
            message = f"the database has the encoding {printable(encoding, 20)}, not UTF8"
            raise StoreProblem(Problem(INCOMPATIBLE, message, "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"))
    taken = sorted(set(EVERY_TABLE.tables) & set(inspect(connection).get_table_names()))
    if taken:
        raise StoreProblem(
            Problem(
                INCOMPATIBLE, f"the database has a table {taken[0]} that is not modelgate's", "use another database"
            )
        )


def current(database: Database) -> Schema | None:
    """What the store says of itself, whichever version may use it; None if there is none yet. Raises StoreProblem."""
    if database.address.path and not database.address.path.exists():
        return None
    return database.run(read_schema)


def plan(database: Database) -> Plan:
    """What `upgrade` would do, and whom it would lock out. Raises StoreProblem."""
    schema = current(database)
    if schema is None and database.address.path and not database.address.path.exists():
        return Plan(None, _steps("base"))
    return database.run(lambda connection: _told(connection, _plan(connection, schema), schema))


def _told(connection: Connection, planned: Plan, schema: Schema | None) -> Plan:
    if schema is None:
        return planned
    return replace(planned, guards=faults(connection, schema), by_hand=by_hand(connection, schema.chained))


def _plan(connection: Connection, schema: Schema | None) -> Plan:
    if schema is None:
        _refuse_unfit(connection)
        return Plan(None, _steps("base"))
    notices_of(schema)  # raises where the store is for later versions alone: that is not "up to date"
    steps = _steps(schema.revision) if schema.is_behind else ()
    in_use = _versions_in_use(connection) if steps else ()
    locked_out = tuple(version for version in in_use if any(locks_out(step.usable_from, version) for step in steps))
    return Plan(schema.revision, steps, locked_out)


def _steps(after: str) -> tuple[Step, ...]:
    try:
        missing = list(ScriptDirectory.from_config(configuration()).iterate_revisions("head", after))
    except RevisionError:
        shown = printable(after, 20)
        raise StoreProblem(
            Problem(INCOMPATIBLE, f"no migration leads on from schema {shown}", "restore a copy")
        ) from None
    return tuple(_step(script) for script in reversed(missing))


def _step(script: Script) -> Step:
    module: Any = script.module
    return Step(script.revision, script.doc, module.usable_from)


def _versions_in_use(connection: Connection) -> tuple[str, ...]:
    newest = runs.select().with_only_columns(runs.c.version).order_by(runs.c.recorded_at.desc()).limit(RECENT_RUNS)
    return tuple(sorted(set(connection.execute(newest).scalars())))
