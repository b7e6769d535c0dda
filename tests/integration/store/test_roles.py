"""The roles of docs/postgresql.md, made by the page's own SQL, and what the database refuses to each."""

from __future__ import annotations

import psycopg
import pytest
from support.databases import PostgreSQL, opened
from support.documents import code_blocks
from support.ledger import AUTHOR, NOW, PROD, handed, pin_row, run_row
from support.roles import As, store_with_roles

from modelgate.domain.errors import StoreProblem
from modelgate.domain.evidence import EvidenceRow
from modelgate.domain.notices import RESERVED, TellingRow
from modelgate.domain.rows import FindingRow
from modelgate.store.families import CHAINED

RUN = [run_row("r1"), handed("r1", "summarizer", "x"), FindingRow("r1", "f", "note", "m", "h")]


@pytest.fixture
def url_as(postgresql: PostgreSQL) -> As:
    """The URL of a fresh store, made as the page says, for a role."""
    return store_with_roles(postgresql)


def test_the_gate_reads_and_records_and_cannot_pin(url_as: As) -> None:
    """A gate's role records runs under its own name; a pin of its is refused, and the run beside it too."""
    store = opened(url_as("modelgate_gate"))
    head = store.append(PROD, AUTHOR, RUN, now=NOW)
    found = store.run("r1")
    assert found is not None
    assert found.envelope.database_user == "modelgate_gate"
    assert store.take_lease("f", "me", 9) == "me"
    store.give_back_lease("f", "me")
    with pytest.raises(StoreProblem, match="lacks a right") as refused:
        store.append(PROD, AUTHOR, [run_row("r2"), pin_row(1)], now=NOW)
    assert refused.value.hint.endswith("; docs/postgresql.md says which role may what")
    assert (store.head(PROD), store.verify(PROD).intact) == (head, True)


def test_the_gate_may_pin_where_it_is_granted(url_as: As) -> None:
    """With the page's last grant, for environments whose policy accepts at preflight, it can."""
    with psycopg.connect(url_as("modelgate_migrator"), autocommit=True) as migrator:
        migrator.execute(b"SET search_path = modelgate")
        migrator.execute(code_blocks("postgresql.md", "sql")[2].encode())
    opened(url_as("modelgate_gate")).append(PROD, AUTHOR, [pin_row(1, action="first-use")], now=NOW)
    assert opened(url_as("modelgate_gate")).state(PROD).revisions == {"summarizer": 1}


def test_the_operator_pins(url_as: As) -> None:
    """An operator's role adds pins and runs, each under its own name."""
    store = opened(url_as("modelgate_operator"))
    store.append(PROD, AUTHOR, [*RUN, pin_row(1)], now=NOW)
    assert [event.envelope.database_user for event in store.history(PROD)] == ["modelgate_operator"] * 2


def test_the_prover_adds_evidence_and_nothing_else(url_as: As) -> None:
    """The role of the CI that runs evaluations records what it found; a pin, a run or a notice of its is refused."""
    proof = EvidenceRow("summarizer", "x", "quality", "passed", "https://api.anthropic.com")
    store = opened(url_as("modelgate_prover"))
    head = store.append(PROD, AUTHOR, [proof], now=NOW)
    for rows in ([pin_row(1)], [run_row("r1")], [proof, pin_row(1)], [TellingRow("slack:1", "dig_1", 0, 0)]):
        with pytest.raises(StoreProblem, match="lacks a right"):
            store.append(PROD, AUTHOR, rows, now=NOW)
    assert ([each.row for each in store.evidence(PROD)], store.head(PROD)) == ([proof], head)
    with pytest.raises(StoreProblem, match="lacks a right"):
        opened(url_as("modelgate_gate")).append(PROD, AUTHOR, [proof], now=NOW)


def test_the_watcher_adds_notices_and_nothing_else(url_as: As) -> None:
    """A watcher's role records what it found and takes the lease; a run or a pin of its is refused."""
    store = opened(url_as("modelgate_watcher"))
    store.append(RESERVED, AUTHOR, [TellingRow("slack:1", "dig_1", 0, 0)], now=NOW)
    assert (store.told("slack:1"), store.take_lease("w", "me", 9)) == (0, "me")
    for rows in ([run_row("r1")], [pin_row(1)]):
        with pytest.raises(StoreProblem, match="lacks a right"):
            store.append(PROD, AUTHOR, rows, now=NOW)


def test_the_reader_sees_the_fleet_and_writes_nothing(url_as: As) -> None:
    """SELECT is enough for the fleet; a row or a lease of its is refused."""
    opened(url_as("modelgate_gate")).append(PROD, AUTHOR, RUN, now=NOW)
    store = opened(url_as("modelgate_reader"))
    assert [state.scope for state in store.census(NOW, NOW, lambda census: list(census.states()))] == [PROD]
    with pytest.raises(StoreProblem, match="lacks a right"):
        store.append(PROD, AUTHOR, RUN, now=NOW)
    with pytest.raises(StoreProblem, match="lacks a right"):
        store.take_lease("w", "me", 9)


def refused(url: str, statement: str) -> str:
    """The SQLSTATE with which the database refuses a statement."""
    with psycopg.connect(url) as connection, pytest.raises(psycopg.Error) as raised:
        connection.execute(statement.encode())
    return str(raised.value.sqlstate)


NOT_PERMITTED, APPEND_ONLY, NOT_ONESELF = "42501", "MG001", "MG002"
SABOTAGE = ["UPDATE {} SET actor = 'x'", "DELETE FROM {}", "TRUNCATE {}"]


@pytest.mark.parametrize("role", ["modelgate_gate", "modelgate_operator"])
def test_no_role_may_change_a_row(url_as: As, role: str) -> None:
    """Neither gate nor operator has the right to, whatever the table."""
    opened(url_as("modelgate_operator")).append(PROD, AUTHOR, [*RUN, pin_row(1)], now=NOW)
    statements = [statement.format(f"modelgate.{table}") for table in CHAINED for statement in SABOTAGE]
    assert {refused(url_as(role), statement) for statement in statements} == {NOT_PERMITTED}


@pytest.mark.parametrize("role", ["modelgate_migrator", "postgres"])
def test_not_even_owner_and_superuser_may_change_a_row(url_as: As, role: str) -> None:
    """The triggers refuse UPDATE, DELETE and TRUNCATE to those with every right, and MERGE and upserts with them."""
    opened(url_as("modelgate_operator")).append(PROD, AUTHOR, [*RUN, pin_row(1)], now=NOW)
    filled = ["runs", "resolutions", "findings", "pins"]
    statements = [statement.format(f"modelgate.{table}") for table in filled for statement in SABOTAGE]
    upsert = "INSERT INTO modelgate.runs SELECT * FROM modelgate.runs ON CONFLICT (run_id) DO UPDATE SET actor = 'x'"
    merge = "MERGE INTO modelgate.runs a USING modelgate.runs b ON a.run_id = b.run_id WHEN MATCHED THEN DELETE"
    as_oneself = f"SET SESSION AUTHORIZATION {role}; "
    for statement in [*statements, merge, *([] if role == "modelgate_migrator" else [as_oneself + merge])]:
        assert (statement, refused(url_as(role), statement)) == (statement, APPEND_ONLY)
    assert refused(url_as(role), upsert) in (APPEND_ONLY, NOT_ONESELF)


def test_replica_mode_does_not_switch_the_guards_off(url_as: As) -> None:
    """A superuser's session that plays a replica is refused as well."""
    opened(url_as("modelgate_operator")).append(PROD, AUTHOR, RUN, now=NOW)
    for statement in SABOTAGE:
        replica = f"SET session_replication_role = replica; {statement.format('modelgate.runs')}"
        assert refused(url_as("postgres"), replica) == APPEND_ONLY


@pytest.mark.parametrize("role", ["modelgate_gate", "modelgate_operator", "postgres"])
def test_nobody_adds_a_row_in_anothers_name(url_as: As, role: str) -> None:
    """What a row says of its database user is true, whatever the client claims; SET ROLE does not help."""
    opened(url_as("modelgate_migrator" if role == "postgres" else role)).append(PROD, AUTHOR, RUN, now=NOW)
    forged = (
        "INSERT INTO modelgate.findings SELECT service, environment, sequence + 100, recorded_at, clock_at, actor, "
        "'somebody-else', host, version, commit_sha, ci_run, form, previous, hash, run_id, finding, level, message, "
        "hint, slot, source, waived FROM modelgate.findings"
    )
    assert refused(url_as(role), forged) == NOT_ONESELF
    if role == "postgres":
        named = forged.replace("somebody-else", "modelgate_migrator")
        assert refused(url_as(role), f"SET ROLE modelgate_migrator; {named}") == NOT_ONESELF


def test_a_role_that_may_only_select_is_enough_for_a_dry_run(postgresql: PostgreSQL, url_as: As) -> None:
    """It reads everything, verifies the chain and cannot record."""
    opened(url_as("modelgate_operator")).append(PROD, AUTHOR, [*RUN, pin_row(1)], now=NOW)
    if not postgresql.execute("SELECT 1 FROM pg_roles WHERE rolname = 'reader'"):
        postgresql.execute("CREATE ROLE reader LOGIN")
    with psycopg.connect(url_as("modelgate_migrator"), autocommit=True) as migrator:
        migrator.execute(
            "GRANT USAGE ON SCHEMA modelgate TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA modelgate TO reader"
        )
    store = opened(url_as("reader"), read_only=True)
    assert (store.state(PROD).revisions, store.verify(PROD).intact) == ({"summarizer": 1}, True)
    with pytest.raises(StoreProblem, match="lacks a right"):
        store.append(PROD, AUTHOR, [run_row("r2")], now=NOW)
    with pytest.raises(StoreProblem, match="lacks a right"):
        opened(url_as("reader")).append(PROD, AUTHOR, [run_row("r2")], now=NOW)
