"""Many real processes on one store."""

from __future__ import annotations

import subprocess

import pytest
from support.appender import start
from support.databases import PostgreSQL, opened
from support.ledger import PROD


def lines_of(*processes: subprocess.Popen[str]) -> list[str]:
    """What all of them printed; none may have failed."""
    ended = [(*process.communicate(timeout=240), process.returncode) for process in processes]
    assert [(errors, code) for _, errors, code in ended if code or errors] == []
    return [line for output, _, _ in ended for line in output.splitlines()]


@pytest.mark.slow
def test_24_processes_start_one_cold_sqlite_file(missing_sqlite_url: str) -> None:
    """One creates the store and says so, all add their run, the chain is whole."""
    lines = lines_of(*(start(missing_sqlite_url, f"p{number}", 1) for number in range(24)))
    assert sorted(lines) == sorted(["store.created", *(f"p{number}-0" for number in range(24))])
    verification = opened(missing_sqlite_url).verify(PROD)
    assert (verification.intact, verification.rows) == (True, 48)


@pytest.mark.slow
def test_40_processes_on_one_postgresql(postgresql_url: str) -> None:
    """All add their runs to one chain, which is whole."""
    lines = lines_of(*(start(postgresql_url, f"p{number}", 3) for number in range(40)))
    assert sorted(lines) == sorted(f"p{n}-{m}" for n in range(40) for m in range(3))
    verification = opened(postgresql_url).verify(PROD)
    assert (verification.intact, verification.rows) == (True, 240)


def test_two_first_uses_make_one_pin(database_url: str) -> None:
    """Of processes that pin at once, one wins each revision; the others are told and leave nothing behind."""
    opened(database_url)
    lines = lines_of(*(start(database_url, f"p{number}", 4, "pin") for number in range(4)))
    store = opened(database_url)
    won = [line for line in lines if line != "conflict"]
    revisions = store.revisions(PROD)
    assert len(lines) == 16
    assert [pin.revision for pin in revisions] == list(range(1, len(won) + 1))
    verification = store.verify(PROD)
    assert (verification.intact, verification.rows) == (True, 3 * len(won))


def test_a_server_that_is_full_is_waited_for(postgresql: PostgreSQL, postgresql_url: str) -> None:
    """While other clients have every connection a gate tries again; it goes on as soon as there is room."""
    import psycopg

    gate = None
    clients = []
    try:
        while True:
            clients.append(psycopg.connect(postgresql_url))
    except psycopg.OperationalError:
        gate = start(postgresql_url, "gate", 1)
        with pytest.raises(subprocess.TimeoutExpired):
            gate.wait(timeout=3)
    finally:
        for client in clients:
            client.close()
    assert lines_of(gate) == ["gate-0"]
