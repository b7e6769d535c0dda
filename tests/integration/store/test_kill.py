"""`kill -9` at many points leaves the store whole, and keeps all that was reported as recorded."""

from __future__ import annotations

import random
import subprocess
import time
from pathlib import Path

import pytest
from support.appender import start
from support.databases import opened
from support.ledger import AUTHOR, NOW, PROD, run_row

from modelgate.domain.history import StoredRun
from modelgate.store import Store

KILLS = 12


def killed(process: subprocess.Popen[str], after: float) -> list[str]:
    """What a process that was killed so many seconds after its first line had printed."""
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(after)
    process.kill()
    rest, _ = process.communicate(timeout=60)
    return [line for line in (first + rest).splitlines() if "-" in line]


def assert_whole(store: Store, reported: list[str]) -> None:
    """The chain fits, every reported run is there with all its rows, and no run is there without them."""
    verification = store.verify(PROD)
    assert verification.misfit is None
    found = [store.run(run_id) for run_id in reported]
    assert [len(run.resolutions) for run in found if isinstance(run, StoredRun)] == [1] * len(reported)
    assert verification.rows % 3 == 0


@pytest.mark.parametrize("kills", [3, pytest.param(KILLS, marks=pytest.mark.slow)])
def test_a_writer_killed_anywhere_leaves_the_store_whole(database_url: str, kills: int) -> None:
    """Runs are all there or not at all; the next process goes on at the end of the chain."""
    chance = random.Random(kills)
    opened(database_url)
    reported: list[str] = []
    for number in range(kills):
        reported += killed(start(database_url, f"p{number}", 1000, "pin"), chance.uniform(0, 0.1))
        assert_whole(opened(database_url), reported)


@pytest.mark.slow
def test_a_creator_killed_anywhere_leaves_a_file_that_opens(tmp_path: Path) -> None:
    """The first process on a new SQLite file may die in any line of the migrations."""
    chance = random.Random(3)
    started = time.monotonic()
    start(f"sqlite:///{tmp_path}/whole.db", "p", 1).communicate(timeout=60)
    whole = time.monotonic() - started
    for number in range(KILLS):
        url = f"sqlite:///{tmp_path}/{number}.db"
        process = start(url, "p", 1)
        time.sleep(whole * chance.uniform(0.4, 1.0))
        process.kill()
        process.communicate(timeout=60)
        store = opened(url)
        store.append(PROD, AUTHOR, [run_row("after")], now=NOW)
        assert store.verify(PROD).misfit is None
