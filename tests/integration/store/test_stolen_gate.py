"""A stolen credential of the gate, on the roles of docs/postgresql.md, directly and behind a pooler."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import insert
from support.databases import PostgreSQL, opened, settings_for
from support.ledger import AUTHOR, NOW, PROD, handed, pin_row, run_row
from support.pooler import by_way_of, left_in_the_session, pooled
from support.roles import As, store_with_roles

from modelgate.clock import Deadline, SystemClock
from modelgate.domain.chain import GENESIS, canonical_row, digest
from modelgate.domain.errors import ModelgateError, StoreProblem
from modelgate.domain.rows import FindingRow
from modelgate.store import connect, server
from modelgate.store.append import _columns
from modelgate.store.families import CHAINED

GATE, OPERATOR, WATCHER = "modelgate_gate", "modelgate_operator", "modelgate_watcher"


@pytest.fixture
def url_as(postgresql: PostgreSQL) -> As:
    """The URL of a fresh store for a role."""
    return store_with_roles(postgresql)


@pytest.fixture
def pooled_as(postgresql: PostgreSQL, url_as: As, tmp_path: Path) -> Iterator[As]:
    """The same by way of PgBouncer in transaction mode."""
    with pooled(postgresql, tmp_path) as folder:
        yield lambda role: by_way_of(url_as(role), folder)


def forge(url: str, *, sequence: int, previous: str, at: datetime, table: str = "runs") -> None:
    """Adds one row whose hash is right, as somebody does who knows docs/audit.md."""
    row = run_row(f"forged-{sequence}") if table == "runs" else FindingRow("r", "f", "note", "m", "h")
    values = {
        **_columns(row), "service": PROD.service, "environment": PROD.environment, "sequence": sequence,
        "recorded_at": at, "clock_at": at, "database_user": GATE, "form": 1, "previous": previous,
        "actor": "mallory", "host": "h", "version": "0.1.0",
    }  # fmt: skip
    values["hash"] = digest(canonical_row(table, values))
    clock = SystemClock()
    thief = connect(settings_for(url), deadline=Deadline.after(0, clock), clock=clock)
    thief.run(lambda connection: connection.execute(insert(CHAINED[table]), values), write=True)


def now() -> datetime:
    """The clock of this host, which is the database's."""
    return datetime.now(UTC)


@pytest.mark.parametrize(
    ("sequence", "days", "named"),
    [
        (2**63 - 1, 0, True), (3, 0, True), (2, 6_570_000, False), (2, -2, True), (2, 1, True), (2, 0, False),
        (1, 0, True), (0, 0, True), (-5, 0, True),
    ],
)  # fmt: skip
def test_a_forged_row_gets_no_place_of_its_own(url_as: As, sequence: int, days: int, named: bool) -> None:
    """A gap, the last number there is, another time, a false predecessor, a place that is taken: nothing is written.

    Gate, rollback and verification go on as before.
    """
    head = opened(url_as(OPERATOR)).append(PROD, AUTHOR, [pin_row(1)], now=NOW)
    at = now() + timedelta(days=days) if days < 10_000 else datetime.max.replace(tzinfo=UTC)
    clock_of = {"sequence": sequence, "previous": head.hash if named else "f" * 64, "at": at}
    with pytest.raises(ModelgateError):
        forge(url_as(GATE), **clock_of)
    store = opened(url_as(GATE))
    assert store.head(PROD) == head
    store.append(PROD, AUTHOR, [run_row("r"), handed("r", "summarizer", "x")], now=NOW)
    assert store.verify(PROD).intact


def test_two_rows_never_share_a_place(url_as: As) -> None:
    """Not even in two tables and one transaction whose checks were made early."""
    store = opened(url_as(GATE))
    head = store.append(PROD, AUTHOR, [run_row("r")], now=NOW)
    again = (
        "SET CONSTRAINTS ALL IMMEDIATE; INSERT INTO findings SELECT service, environment, sequence, recorded_at, "
        "clock_at, actor, database_user, host, version, commit_sha, ci_run, form, previous, hash, run_id, 'f', 'note', "
        "'m', 'h', NULL, NULL, false FROM runs"
    )
    with psycopg.connect(url_as(GATE)) as thief, pytest.raises(psycopg.errors.SerializationFailure):
        thief.execute(f"SET search_path = modelgate; {again}".encode())
    with pytest.raises(ModelgateError):
        forge(url_as(GATE), sequence=1, previous=GENESIS, at=now(), table="findings")
    assert (store.head(PROD), store.verify(PROD).intact) == (head, True)


def test_only_those_who_may_add_may_lock(url_as: As, postgresql: PostgreSQL) -> None:
    """Whoever may connect can hold every advisory lock there is: rows are added all the same."""
    opened(url_as(GATE)).append(PROD, AUTHOR, [run_row("r")], now=NOW)
    if not postgresql.execute("SELECT 1 FROM pg_roles WHERE rolname = 'stranger'"):
        postgresql.execute("CREATE ROLE stranger LOGIN")
    name = url_as(GATE).partition("?")[0].rpartition("/")[2]
    with psycopg.connect(url_as("stranger"), autocommit=True) as stranger:
        from hashlib import sha256

        key = int.from_bytes(sha256(f"modelgate:{PROD}".encode()).digest()[:8], signed=True)
        stranger.execute(b"SELECT pg_advisory_lock(%s)", [key])
        opened(url_as(GATE), seconds=5).append(PROD, AUTHOR, [run_row("r2")], now=NOW)
        for statement in ("SELECT modelgate.modelgate_begin('a', 'b', 1)", "TABLE modelgate.chain_ends"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                stranger.execute(statement.encode())
    postgresql.execute("GRANT USAGE ON SCHEMA modelgate TO stranger", name)
    with (
        psycopg.connect(url_as("stranger")) as stranger,
        pytest.raises(psycopg.errors.InsufficientPrivilege, match="may not add rows"),
    ):
        stranger.execute(b"SELECT modelgate.modelgate_begin('a', 'b', 1)")


@pytest.mark.parametrize("until", ["'infinity'", "'NaN'", "extract(epoch FROM now()) + 100000"])
def test_no_lease_lasts_for_good(url_as: As, until: str) -> None:
    """A lease ends within a day, whoever takes it."""
    with psycopg.connect(url_as(GATE)) as thief, pytest.raises(psycopg.Error) as refused:
        thief.execute(f"INSERT INTO modelgate.claims VALUES ('f', 'mallory', {until})".encode())
    assert refused.value.sqlstate == "MG005"


def test_the_gate_leases_no_batch(url_as: As) -> None:
    """It may neither take a batch's lease, nor end one, nor rename its own to one; its own it may."""
    operator, gate = opened(url_as(OPERATOR)), opened(url_as(GATE))
    assert operator.take_lease("batch:job", "ada", 60) == "ada"
    assert gate.take_lease("mark", gate.holder, 60) == gate.holder
    for statement in (
        "DELETE FROM claims WHERE fingerprint = 'batch:job'",
        "UPDATE claims SET until = 0 WHERE fingerprint = 'batch:job'",
        "UPDATE claims SET fingerprint = 'batch:other' WHERE fingerprint = 'mark'",
        "INSERT INTO claims VALUES ('batch:next', 'mallory', 0)",
    ):
        with psycopg.connect(url_as(GATE)) as thief, pytest.raises(psycopg.errors.InsufficientPrivilege):
            thief.execute(f"SET search_path = modelgate; {statement}".encode())
    with pytest.raises(StoreProblem, match="lacks a right"):
        gate.take_lease("batch:job", "mallory", 60)
    gate.give_back_lease("mark", gate.holder)
    operator.give_back_lease("batch:job", "ada")


def test_the_gate_leases_no_watch(url_as: As) -> None:
    """Else it could keep every watcher from its work, and nobody would be told of anything."""
    from modelgate.fleet.watch import LEASE

    watcher, gate = opened(url_as(WATCHER)), opened(url_as(GATE))
    assert watcher.take_lease(LEASE, "mine", 60) == "mine"
    assert gate.take_lease("mark", gate.holder, 60) == gate.holder
    for statement in (
        f"DELETE FROM claims WHERE fingerprint = '{LEASE}'",
        f"UPDATE claims SET holder = 'mallory' WHERE fingerprint = '{LEASE}'",
        f"UPDATE claims SET fingerprint = 'x' WHERE fingerprint = '{LEASE}'",
        f"UPDATE claims SET fingerprint = '{LEASE}' WHERE fingerprint = 'mark'",
    ):
        with psycopg.connect(url_as(GATE)) as thief, pytest.raises(psycopg.errors.InsufficientPrivilege):
            thief.execute(f"SET search_path = modelgate; {statement}".encode())
    watcher.give_back_lease(LEASE, "mine")
    with pytest.raises(StoreProblem, match="lacks a right"):
        gate.take_lease(LEASE, "mallory", 60)


SHADOWS = [
    "CREATE TEMP TABLE pins AS SELECT * FROM modelgate.pins",
    "CREATE TEMP TABLE store_info AS SELECT 1 AS id, '00' AS salt, '0.1.0' AS usable_from, 'pins' AS chained",
    "SET search_path = pg_temp, public",
    "SET search_path = nowhere",
    "SET statement_timeout = 1",
    "SET datestyle = 'German'",
    "SET timezone = 'Asia/Tokyo'",
]


@pytest.mark.parametrize("left", SHADOWS)
def test_what_is_left_in_a_pooled_session_changes_nothing(pooled_as: As, url_as: As, left: str) -> None:
    """Temporary tables, paths and settings of an earlier client of the same server connection are passed over.

    Also where an administrator has not revoked the right to make temporary tables.
    """
    name = url_as(GATE).partition("?")[0].rpartition("/")[2]
    with psycopg.connect(url_as("postgres"), autocommit=True) as administrator:
        administrator.execute(f"GRANT TEMPORARY ON DATABASE {name} TO PUBLIC".encode())
    opened(url_as(OPERATOR)).append(PROD, AUTHOR, [pin_row(1)], now=NOW)
    left_in_the_session(pooled_as(GATE), left)
    store = opened(pooled_as(GATE))
    assert {slot: pins.newest.model_id for slot, pins in store.state(PROD).pins.items() if pins.newest} == {
        "summarizer": "claude-a-1"
    }
    store.append(PROD, AUTHOR, [run_row("r"), handed("r", "summarizer", "x")], now=NOW)
    assert store.verify(PROD).intact


def test_a_session_with_too_little_time_even_to_begin_is_begun_again(
    pooled_as: As, url_as: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy machine takes longer over BEGIN than the millisecond that an earlier client left for it."""
    opened(url_as(OPERATOR)).append(PROD, AUTHOR, [pin_row(1)], now=NOW)
    begin = server.begin
    held = "SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()"
    thrice = f"SELECT CASE WHEN n < 3 THEN concat(pg_advisory_lock(n), pg_sleep(5)) END FROM ({held}) AS tries"

    def slow(**options: Any) -> tuple[str, ...]:
        first, *rest = begin(**options)
        return first, thrice, *rest

    monkeypatch.setattr(server, "begin", slow)
    store = opened(pooled_as(GATE))
    for work in (
        lambda: store.verify(PROD),
        lambda: store.state(PROD),
        lambda: store.append(PROD, AUTHOR, [run_row("r")], now=NOW),
    ):
        left_in_the_session(pooled_as(GATE), "SELECT pg_advisory_unlock_all(); SET statement_timeout = 20")
        work()
    assert store.verify(PROD).intact


def test_a_role_that_changes_its_own_path_stops_nobody(url_as: As) -> None:
    """`ALTER ROLE … SET search_path` is everybody's right for himself."""
    with psycopg.connect(url_as(GATE), autocommit=True) as thief:
        thief.execute(b"ALTER ROLE modelgate_gate SET search_path = nowhere")
    try:
        opened(url_as(GATE)).append(PROD, AUTHOR, [run_row("r")], now=NOW)
    finally:
        with psycopg.connect(url_as(GATE), autocommit=True) as thief:
            thief.execute(b"ALTER ROLE modelgate_gate RESET search_path")


def test_a_gate_makes_no_temporary_table(url_as: As) -> None:
    """As docs/postgresql.md has it, the right to is revoked."""
    with psycopg.connect(url_as(GATE)) as thief, pytest.raises(psycopg.errors.InsufficientPrivilege):
        thief.execute(b"CREATE TEMP TABLE pins (slot text)")


def test_gates_behind_a_pooler_take_turns(pooled_as: As) -> None:
    """Many at once on one server connection each add their run, and the chain is whole."""

    def add(number: int) -> None:
        opened(pooled_as(GATE)).append(PROD, AUTHOR, [run_row(f"r{number}")], now=NOW)

    crowd = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()
    found = opened(pooled_as(GATE)).verify(PROD)
    assert (found.intact, found.rows) == (True, 8)


def test_a_time_that_python_cannot_tell_stops_nobody(url_as: As) -> None:
    """A row may say that it was asked in the year 20000: others are judged all the same."""
    store = opened(url_as(GATE))
    store.append(PROD, AUTHOR, [run_row("r", asked_at=NOW, facts="{}", reuse_fingerprint="f")], now=NOW)
    with psycopg.connect(url_as("postgres")) as owner:
        owner.execute(b"SET session_replication_role = replica; ALTER TABLE modelgate.runs DISABLE TRIGGER ALL")
        owner.execute(b"UPDATE modelgate.runs SET asked_at = 'infinity', started_at = '20000-01-01'")
    found = store.run("r")
    assert found is not None
    assert found.run.started_at.year == 9999
    assert not store.verify(PROD).intact
