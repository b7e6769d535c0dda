"""Tampering is found on both databases, and the export can be verified by a stranger."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
from datetime import timedelta

import psycopg
import pytest
from support.databases import opened
from support.documents import code_blocks
from support.ledger import AUTHOR, NOW, PROD, handed, pin_row, run_row

from modelgate.domain.chain import Misfit
from modelgate.domain.errors import UsageError
from modelgate.domain.rows import FindingRow, Head, Scope
from modelgate.store import Store
from modelgate.store.families import CHAINED

ROWS = 41
GUARDED = ("runs", "resolutions", "findings", "pins")


def filled(url: str) -> Store:
    """A store with a chain of ROWS rows: a pin, then ten runs of four rows each."""
    store = opened(url)
    store.append(PROD, AUTHOR, [pin_row(1, reason="é🙂\n", expires_at=NOW)], now=NOW)
    for number in range(10):
        run_id = f"r{number}"
        rows = [
            run_row(run_id),
            handed(run_id, "a", "x"),
            handed(run_id, "b", "y"),
            FindingRow(run_id, "f", "note", "m", "h"),
        ]
        store.append(PROD, AUTHOR, rows, now=NOW + timedelta(hours=number))
    return store


def tamper(url: str, *statements: str) -> None:
    """Executes statements as somebody who may do anything, after taking every guard off."""
    if url.startswith("sqlite"):
        file = sqlite3.connect(url.removeprefix("sqlite:///"))
        for (trigger,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            file.execute(f"DROP TRIGGER {trigger}")
        for statement in statements:
            file.execute(statement)
        file.commit()
        file.close()
        return
    with psycopg.connect(url) as server:
        for table in GUARDED:
            server.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL".encode())
        for statement in statements:
            server.execute(statement.encode())


def misfit_after(url: str, *statements: str) -> Misfit | None:
    """What `verify` finds in a filled store after these statements."""
    store = filled(url)
    tamper(url, *statements)
    return store.verify(PROD).misfit


def copied(table: str, **changes: str) -> str:
    """A statement that adds a copy of row 6 (a run) or 7 (a resolution) with other values."""
    columns = [column.name for column in CHAINED[table].columns]
    values = ", ".join(changes.get(column, column) for column in columns)
    row = {"runs": 6, "resolutions": 7}[table]
    return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} WHERE sequence = {row}"


def test_an_untouched_chain_is_intact(database_url: str) -> None:
    """Every row fits, in order, up to the head; texts, times, numbers, truths and nulls come back as they were."""
    store = filled(database_url)
    verification = store.verify(PROD)
    assert (verification.intact, verification.rows, verification.head) == (True, ROWS, store.head(PROD))


@pytest.mark.parametrize(
    "change",
    [
        "actor = 'mallory'", "recorded_at = '2020-01-01T00:00:00.000000Z'", "handed_off_id = 'z'", "held = NOT held",
        "revision = 7", "retires_at = recorded_at", "lifecycle = 'active'", "revision = NULL", "form = 99",
    ],
)  # fmt: skip
def test_a_changed_row_is_named(database_url: str, change: str) -> None:
    """Whatever column of a row was changed, the first such row is named with its table."""
    found = misfit_after(database_url, f"UPDATE resolutions SET {change} WHERE sequence IN (7, 11)")
    assert found == Misfit("changed", 7, "resolutions")


def test_a_slow_reader_keeps_nobody_from_writing(database_url: str) -> None:
    """An export that somebody reads in a pager ends where the chain did when it began; gates go on meanwhile."""
    lines = filled(database_url).export(PROD)
    next(lines)
    opened(database_url, seconds=5).append(PROD, AUTHOR, [run_row("later")], now=NOW)
    assert len(list(lines)) == ROWS - 1


def test_a_row_changed_together_with_its_hash_is_named(database_url: str) -> None:
    """Who forges the hash of the row he changed is betrayed by the row after it."""
    store = filled(database_url)
    lines = [json.loads(line) for line in store.export(PROD)]
    forged = {**lines[6]["row"], "handed_off_id": "z"}
    text = json.dumps(forged, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    tamper(database_url, f"UPDATE resolutions SET handed_off_id = 'z', hash = '{digest}' WHERE sequence = 7")
    assert store.verify(PROD).misfit == Misfit("changed", 7, "resolutions")


def test_a_removed_row_is_named(database_url: str) -> None:
    """A hole in the sequence is a row that is gone."""
    assert misfit_after(database_url, "DELETE FROM findings WHERE sequence = 9") == Misfit("removed", 9)


def test_a_removed_row_is_named_where_the_hole_was_closed(database_url: str) -> None:
    """Renumbering the later rows does not hide that one is gone."""
    shift = [f"UPDATE {t} SET sequence = sequence - 1000 WHERE sequence > 9" for t in GUARDED]
    back = [f"UPDATE {t} SET sequence = sequence + 999 WHERE sequence < 0" for t in GUARDED]
    found = misfit_after(database_url, "DELETE FROM findings WHERE sequence = 9", *shift, *back)
    assert found == Misfit("removed", 9)


def test_an_inserted_row_is_named(database_url: str) -> None:
    """A second row at a place that is taken is named, whichever table it was put in."""
    found = misfit_after(database_url, copied("resolutions", sequence="6", handed_off_id="'z'"))
    assert found == Misfit("inserted", 6, "resolutions")


def test_an_inserted_row_is_named_where_room_was_made(database_url: str) -> None:
    """Renumbering the later rows to make room does not hide the row that was put there."""
    shift = [f"UPDATE {t} SET sequence = sequence - 1000 WHERE sequence > 6" for t in GUARDED]
    back = [f"UPDATE {t} SET sequence = sequence + 1001 WHERE sequence < 0" for t in GUARDED]
    forged = copied("runs", sequence="7", run_id="'forged'", previous="hash")
    assert misfit_after(database_url, *shift, *back, forged) == Misfit("inserted", 7, "runs")


def test_reordered_rows_are_named(database_url: str) -> None:
    """Two rows that changed places are told from rows that were changed."""
    found = misfit_after(
        database_url,
        "UPDATE resolutions SET sequence = -1 WHERE sequence = 7",
        "UPDATE resolutions SET sequence = 7 WHERE sequence = 8",
        "UPDATE resolutions SET sequence = 8 WHERE sequence = -1",
    )
    assert found == Misfit("reordered", 7, "resolutions")


def test_a_cut_end_is_seen_with_a_head_that_was_kept(database_url: str) -> None:
    """The chain alone cannot tell that its end is gone; a head kept elsewhere can."""
    store = filled(database_url)
    kept = store.head(PROD)
    tamper(database_url, *(f"DELETE FROM {table} WHERE sequence > 37" for table in GUARDED))
    assert store.verify(PROD).misfit is None
    assert store.verify(PROD, expect=kept).misfit == Misfit("removed", 38)
    assert store.verify(PROD, after=kept).misfit == Misfit("removed", ROWS)


def test_a_kept_head_fits_also_when_rows_were_added_since(database_url: str) -> None:
    """An old head is found in the middle of the chain; a false one is told."""
    store = filled(database_url)
    kept = store.head(PROD)
    assert kept is not None
    store.append(PROD, AUTHOR, [run_row("later")], now=NOW)
    assert store.verify(PROD, expect=kept).intact
    false = Head(PROD, kept.sequence, "0" * 64)
    assert store.verify(PROD, expect=false).misfit == Misfit("changed", ROWS, "findings")
    with pytest.raises(UsageError):
        store.verify(PROD, expect=Head(Scope("checkout", "dev"), 1, "0" * 64))


def test_a_walk_can_begin_at_a_head_that_was_verified_before(database_url: str) -> None:
    """Only the rows from that head on are read, and the head itself is checked."""
    store = filled(database_url)
    middle = store.verify(PROD).head
    store.append(PROD, AUTHOR, [run_row("later"), handed("later", "a", "x")], now=NOW)
    verification = store.verify(PROD, after=middle)
    assert (verification.intact, verification.rows) == (True, 3)
    tamper(database_url, f"UPDATE findings SET message = 'x' WHERE sequence = {ROWS}")
    assert store.verify(PROD, after=middle).misfit == Misfit("changed", ROWS, "findings")


@pytest.mark.parametrize(
    "change",
    ["message = CAST(x'ff00' AS TEXT)", "recorded_at = 12.5", "waived = x'00'", "message = x'6d'", "level = ''"],
)
def test_texts_that_are_no_texts_are_changes_and_no_crash(sqlite_url: str, change: str) -> None:
    """SQLite lets a tamperer store anything anywhere: the row is named, nothing else happens."""
    found = misfit_after(sqlite_url, f"UPDATE findings SET {change} WHERE sequence = 5")
    assert found == Misfit("changed", 5, "findings")


def test_progress_is_told(database_url: str) -> None:
    """A long walk says how far it is."""
    store = opened(database_url)
    store.append(PROD, AUTHOR, [handed("r", "a", "x") for _ in range(2500)], now=NOW)
    told: list[tuple[int, int]] = []
    assert store.verify(PROD, progress=lambda done, total: told.append((done, total))).rows == 2500
    assert told == [(1000, 2500), (2000, 2500)]


def test_a_stranger_verifies_the_export(database_url: str) -> None:
    """The program in docs/audit.md, which knows nothing of modelgate, comes to the same head and sees a change."""
    stranger = next(code for code in code_blocks("audit.md", "python") if "sys.stdin" in code)
    store = filled(database_url)
    lines = "".join(f"{line}\n" for line in store.export(PROD))
    whole = subprocess.run([sys.executable, "-I", "-c", stranger], input=lines, capture_output=True, text=True)
    assert whole.stdout.strip() == str(store.head(PROD))
    broken = lines.replace('"handed_off_id":"x"', '"handed_off_id":"z"', 1)
    seen = subprocess.run([sys.executable, "-I", "-c", stranger], input=broken, capture_output=True, text=True)
    assert "changed: row 3 in resolutions" in seen.stderr
