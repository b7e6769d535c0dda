"""`kill -9` anywhere in an archive leaves portions whole or untouched; the next goes on, and so do gates beside it."""

from __future__ import annotations

import json
import random
import subprocess
import time
from pathlib import Path

import pytest
from support.appender import start
from support.archives import crowd, day, fill, go
from support.commands import Shell
from support.ledger import PROD
from support.sites import Site

ENVIRONMENTS = ("dev", "test", "staging", "prod")
RUNS = 6
LEAVES = 4 * (RUNS - 2)
"""Rows of each environment, a portion each."""


@pytest.fixture
def old(site: Site) -> Site:
    """Four environments with runs of a year ago."""
    go(site, 400)
    for environment in ENVIRONMENTS:
        site.asks(environment, summarizer="claude-a")
        fill(site, RUNS, f"{environment}-", environment=environment)
        crowd(site, f"crowd-{environment}", environment)
    go(site, 0)
    for environment in ENVIRONMENTS:
        fill(site, 1, f"now-{environment}", environment=environment)
    return site


def archive(site: Site, out: Path) -> subprocess.Popen[str]:
    """One `db archive`, as a process of its own."""
    return Shell(site).start("db", "archive", "--before", day(site, 30), "--out", str(out), "--yes")


def kept(site: Site, files: list[Path]) -> dict[str, tuple[int, int]]:
    """By environment: how many rows are in the store and how many in an archive, where every chain is intact."""
    found = {}
    for environment in ENVIRONMENTS:
        given = [word for file in files for word in ("--archive", str(file))]
        for more in ([], given):
            asked = Shell(site).run("audit", "verify", "-e", environment, "--format", "json", *more)
            told = json.loads(asked.stdout)
            assert told["misfit"] is None, (environment, told)
            if not more:
                found[environment] = (told["rows"], told["archived"])
    return found


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 12))])
def test_an_archive_killed_anywhere_is_gone_on_with(old: Site, tmp_path: Path, seed: int) -> None:
    """Each chain has all of its portion or none, every row is in the store or in a file, and the next call ends it."""
    chance = random.Random(seed)
    whole = {environment: rows for environment, (rows, _) in kept(old, []).items()}
    files: list[Path] = []
    for number in range(3):
        out = tmp_path / f"{number}.gz"
        process = archive(old, out)
        deadline = time.monotonic() + 60
        while not out.exists() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.005)
        time.sleep(chance.uniform(0, 0.6))
        process.kill()
        process.communicate(timeout=60)
        files += [out] if out.exists() else []
        for environment, (rows, left) in kept(old, files_of(old, files)).items():
            assert (left, rows) in ((0, whole[environment]), (LEAVES, whole[environment] - LEAVES + 1))
    out = tmp_path / "end.gz"
    process = archive(old, out)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    files += [out] if out.exists() else []
    assert {left for _, left in kept(old, files_of(old, files)).values()} == {LEAVES}


def files_of(site: Site, files: list[Path]) -> list[Path]:
    """Those that some chain names: a file that no row left for is needed by nobody."""
    named = set()
    for environment in ENVIRONMENTS:
        lines = Shell(site).run("audit", "export", "-e", environment).stdout.splitlines()
        rows = (json.loads(line)["row"] for line in lines)
        named |= {row["file_name"] for row in rows if row["table"] == "archives"}
    return [file for file in files if file.name in named]


def test_gates_beside_an_archive_lose_nothing(old: Site, tmp_path: Path) -> None:
    """What they recorded meanwhile is there, and every chain is intact."""
    gates = [start(old.database_url, f"gate{number}", 15) for number in range(2)]
    process = archive(old, tmp_path / "1.gz")
    printed = [gate.communicate(timeout=120) for gate in gates]
    _, said = process.communicate(timeout=120)
    assert (process.returncode, [gate.returncode for gate in gates]) == (0, [0, 0]), (said, printed)
    store = old.store()
    recorded = [line for out, _ in printed for line in out.splitlines() if line.startswith("gate")]
    assert len(recorded) == 30
    assert all(store.run(run_id) for run_id in recorded)
    found = store.verify(PROD)
    assert (found.intact, found.archived) == (True, LEAVES)
