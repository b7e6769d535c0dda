"""The law of migrations, on both databases."""

from __future__ import annotations

import ast
import re
import sqlite3
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select
from sqlalchemy.schema import SchemaItem
from support.databases import PostgreSQL, opened
from support.ledger import AUTHOR, NOW, PROD, handed, run_row
from support.schemas import DUMPS, ROWS, database, fill, migrate, restore

import modelgate.store.indexes  # noqa: F401 # declares them beside the tables
from modelgate.store.families import CHAINED
from modelgate.store.migrate import configuration, plan, upgrade
from modelgate.store.schema import HEAD, USABLE_FROM
from modelgate.store.tables import metadata

SCRIPTS = ScriptDirectory.from_config(configuration())
REVISIONS = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]
DATABASES = ["sqlite", "postgresql"]
LATER = {"answers", "entries", "seen_at", "reuse_mark", "grace_mark", "store_schema"}
"""Columns of runs that the first schema did not have."""


@pytest.fixture(params=DATABASES)
def empty_url(request: pytest.FixtureRequest, missing_sqlite_url: str) -> str:
    """An empty database, on each in turn."""
    return missing_sqlite_url if request.param == "sqlite" else str(request.getfixturevalue("empty_postgresql_url"))


def test_there_is_one_head_and_the_code_knows_it() -> None:
    """The constants that the gate compares with, without alembic, are alembic's own."""
    assert SCRIPTS.get_heads() == [HEAD]
    assert {script.module.usable_from for script in SCRIPTS.walk_revisions()} == {USABLE_FROM}


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_migration_is_named_and_stands_alone(revision: str) -> None:
    """`NNNN_verb_object.py` with a docstring, the gate versions that may use it, and no import of the package."""
    script = SCRIPTS.get_revision(revision)
    assert script is not None
    path = Path(script.path)
    tree = ast.parse(path.read_text("utf-8"))
    imported = {
        name.name.partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    }
    imported |= {(node.module or "").partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert re.fullmatch(rf"{revision}_[a-z]+(_[a-z]+)+\.py", path.name)
    assert imported <= {"__future__", "secrets", "alembic", "sqlalchemy"}
    assert script.doc.endswith(".")
    assert re.fullmatch(r"\d+\.\d+\.\d+", script.module.usable_from)
    assert "batch_alter_table" not in path.read_text("utf-8")  # it drops the triggers of the table


def test_the_migrations_make_the_declared_tables(empty_url: str) -> None:
    """Alembic finds no difference between what ran and what the code declares."""
    migrate(empty_url, "head")

    def differences(connection: Connection) -> list[Any]:
        def is_here(each: SchemaItem, *_: object) -> bool:
            return each.info.get("on", connection.dialect.name) == connection.dialect.name

        options = {"version_table": "modelgate_version", "compare_type": True, "include_object": is_here}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    assert database(empty_url).run(differences) == []


def test_up_and_down_and_up_again(empty_url: str) -> None:
    """Each migration can be undone and done again, and the store works afterwards."""
    migrate(empty_url, "head")
    for revision in reversed(["base", *REVISIONS[:-1]]):
        migrate(empty_url, revision)
    for revision in REVISIONS:
        migrate(empty_url, revision)
    fill(empty_url)
    assert opened(empty_url).verify(PROD).rows == ROWS


def guards(url: str) -> dict[str, set[str]]:
    """The enabled triggers of each table; of PostgreSQL's, whether they fire in replica mode too (`A`)."""
    if url.startswith("sqlite"):
        query = "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'"
        with sqlite3.connect(url.removeprefix("sqlite:///")) as file:
            rows = file.execute(query).fetchall()
    else:
        query = (
            "SELECT tgrelid::regclass::text, tgname || ' ' || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal"
        )
        with psycopg.connect(url) as server:
            rows = server.execute(query).fetchall()
    found: dict[str, set[str]] = {}
    for table, trigger in rows:
        found.setdefault(table, set()).add(trigger)
    return found


def chained(url: str) -> list[str]:
    """The tables that the store itself counts to the chain."""
    query = "SELECT chained FROM store_info"
    return str(database(url).run(lambda connection: connection.exec_driver_sql(query).scalar())).split(",")


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_audit_table_is_guarded_after_every_migration(empty_url: str, revision: str) -> None:
    """No migration leaves a table of the chain without one of its guards."""
    migrate(empty_url, revision)
    on_sqlite = ["refuse_update", "refuse_delete", "refuse_replace"]
    on_postgresql = ["refuse_change A", "refuse_truncate A", "check_author O"]
    leases = {"claims_check_lease_insert", "claims_check_lease_update"}
    if revision >= "0005":
        on_sqlite.append("check_place")
        on_postgresql.append("check_place O")
    expected = on_sqlite if empty_url.startswith("sqlite") else on_postgresql
    found = guards(empty_url)
    if revision >= "0005":
        of_leases = leases if empty_url.startswith("sqlite") else {"claims_check_lease O"}
        assert {name for name in found.pop("claims") if "check_form" not in name} == of_leases
    if revision >= "0008":
        of_entries = ["refuse_update", "refuse_delete", "refuse_replace", "check_digest"]
        if not empty_url.startswith("sqlite"):
            of_entries = ["refuse_change A", "refuse_truncate A", "check_digest A"]
        assert found.pop("entries") == {f"entries_{guard}" for guard in of_entries}
        found["runs"] = {name for name in found["runs"] if "check_entries" not in name}
    if revision >= "0009":
        found["archives"] = {name for name in found["archives"] if "check_range" not in name}
    if revision >= "0007":
        found["batch_events"] = {name for name in found["batch_events"] if "check_form" not in name}
    assert found == {table: {f"{table}_{guard}" for guard in expected} for table in chained(empty_url)}


def test_the_store_knows_all_tables_of_the_chain(empty_url: str) -> None:
    """Tables with the chain's columns, the code's list of them and the store's list are the same."""
    migrate(empty_url, "head")
    declared = {table.name for table in metadata.tables.values() if "previous" in table.columns}
    assert (set(chained(empty_url)), set(CHAINED)) == (declared, declared)


def test_sqlite_refuses_every_way_to_change_a_row(sqlite_url: str) -> None:
    """UPDATE, DELETE, REPLACE over any key, and upserts, on every table that holds rows."""
    fill(sqlite_url)
    file = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))
    tables = ["runs", "resolutions", "findings", "pins"]
    statements = [
        statement.format(table)
        for table in tables
        for statement in (
            "UPDATE {} SET actor = 'x'", "DELETE FROM {}", "UPDATE OR REPLACE {0} SET sequence = 1",
            "REPLACE INTO {0} SELECT * FROM {0}", "INSERT OR REPLACE INTO {0} SELECT * FROM {0}",
            "INSERT INTO {0} SELECT * FROM {0} WHERE 1 ON CONFLICT DO UPDATE SET actor = 'x'",
        )
    ]  # fmt: skip
    columns = ", ".join(column.name for column in CHAINED["runs"].columns)
    elsewhere = columns.replace("sequence", "sequence + 1000", 1)
    statements.append(f"REPLACE INTO runs ({columns}) SELECT {elsewhere} FROM runs")  # another place, the same run_id
    for statement in statements:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            file.execute(statement)
    with pytest.raises(sqlite3.OperationalError, match="rowid"):  # the key that REPLACE could use besides
        file.execute("SELECT rowid FROM runs")
    file.close()


@pytest.mark.parametrize("revision", REVISIONS)
@pytest.mark.parametrize("kind", DATABASES)
def test_a_released_store_is_upgraded_and_used(
    kind: str, revision: str, missing_sqlite_url: str, postgresql: PostgreSQL
) -> None:
    """A store as an earlier release left it: its rows are read, its chain verifies and goes on, its guards hold."""
    url = missing_sqlite_url if kind == "sqlite" else postgresql.create(upgraded=False)
    restore(DUMPS / f"{revision}.{kind}.sql", url)
    if kind == "postgresql":
        upgrade(database(url))
    store = opened(url)
    run = store.run("r1")
    assert run is not None
    assert (len(run.resolutions), store.state(PROD).revisions) == (2, {"summarizer": 1})
    facts = store.facts(PROD, reuse_fingerprint="f")
    assert facts is not None
    assert (facts.run_id, facts.asked_at, facts.facts.origin) == ("r1", NOW, "o")
    assert set(facts.facts.entries) == ({"x"} if revision >= "0008" else set())
    assert store.verify(PROD).rows == ROWS
    store.append(PROD, AUTHOR, [run_row("r2"), handed("r2", "summarizer", "y")], now=NOW)
    before = store.previous_hand_over(PROD, "summarizer", "y")
    assert before is not None
    found = store.verify(PROD)
    assert (before.model_id, found.rows, found.guards, found.intact) == ("x", ROWS + 2, (), True)


def test_a_plan_names_the_steps_and_changes_nothing(empty_url: str) -> None:
    """Before an upgrade each missing migration is told; after it none is."""
    planned = plan(database(empty_url))
    assert (planned.current, [step.revision for step in planned.steps], planned.locked_out) == (None, REVISIONS, ())
    assert planned.steps[0].title.startswith("Create the audit store")
    done = upgrade(database(empty_url))
    assert (done.current, done.steps, done.guards) == (None, planned.steps, ())
    again = plan(database(empty_url))
    assert (again.current, again.steps) == (HEAD, ())


@pytest.mark.parametrize("kind", DATABASES)
def test_a_plan_names_the_gates_that_it_would_lock_out(
    kind: str, missing_sqlite_url: str, postgresql: PostgreSQL
) -> None:
    """A recent run of a version older than a migration allows is named; younger ones are not."""
    url = missing_sqlite_url if kind == "sqlite" else postgresql.create(upgraded=False)
    restore(DUMPS / f"0001.{kind}.sql", url)
    old = {"version": "0.0.9"}
    found = database(url)
    columns = [column for column in CHAINED["runs"].columns if column.name not in LATER]
    row = found.run(lambda connection: dict(connection.execute(select(*columns)).one()._mapping))
    other = {**row, **old, "sequence": ROWS + 1, "run_id": "old"}
    found.run(lambda connection: connection.execute(CHAINED["runs"].insert(), other), write=True)
    assert plan(found).locked_out == ("0.0.9",)
