"""What the database itself lets go for an archive, to whom, and what verification says of the rest."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from support.databases import PostgreSQL, opened
from support.ledger import AUTHOR, NOW, PROD, handed, pin_row, run_row
from support.roles import ROLES, As, store_with_roles

from modelgate.domain.archives import ArchiveRow
from modelgate.domain.chain import GENESIS
from modelgate.domain.errors import ModelgateError, StoreProblem, UsageError
from modelgate.domain.retention import Range
from modelgate.domain.rows import FindingRow, Scope
from modelgate.store import Store
from modelgate.store.archive_file import read_back, rows_of, write
from modelgate.store.archiving import Archiving

DIGEST = "d" * 64


def filled(url: str, runs: int = 4) -> Store:
    """A store with runs of three rows, a pin, and as many runs again."""
    store = opened(url)
    for number in range(2 * runs):
        if number == runs:
            store.append(PROD, AUTHOR, [pin_row(1)], now=NOW)
        run_id = f"r{number}"
        rows = [run_row(run_id), handed(run_id, "summarizer", "x"), FindingRow(run_id, "f", "note", "m", "h")]
        store.append(PROD, AUTHOR, rows, now=NOW)
    return store


def archiving(store: Store) -> Archiving:
    """An archive of everything that may leave."""
    return store.archiving(datetime.now(UTC) + timedelta(days=1))


def naming(store: Store, first: int, last: int) -> ArchiveRow:
    """What names that range, with the hashes at its ends."""
    query = "SELECT previous, hash FROM modelgate_chain WHERE sequence = {}"
    (begin, end) = (
        store._database.run(lambda c, at=place: c.execute(text(query.format(at))).one())  # type: ignore[misc]  # a default has no type
        for place in (first, last)
    )
    return ArchiveRow(first, last, begin.previous, end.hash, NOW, "old.gz", DIGEST)


def left(store: Store) -> list[int]:
    """The sequences that are in the store."""
    query = text("SELECT sequence FROM modelgate_chain ORDER BY sequence")
    return list(store._database.run(lambda c: c.execute(query).scalars().all()))


def test_a_portion_leaves_whole_or_not_at_all(database_url: str) -> None:
    """Its rows are named and gone in one transaction; one range of it that is none keeps all."""
    store = filled(database_url)
    before = left(store)
    wrong = replace(naming(store, 7, 9), last_hash=GENESIS)
    with pytest.raises(StoreProblem, match="no longer those that were read"):
        archiving(store).take(PROD, AUTHOR, [naming(store, 1, 3), wrong], NOW)
    assert left(store) == before
    archiving(store).take(PROD, AUTHOR, [naming(store, 1, 3), naming(store, 7, 9)], NOW)
    assert left(store) == [4, 5, 6, *range(10, 28)]
    found = store.verify(PROD)
    assert (found.intact, [(gap.first, gap.last) for gap in found.gaps]) == (True, [(1, 3), (7, 9)])


def test_a_store_goes_on_after_its_last_row_left(database_url: str) -> None:
    """The row that names it is the chain's end."""
    store = filled(database_url)
    archiving(store).take(PROD, AUTHOR, [naming(store, 14, 25)], NOW)
    store.append(PROD, AUTHOR, [run_row("next")], now=NOW)
    assert (store.verify(PROD).intact, left(store)[-2:]) == (True, [26, 27])


@pytest.mark.parametrize(
    "change",
    [
        {"first_sequence": 0}, {"first_sequence": 2}, {"last_sequence": 4}, {"first_previous": "f" * 64},
        {"last_hash": "f" * 64}, {"last_sequence": 13}, {"first_sequence": 13, "last_sequence": 13},
        {"first_sequence": 3, "last_sequence": 1}, {"first_sequence": 26, "last_sequence": 26},
        {"last_sequence": 20_001},
    ],
)  # fmt: skip
def test_only_rows_that_are_here_and_may_leave_are_named(database_url: str, change: dict[str, Any]) -> None:
    """No other hashes, no pin among them, nothing that is not there, not itself: the database refuses it."""
    store = filled(database_url)
    before = left(store)
    with pytest.raises(ModelgateError):
        store.append(PROD, AUTHOR, [replace(naming(store, 1, 3), **change)], now=NOW)
    assert left(store) == before


def test_rows_leave_once(database_url: str) -> None:
    """Two archives at a time: the second is told, and takes nothing."""
    store = filled(database_url)
    named = naming(store, 1, 3)
    archiving(store).take(PROD, AUTHOR, [named], NOW)
    before = left(store)
    with pytest.raises(ModelgateError):
        archiving(store).take(PROD, AUTHOR, [named], NOW)
    assert (left(store), store.verify(PROD).intact) == (before, True)


FILLED = ("runs", "resolutions", "findings", "pins", "archives")
SABOTAGE = ("DELETE FROM {} WHERE sequence > 3", "DELETE FROM {}", "UPDATE {} SET sequence = sequence + 1000")


@pytest.mark.parametrize("url_of", ["sqlite", "postgresql"])
def test_nothing_but_what_is_named_can_be_deleted(url_of: str, request: pytest.FixtureRequest) -> None:
    """Other rows of the same tables, pins, archives themselves; and what is named cannot be changed."""
    url = str(request.getfixturevalue(f"{url_of}_url"))
    store = filled(url)
    store.append(PROD, AUTHOR, [naming(store, 1, 3)], now=NOW)  # named, and still there
    before = left(store)
    for statement in (each.format(table) for table in FILLED for each in SABOTAGE):
        if url_of == "sqlite":
            file = sqlite3.connect(url.removeprefix("sqlite:///"))
            with closing(file), pytest.raises(sqlite3.IntegrityError, match="append-only"):
                file.execute(statement)
        else:
            with psycopg.connect(url) as server, pytest.raises(psycopg.Error) as refused:
                server.execute(statement.encode())
            assert refused.value.sqlstate == "MG001"
    assert (left(store), store.verify(PROD).intact) == (before, True)


@pytest.fixture
def url_as(postgresql: PostgreSQL) -> As:
    """The URL of a fresh store for a role."""
    return store_with_roles(postgresql)


@pytest.mark.parametrize("role", [role for role in ROLES if role != "modelgate_migrator"])
def test_no_other_role_archives(url_as: As, role: str) -> None:
    """It is told before anything is written; what it tries by hand the database refuses, even with false grants."""
    store = filled(url_as("modelgate_operator"))
    before, named = left(store), naming(store, 1, 3)
    theirs = opened(url_as(role))
    with pytest.raises(StoreProblem, match="only the owner of the tables archives rows"):
        archiving(theirs).need_owner()
    with pytest.raises(StoreProblem, match="lacks a right"):
        archiving(theirs).take(PROD, AUTHOR, [named], NOW)
    with psycopg.connect(url_as("modelgate_migrator"), autocommit=True) as migrator:
        migrator.execute(f"GRANT INSERT, DELETE ON ALL TABLES IN SCHEMA modelgate TO {role}".encode())
    with pytest.raises(StoreProblem, match="lacks a right"):
        archiving(theirs).take(PROD, AUTHOR, [named], NOW)
    opened(url_as("modelgate_migrator")).append(PROD, AUTHOR, [named], now=NOW)
    with psycopg.connect(url_as(role)) as thief, pytest.raises(psycopg.Error, match="append-only"):
        thief.execute("DELETE FROM modelgate.runs WHERE sequence = 1")
    assert [place for place in left(store) if place <= before[-1]] == before


def test_the_migrator_archives(url_as: As) -> None:
    """The owner of the tables, in its own name."""
    store = filled(url_as("modelgate_operator"))
    owner = archiving(opened(url_as("modelgate_migrator")))
    owner.need_owner()
    owner.take(PROD, AUTHOR, [naming(store, 1, 3)], NOW)
    assert (left(store)[0], store.verify(PROD).intact) == (4, True)


def tampered(url: str, *statements: str) -> None:
    """What the owner of a SQLite file does with his editor."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as file:
        for name, body in file.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall():
            file.execute(f"DROP TRIGGER {name}")
            assert body
        for statement in statements:
            assert file.execute(statement).rowcount


@pytest.mark.parametrize(
    ("statement", "kind", "sequence"),
    [
        ("DELETE FROM runs WHERE sequence = 7", "removed", 7),
        ("DELETE FROM resolutions WHERE sequence = 5", "removed", 5),
        ("DELETE FROM archives", "removed", 1),
        ("UPDATE archives SET last_sequence = 6 WHERE last_sequence = 3", "inserted", 4),
        ("UPDATE archives SET file_digest = 'e'", "changed", 26),
        ("UPDATE archives SET last_hash = 'e'", "changed", 3),
        ("UPDATE archives SET first_previous = 'e'", "removed", 1),
    ],
)
def test_what_is_tampered_with_is_found(sqlite_url: str, statement: str, kind: str, sequence: int) -> None:
    """A row that was deleted beside the archive, a row of the archive that was deleted or forged."""
    store = filled(sqlite_url)
    archiving(store).take(PROD, AUTHOR, [naming(store, 1, 3)], NOW)
    tampered(sqlite_url, statement)
    found = store.verify(PROD)
    assert found.misfit is not None
    assert (found.misfit.kind, found.misfit.sequence) == (kind, sequence)


def test_the_guards_of_archives_are_looked_after(sqlite_url: str) -> None:
    """An archive leaves them whole; one that stayed as it has it for a moment is told, and one that is gone."""
    store = filled(sqlite_url)
    archiving(store).take(PROD, AUTHOR, [naming(store, 1, 3)], NOW)
    assert store.verify(PROD).guards == ()
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)) as file:
        (body,) = file.execute("SELECT sql FROM sqlite_master WHERE name = 'runs_refuse_delete'").fetchone()
        file.execute("DROP TRIGGER runs_refuse_delete")
        file.execute(body.replace("BEGIN SELECT", "WHEN NOT EXISTS (SELECT 1 FROM archives) BEGIN SELECT"))
        file.execute("DROP TRIGGER archives_check_range")
    assert store.verify(PROD).guards == (
        "the trigger archives_check_range is missing", "the trigger runs_refuse_delete is not as it was made"
    )  # fmt: skip


def test_a_file_that_was_not_written_as_it_was_meant_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    """Cut, changed, in another order, of another chain, with more: nothing of it is named."""
    store = filled(sqlite_url)
    plan = [(PROD, (Range(1, 3), Range(7, 9)))]
    lines = list(archiving(store).lines(plan))
    out = tmp_path / "1.gz"
    write(out, lines)
    named = read_back(out, plan, NOW)
    assert [[(row.first_sequence, row.last_sequence) for row in rows] for _, rows in named] == [[(1, 3), (7, 9)]]
    assert named[0][1][0] == replace(naming(store, 1, 3), file_name="1.gz", file_digest=named[0][1][0].file_digest)
    other = [line.replace('"prod"', '"test"') for line in lines]
    wrong = [
        lines[:-1],
        [*lines, lines[0]],
        lines[::-1],
        other,
        ["{}"],
        ["nonsense"],
        [],
        [lines[0].replace("ada", "bob")],
    ]
    for number, content in enumerate(wrong):
        path = tmp_path / f"wrong{number}.gz"
        write(path, content)
        with pytest.raises(UsageError, match="not read back"):
            read_back(path, plan, NOW)
    out.write_bytes(out.read_bytes()[:-20])
    with pytest.raises(UsageError, match="not read back"):
        read_back(out, plan, NOW)


def test_a_file_names_whose_rows_it_has(sqlite_url: str, tmp_path: Path) -> None:
    """Each row with its own service and environment."""
    store = filled(sqlite_url)
    write(tmp_path / "1.gz", archiving(store).lines([(PROD, (Range(1, 2),))]))
    assert [(scope, link.sequence) for scope, link in rows_of(tmp_path / "1.gz")] == [(PROD, 1), (PROD, 2)]
    assert Scope("checkout", "prod") == PROD
