"""Facts by digest: stored once, named by runs, believed only if they are their digest's."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from support.commands import Shell
from support.databases import PostgreSQL, opened
from support.documents import code_blocks
from support.ledger import AUTHOR, NOW, PROD, run_row
from support.roles import ROLES
from support.schemas import database, migrate
from support.sites import ALIAS, OLD, Site, found

from modelgate.domain.catalogue import Answer, Entry, Facts, Outcome
from modelgate.domain.codec import content_digest, seen_of
from modelgate.domain.errors import StoreProblem
from modelgate.domain.rows import RunRow, Scope
from modelgate.store.schema import HEAD

LONG = {"reuse_seconds": 3600, "grace_hours": 24}
WRITTEN_WHOLE = (
    '{"answers":{"n":{"id":"i","outcome":"resolved"}},"entries":{"i":{"id":"i"}},"gone":[],"origin":"https://o"}'
)


def rows(url: str, query: str) -> list[Any]:
    """What the database holds."""
    return database(url).run(lambda connection: [tuple(row) for row in connection.execute(text(query))])


def as_owner(url: str, *statements: str) -> None:
    """Does what only who owns the database can, past all guards."""
    if not url.startswith("sqlite"):
        with psycopg.connect(url) as server:
            for statement in ("ALTER TABLE entries DISABLE TRIGGER ALL", *statements):
                server.execute(statement.encode())
        return
    with sqlite3.connect(url.removeprefix("sqlite:///")) as file:
        for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'entries'"):
            file.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            file.execute(statement)


def verified(site: Site) -> tuple[int, dict[str, Any]]:
    """The exit code and the JSON of `audit verify`."""
    done = Shell(site).run("audit", "verify", "-e", "prod", "--format", "json")
    return done.returncode, json.loads(done.stdout)


def test_unchanged_facts_are_stored_once(site: Site) -> None:
    """A second run names the same digests and adds no entry; one that sees another date adds one."""
    site.asks(first="claude-sonnet-5", second=ALIAS)
    site.preflight()
    before = rows(site.database_url, "SELECT digest, entry FROM entries")
    assert {json.loads(entry)["id"] for _, entry in before} == {"claude-sonnet-5", OLD}
    assert all(hashlib.sha256(entry.encode()).hexdigest() == digest for digest, entry in before)
    site.preflight()
    assert rows(site.database_url, "SELECT digest, entry FROM entries") == before
    site.sandbox.deprecate("claude-sonnet-5")
    site.preflight()
    assert len(rows(site.database_url, "SELECT 1 FROM entries")) == 3
    named = [set(each.split(",")) for (each,) in rows(site.database_url, "SELECT entries FROM runs ORDER BY sequence")]
    assert (named[0] == named[1], len(named[1] & named[2]), len(named[2])) == (True, 1, 2)


def test_the_columns_of_old_rows_are_left_to_old_rows(site: Site) -> None:
    """`facts`, `asked_at` and both fingerprints are null: a version that knows no other columns asks for itself."""
    site.asks(policy=LONG, summarizer=ALIAS)
    site.preflight()
    old = "facts, asked_at, reuse_fingerprint, grace_fingerprint"
    assert rows(site.database_url, f"SELECT form, {old} FROM runs") == [(4, None, None, None, None)]
    new = "answers, entries, seen_at, reuse_mark, grace_mark, store_schema"
    assert None not in rows(site.database_url, f"SELECT {new} FROM runs")[0]


def seen_run(run_id: str, *, entry: Entry, asked: Any = NOW, mark: str = "f") -> tuple[RunRow, dict[str, str]]:
    """A run that saw one entry, and what it names."""
    seen = seen_of(Facts("https://o", asked, {"n": Answer("n", Outcome.RESOLVED, entry.id)}, {entry.id: entry}), [])
    named = {"answers": seen.answers, "entries": seen.digests, "seen_at": asked, "reuse_mark": mark, "grace_mark": mark}
    return run_row(run_id, origin="https://o", **named), dict(seen.entries)


def test_both_forms_are_read_the_newest_first(database_url: str) -> None:
    """What old rows say whole is read on, among the others, by sequence and with their own age."""
    store = opened(database_url)
    for number in range(4):
        asked = NOW + timedelta(seconds=number)
        if number % 2:
            marks = {"facts": WRITTEN_WHOLE, "asked_at": asked, "reuse_fingerprint": "f", "grace_fingerprint": "f"}
            run, entries = run_row(f"r{number}", **marks), {}
        else:
            run, entries = seen_run(f"r{number}", entry=Entry("i"), asked=asked)
        store.append(PROD, AUTHOR, [run], now=NOW, entries=entries)
    for kind in ("reuse_fingerprint", "grace_fingerprint"):
        young = store.young_facts(PROD, (NOW + timedelta(seconds=1), NOW + timedelta(days=1)), **{kind: "f"})
        assert [each.run_id for each in young] == ["r3", "r2", "r1"]
        assert all(each.facts.knows("i") and each.facts.answers["n"].id == "i" for each in young)
    newest = store.facts(PROD)
    assert newest is not None
    assert (newest.run_id, newest.asked_at) == ("r3", NOW + timedelta(seconds=3))
    store.append(PROD, AUTHOR, [run_row("r4", reused_from="r3")], now=NOW)
    run, entries = seen_run("r5", entry=Entry("j"), mark="another")
    store.append(PROD, AUTHOR, [run], now=NOW, entries=entries)
    of_f, newest = store.facts(PROD, reuse_fingerprint="f"), store.facts(PROD)
    assert (of_f and of_f.run_id, newest and newest.run_id) == ("r3", "r5")


def test_the_fleet_knows_how_old_the_facts_are(database_url: str) -> None:
    """Of a run of either form it is the time at which the API was asked, not that at which the run was recorded."""
    store, asked = opened(database_url), NOW - timedelta(hours=3)
    run, entries = seen_run("new", entry=Entry("i"), asked=asked)
    store.append(PROD, AUTHOR, [run], now=NOW, entries=entries)
    old = run_row("old", facts=WRITTEN_WHOLE, asked_at=asked, reuse_fingerprint="f")
    store.append(Scope("checkout", "staging"), AUTHOR, [old], now=NOW)
    found = store.census(NOW, NOW - timedelta(days=1), lambda census: list(census.states()))
    assert {state.current.run_id: state.current.asked_at for state in found} == {"new": asked, "old": asked}


def no_entry(url: str) -> None:
    """Somebody took the entry away."""
    as_owner(url, "DELETE FROM entries")


def other_entry(url: str) -> None:
    """Somebody changed what the Models API said."""
    as_owner(url, "UPDATE entries SET entry = replace(entry, 'active', 'deprecated')")


def no_text(url: str) -> None:
    """Somebody wrote what is no text; PostgreSQL takes none that is not."""
    binary = "CAST(x'ff00' AS TEXT)" if url.startswith("sqlite") else "chr(1)"
    as_owner(url, f"UPDATE entries SET entry = {binary}")


@pytest.mark.parametrize("harm", [no_entry, other_entry, no_text])
def test_what_is_not_its_digests_is_unknown_and_never_a_stop(site: Site, harm: Any) -> None:
    """The gate asks for itself, starts and records; grace does not stand on it; status knows less; verify says it."""
    site.asks(policy=LONG, summarizer=ALIAS)
    site.accept(everything=True)
    first = site.preflight()
    assert site.preflight().reused_from == first.run_id
    assert verified(site)[0] == 0
    harm(site.database_url)
    code, told = verified(site)
    kind = "removed" if harm is no_entry else "changed"
    assert (code, told["misfit"]["kind"], told["misfit"]["table"]) == (1, kind, "runs")
    done = Shell(site).run("audit", "verify", "-e", "prod")
    assert f"tampered with: the entry {told['misfit']['entry'][:12]}… that row 2 names was {kind}" in done.stdout
    assert Shell(site).run("status", "-e", "prod").returncode == 0
    again = site.preflight()
    assert (str(again.verdict), again.reused_from, again.requests > 0) == ("pass", None, True)


def test_an_entry_that_is_gone_comes_back_with_the_next_run_that_sees_it(site: Site) -> None:
    """It is the same text by the same digest: the chain vouches for it as before."""
    site.preflight()
    no_entry(site.database_url)
    assert verified(site)[0] == 1
    site.preflight()
    assert verified(site)[1]["misfit"] is None


def test_grace_does_not_stand_on_an_entry_that_is_gone(site: Site) -> None:
    """The API is down, and what a run saw cannot be read: nobody knows, and nobody starts on it."""
    site.asks(policy={"grace_hours": 24}, summarizer=ALIAS)
    site.accept(everything=True)
    site.preflight()
    site.outage()
    assert "api.grace" in found(site.preflight())
    no_entry(site.database_url)
    refused = site.preflight()
    assert (str(refused.verdict), "api.grace" in found(refused)) == ("unknown", False)


def test_rows_that_make_no_sense_are_passed_over(database_url: str) -> None:
    """Whoever may add rows can write anything: then older facts serve, and none of it stops a reader."""
    store = opened(database_url)
    run, entries = seen_run("good", entry=Entry("i"))
    store.append(PROD, AUTHOR, [run], now=NOW, entries=entries)
    for number, answers in enumerate(("{", "[]", "{}", '{"gone":5}', '{"gone":[],"heard":{"n":"i"}}', None)):
        store.append(PROD, AUTHOR, [replace(run, run_id=f"bad{number}", answers=answers)], now=NOW)
    between = (NOW - timedelta(days=1), NOW + timedelta(days=1))
    assert [each.run_id for each in store.young_facts(PROD, between, reuse_fingerprint="f")] == ["good"]
    assert store.facts(PROD) is None


def test_a_run_cannot_name_an_entry_that_is_not_there(database_url: str) -> None:
    """The database refuses the row, whoever adds it: nobody can make `audit verify` fail for good."""
    store = opened(database_url)
    run, entries = seen_run("r", entry=Entry("i"))
    for named in ("0" * 64, "x", f"{run.entries},", f"{run.entries},{'0' * 64}", f"{run.entries};{run.entries}", ","):
        with pytest.raises(StoreProblem):
            store.append(PROD, AUTHOR, [replace(run, entries=named)], now=NOW, entries=entries)
    assert store.head(PROD) is None
    store.append(PROD, AUTHOR, [replace(run, entries="")], now=NOW)
    store.append(PROD, AUTHOR, [replace(run, run_id="s")], now=NOW, entries=entries)
    assert store.verify(PROD).intact


def test_entries_are_only_ever_added(database_url: str) -> None:
    """No UPDATE, DELETE, TRUNCATE or REPLACE, and nothing under a digest that is taken."""
    store = opened(database_url)
    run, entries = seen_run("r", entry=Entry("i"))
    store.append(PROD, AUTHOR, [run], now=NOW, entries=entries)
    before = rows(database_url, "SELECT digest, entry FROM entries")
    on_sqlite = database_url.startswith("sqlite")
    statements = ["UPDATE entries SET entry = 'x'", "DELETE FROM entries"]
    statements += [] if on_sqlite else ["TRUNCATE entries"]
    for statement in statements:
        with pytest.raises(StoreProblem, match="rows are only ever added"):
            database(database_url).run(lambda c, s=statement: c.execute(text(s)), write=True)
    if on_sqlite:
        for statement in (
            "REPLACE INTO entries SELECT digest, 'x' FROM entries",
            "INSERT OR REPLACE INTO entries SELECT digest, 'x' FROM entries",
        ):
            database(database_url).run(lambda c, s=statement: c.execute(text(s)), write=True)
    assert rows(database_url, "SELECT digest, entry FROM entries") == before


def test_postgresql_refuses_what_is_not_its_digests(postgresql_url: str) -> None:
    """The server computes it; SQLite, which cannot, takes none that is no digest."""
    for digest, entry in (("0" * 64, "x"), (content_digest("x").upper(), "x"), (content_digest("x"), "y")):
        with pytest.raises(psycopg.Error) as refused, psycopg.connect(postgresql_url) as server:
            server.execute("INSERT INTO entries VALUES (%s, %s)", (digest, entry))
        assert refused.value.sqlstate == "MG007"
    with psycopg.connect(postgresql_url) as server:
        server.execute("INSERT INTO entries VALUES (%s, %s)", (content_digest("é🙂"), "é🙂"))


def test_sqlite_refuses_what_is_no_digest(sqlite_url: str) -> None:
    """It has no SHA-256 of its own: what is not its digest's is seen by readers and by `audit verify`."""
    opened(sqlite_url)
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as file:
        for digest, entry in (
            ("x", "x"),
            ("A" * 64, "x"),
            (None, "x"),
            ("0" * 64, b"x"),
            (b"0" * 64, "x"),
            ("0" * 64, 5),
        ):
            with pytest.raises(sqlite3.IntegrityError):
                file.execute("INSERT INTO entries VALUES (?, ?)", (digest, entry) if entry != 5 else (digest, None))


@pytest.mark.parametrize("guard", ["entries_refuse_%", "entries_check_digest", "runs_check_entries"])
def test_missing_guards_are_told(site: Site, guard: str) -> None:
    """`audit verify` and `db check` name what no longer keeps entries."""
    site.preflight()
    if site.database_url.startswith("sqlite"):
        with sqlite3.connect(site.database_url.removeprefix("sqlite:///")) as file:
            query = f"SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE '{guard}'"
            names = [name for (name,) in file.execute(query)]
            for name in names:
                file.execute(f"DROP TRIGGER {name}")
    else:
        with psycopg.connect(site.database_url) as server:
            query = f"SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE '{guard}'"
            gone = server.execute(query.encode()).fetchall()
            names = [name for name, _ in gone]
            for name, table in gone:
                server.execute(f"DROP TRIGGER {name} ON {table}".encode())
    code, told = verified(site)
    assert (code, sorted(told["guards"])) == (1, sorted(f"the trigger {name} is missing" for name in names))
    assert Shell(site).run("db", "check", "-e", "prod").returncode == 1


def stranger(lines: str) -> subprocess.CompletedProcess[str]:
    """The program of docs/audit.md, which knows nothing of modelgate, reads an export."""
    program = next(code for code in code_blocks("audit.md", "python") if "sys.stdin" in code)
    return subprocess.run([sys.executable, "-I", "-c", program], input=lines, capture_output=True, text=True)


def test_a_stranger_checks_entries_by_the_export_alone(site: Site) -> None:
    """Each is in the line that names it first; one that was changed there, or left out, is told with its row."""
    site.asks(first="claude-sonnet-5", second=ALIAS)
    for _ in range(3):
        site.check()
    exported = list(site.store().export(site.scope()))
    told = [json.loads(line).get("entries", {}) for line in exported if '"table":"runs"' in line]
    assert [len(each) for each in told] == [2, 0, 0]
    whole = "\n".join(exported)
    assert stranger(whole).stdout.strip() == str(site.store().head(site.scope()))
    assert "is missing: row 1" in stranger(whole.replace("sonnet", "opus", 1)).stderr
    first = json.loads(exported[0])
    del first["entries"]
    assert "is missing: row 1" in stranger("\n".join([json.dumps(first), *exported[1:]])).stderr


def test_a_changed_store_info_is_told(site: Site) -> None:
    """The newest run bears witness: at the same revision nothing but a change by hand explains another word."""
    site.preflight()
    assert verified(site)[0] == 0
    database(site.database_url).run(lambda c: c.execute(text(f"UPDATE store_info SET salt = '{'0' * 64}'")), write=True)
    code, told = verified(site)
    assert (code, told["guards"]) == (1, ["store_info is not what the run at 1 saw"])


def test_a_store_that_was_upgraded_since_is_no_change(site: Site) -> None:
    """A later migration may say something else of the store; a revision that was set back is told."""
    site.preflight()
    said = "UPDATE modelgate_version SET version_num = '9999'"
    database(site.database_url).run(lambda c: c.execute(text(said)), write=True)
    assert verified(site)[1]["guards"] == []
    site.preflight()
    back = f"UPDATE modelgate_version SET version_num = '{HEAD}'"
    database(site.database_url).run(lambda c: c.execute(text(back)), write=True)
    (told,) = verified(site)[1]["guards"]
    assert told.startswith(f"the store says schema {HEAD}, and run ")


def test_many_writers_of_the_same_new_entries_never_lock_each_other_out(postgresql_url: str) -> None:
    """Each environment adds the same twenty entries, in an order of its own: all are recorded, none waits for good."""
    every = [Entry(f"m{number}") for number in range(20)]

    def add(number: int) -> None:
        store, scope = opened(postgresql_url), Scope("checkout", f"env{number}")
        for turn in range(5):
            entries: dict[str, str] = {}
            named = [replace(entry, display_name=str(turn)) for entry in every]
            for entry in named if number % 2 else reversed(named):
                entries |= seen_run("", entry=entry)[1]
            row = run_row(f"r{number}-{turn}", answers='{"gone":[]}', entries=",".join(entries), seen_at=NOW)
            store.append(scope, AUTHOR, [row], now=NOW, entries=entries)

    crowd(add, range(6))
    assert rows(postgresql_url, "SELECT count(*) FROM entries") == [(100,)]
    assert all(opened(postgresql_url).verify(Scope("checkout", f"env{n}")).rows == 5 for n in range(6))


def crowd(work: Any, numbers: Sequence[int]) -> None:
    """Does the work for all at once, and raises what one of them raised."""
    failed: list[BaseException] = []

    def one(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def test_an_upgrade_lets_every_gate_go_on(postgresql: PostgreSQL) -> None:
    """A store of the schema before, with its roles: nobody grants anything, and gate, operator and reader go on."""
    once, each_time, _ = code_blocks("postgresql.md", "sql")
    url = postgresql.create(upgraded=False)
    name = url.partition("?")[0].rpartition("/")[2]
    for role in ROLES:
        if postgresql.execute(f"SELECT 1 FROM pg_roles WHERE rolname = '{role}'"):
            once = once.replace(f"CREATE ROLE {role} LOGIN;\n", "")
    postgresql.execute(once.replace("ON DATABASE modelgate ", f"ON DATABASE {name} "), name)
    owner = postgresql.url(name, "modelgate_migrator")
    migrate(owner, "0007")
    with psycopg.connect(owner, autocommit=True) as migrator:
        migrator.execute(("SET search_path = modelgate; " + each_time.replace(", entries TO", " TO")).encode())
    migrate(owner, "head")
    for role in ("modelgate_gate", "modelgate_operator"):
        run, entries = seen_run(role, entry=Entry("i", display_name=role))
        opened(postgresql.url(name, role)).append(PROD, AUTHOR, [run], now=NOW, entries=entries)
    facts = opened(postgresql.url(name, "modelgate_reader")).facts(PROD)
    assert facts is not None
    assert facts.facts.knows("i")
    for role in ("modelgate_reader", "modelgate_prover", "modelgate_watcher"):
        with psycopg.connect(postgresql.url(name, role)) as connection, pytest.raises(psycopg.Error) as refused:
            connection.execute(f"INSERT INTO modelgate.entries VALUES ('{content_digest('x')}', 'x')".encode())
        assert refused.value.sqlstate == "42501"
