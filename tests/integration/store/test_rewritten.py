"""Whoever owns the database may do anything: what `audit verify` and `db check` say when he has done it.

Each owner here takes the guards away, rewrites, and puts them back as they were.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from support.commands import Shell
from support.databases import opened
from support.ledger import AUTHOR, NOW, PROD, handed, pin_row, run_row
from support.schemas import database
from support.sites import ALIAS, Site

from modelgate.domain.chain import FORM, Misfit, digest
from modelgate.domain.errors import StoreProblem
from modelgate.sandbox import Sandbox
from modelgate.store import Store, migrate
from modelgate.store.families import CHAINED
from modelgate.store.schema import USABLE_FROM

FOREIGN = "CREATE TABLE letters AS SELECT * FROM resolutions WHERE 1 = 0"
"""A table of the owner's own, with all columns that a row's place needs."""
MOVED = [
    FOREIGN,
    "INSERT INTO letters SELECT * FROM resolutions WHERE sequence = 3",
    "DELETE FROM resolutions WHERE sequence = 3",
    "UPDATE store_info SET chained = chained || ',letters'",
]
"""The row at 3 is replaced by a placeholder: its hash stays, what it said is gone."""
GUARDED = (*CHAINED, "entries")
LATER = "UPDATE modelgate_version SET version_num = '9999'"


def rewrite(url: str, *statements: str) -> None:
    """Executes statements past the guards, and leaves the guards as they were."""
    if not url.startswith("sqlite"):
        with psycopg.connect(url) as server:
            server.execute("SET session_replication_role = replica")
            for table in GUARDED:
                server.execute(f"ALTER TABLE {table} DISABLE TRIGGER {table}_refuse_change".encode())
            for statement in statements:
                server.execute(statement.encode())
            for table in GUARDED:
                server.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_refuse_change".encode())
        return
    with sqlite3.connect(url.removeprefix("sqlite:///")) as file:
        triggers = file.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            file.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            file.execute(statement)
        for _, sql in triggers:
            file.execute(sql)


def filled(url: str) -> Store:
    """A store with a pin at 1 and a run at 2 and 3."""
    store = opened(url)
    store.append(PROD, AUTHOR, [pin_row(1)], now=NOW)
    store.append(PROD, AUTHOR, [run_row("r"), handed("r", "summarizer", "claude-a-1")], now=NOW)
    return store


def guards_of_letters(url: str) -> list[str]:
    """Statements that guard the owner's own table as `resolutions` is guarded."""
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as file:
            query = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'resolutions'"
            return [str(sql).replace("resolutions", "letters") for (sql,) in file.execute(query)]
    with psycopg.connect(url) as server:
        query = "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'resolutions'::regclass"
        made = [str(sql).replace("resolutions", "letters") for (sql,) in server.execute(query)]
    names = ("refuse_change", "refuse_truncate")
    return [*made, *(f"ALTER TABLE letters ENABLE ALWAYS TRIGGER letters_{name}" for name in names)]


@pytest.fixture
def site_at(tmp_path: Path, modelgate_sandbox: Sandbox) -> Callable[[str], Site]:
    """A site whose store is at a URL."""

    def make(url: str) -> Site:
        site = Site(tmp_path, modelgate_sandbox, url)
        site.asks(summarizer=ALIAS)
        return site

    return make


def verified(site: Site, head: str) -> tuple[int, dict[str, object]]:
    """The exit code and the JSON of `audit verify --expect HEAD`."""
    done = Shell(site).run("audit", "verify", "-e", "prod", "--expect", head, "--format", "json")
    return done.returncode, json.loads(done.stdout)


def test_a_rewrite_that_puts_the_guards_back_leaves_no_trace_in_them(site: Site, database_url: str) -> None:
    """What these tests find is found in rows and `store_info`, not in triggers that a rewrite forgot."""
    head = str(filled(database_url).head(PROD))
    rewrite(database_url)
    code, told = verified(site, head)
    assert (code, told["intact"], told["guards"]) == (0, True, [])


def test_a_placeholder_in_a_table_that_only_store_info_lists_is_tampering(site: Site, database_url: str) -> None:
    """No version that the store claims to be of has such a table."""
    head = str(filled(database_url).head(PROD))
    rewrite(database_url, *MOVED)
    code, told = verified(site, head)
    assert (code, told["intact"]) == (1, False)
    assert "store_info lists letters, which is no table here" in str(told["guards"])


def test_a_placeholder_of_a_version_that_is_not_known_is_never_intact(site: Site, database_url: str) -> None:
    """Where the store claims to be of a later version, what cannot be read is exit 3, or 1 where its guards lack."""
    head = str(filled(database_url).head(PROD))
    rewrite(database_url, *MOVED, LATER, *guards_of_letters(database_url))
    code, told = verified(site, head)
    assert (code, told["intact"], told["unread"], told["guards"]) == (3, None, 1, [])


def test_pins_that_store_info_does_not_list_are_read_all_the_same(site: Site, database_url: str) -> None:
    """Every approval was changed, and the table left out of the list: the first changed row is named."""
    store = filled(database_url)
    listed = ",".join(name for name in CHAINED if name != "pins")
    rewrite(database_url, "UPDATE pins SET model_id = 'claude-evil-1'", f"UPDATE store_info SET chained = '{listed}'")
    code, told = verified(site, str(store.head(PROD)))
    assert (code, told["misfit"]) == (1, {"table": "pins", "sequence": 1, "kind": "changed", "entry": None})
    assert "store_info does not list pins" in str(told["guards"])


def test_a_pin_of_a_form_that_is_not_known_is_3(site: Site, database_url: str) -> None:
    """A changed pin hides behind a form of a later version: this one cannot read it, and never says intact."""
    store = filled(database_url)
    rewrite(database_url, f"UPDATE pins SET model_id = 'claude-evil-1', form = {FORM + 1}", LATER)
    code, told = verified(site, str(store.head(PROD)))
    assert (code, told["intact"], told["unread"]) == (3, None, 1)


def test_without_a_later_version_that_form_is_a_change(site: Site, database_url: str) -> None:
    """The same row, and the store says that it is of this version: nobody can have written that form."""
    store = filled(database_url)
    rewrite(database_url, f"UPDATE pins SET model_id = 'claude-evil-1', form = {FORM + 1}")
    assert verified(site, str(store.head(PROD)))[0] == 1


def test_a_row_older_than_its_predecessor_is_tampering(site: Site, database_url: str) -> None:
    """A row that was dated back, hash and all, stands after one that is younger."""
    store = filled(database_url)
    before = next(json.loads(line)["row"] for line in store.export(PROD) if '"sequence":3' in line)
    forged = json.dumps({**before, "recorded_at": "2020-01-01T00:00:00.000000Z"}, sort_keys=True, separators=(",", ":"))
    changes = f"recorded_at = '2020-01-01T00:00:00.000000Z', hash = '{digest(forged)}'"
    rewrite(database_url, f"UPDATE resolutions SET {changes} WHERE sequence = 3")
    assert store.verify(PROD).misfit == Misfit("backdated", 3, "resolutions")


@pytest.mark.parametrize("version", ["0.0.1", "0.2"])
def test_another_usable_from_than_the_migrations_set_is_told(database_url: str, version: str) -> None:
    """`store_info` may say of a schema that is known here only what its migrations say."""
    opened(database_url)
    rewrite(database_url, f"UPDATE store_info SET usable_from = '{version}'")
    if version < USABLE_FROM:
        assert migrate.plan(database(database_url)).guards == (
            f"store_info says usable_from {version}, its migrations {USABLE_FROM}",
        )
        return
    with pytest.raises(StoreProblem, match=r"for modelgate 0\.2 or later"):  # also by its own number alone
        opened(database_url)


REMOVALS: list[tuple[str, str]] = [
    ("sqlite", "DROP TRIGGER pins_refuse_update"),
    ("sqlite", "DROP TRIGGER runs_refuse_delete"),
    ("sqlite", "DROP TRIGGER findings_refuse_replace"),
    ("sqlite", "DROP TRIGGER resolutions_check_place"),
    ("postgresql", "DROP TRIGGER pins_refuse_change ON pins"),
    ("postgresql", "ALTER TABLE runs DISABLE TRIGGER runs_refuse_truncate"),
    ("postgresql", "ALTER TABLE runs ENABLE REPLICA TRIGGER runs_refuse_change"),
    ("postgresql", "ALTER TABLE runs DISABLE TRIGGER runs_check_place"),
    ("postgresql", "ALTER TABLE pins DISABLE TRIGGER USER"),
    (
        "postgresql",
        "CREATE OR REPLACE FUNCTION modelgate_refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RETURN NEW; END$$",
    ),
]


@pytest.mark.parametrize(("kind", "removal"), REMOVALS, ids=[f"{kind}-{n}" for n, (kind, _) in enumerate(REMOVALS)])
def test_a_guard_that_is_gone_is_told(
    kind: str, removal: str, request: pytest.FixtureRequest, site_at: Callable[[str], Site]
) -> None:
    """Dropped, switched off, or made to let everything pass: `audit verify` and `db check` end with 1 and name it."""
    url: str = request.getfixturevalue(f"{kind}_url")
    head = str(filled(url).head(PROD))
    if kind == "sqlite":
        with sqlite3.connect(url.removeprefix("sqlite:///")) as file:
            file.execute(removal)
    else:
        with psycopg.connect(url) as server:
            server.execute(removal.encode())
    site = site_at(url)
    code, told = verified(site, head)
    assert (code, told["misfit"], told["intact"]) == (1, None, False)
    assert told["guards"]
    checked = Shell(site).run("db", "check", "-e", "prod", "--format", "json")
    assert (checked.returncode, json.loads(checked.stdout)["guards"]) == (1, told["guards"])


def test_a_guard_that_lets_some_pass_is_told(sqlite_url: str, site_at: Callable[[str], Site]) -> None:
    """A trigger of the right name on the right table that refuses only what does not matter."""
    head = str(filled(sqlite_url).head(PROD))
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as file:
        file.execute("DROP TRIGGER pins_refuse_update")
        file.execute(
            "CREATE TRIGGER pins_refuse_update BEFORE UPDATE ON pins WHEN OLD.slot = 'none' "
            "BEGIN SELECT RAISE(ABORT, 'pins is append-only'); END"
        )
    code, told = verified(site_at(sqlite_url), head)
    assert (code, told["guards"]) == (1, ["the trigger pins_refuse_update is not as it was made"])
