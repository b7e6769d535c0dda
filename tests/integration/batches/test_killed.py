"""`kill -9` at many points of `modelgate batch run`: the same command again loses nothing and sends nothing twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from support.databases import PostgreSQL
from support.desk import MODEL, Desk
from support.sites import Site

from modelgate.sandbox import Sandbox

REQUESTS = 12
COMMAND = ["-m", "modelgate", "batch", "run", "-e", "prod", "--slot", "summarizer", "requests.jsonl"]
POINTS = range(2, 12)
"""Kills after so many requests to the API: the gate makes 2, then come creates, questions and results."""


def _environ(desk: Desk) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MODELGATE_")}
    return kept | desk.site.environ | {"PYTHONPATH": str(Path(__file__).parents[3])}


def _start(desk: Desk) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, *COMMAND, "--out", "results.jsonl", "--format", "json"],
        cwd=desk.site.folder,
        env=_environ(desk),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def _kill_after(desk: Desk, process: subprocess.Popen[bytes], requests: int) -> None:
    """Kills the process in the moment when it has made so many requests; it may have ended before."""
    while process.poll() is None and len(desk.site.sandbox.requests()) < requests:
        time.sleep(0.02)
    time.sleep(requests % 4 * 0.03)  # before, while and after the answer comes and is written down
    process.send_signal(signal.SIGKILL)
    process.communicate()


def _desk(folder: Path, database_url: str, sandbox: Sandbox) -> Desk:
    sandbox.configure(retry_after="0", latency_ms=60)
    sandbox.set_outcomes(rows={3: ["errored:overloaded_error"], 5: ["expired"]})
    folder.mkdir()
    desk = Desk(Site(folder, sandbox, database_url))
    desk.site.asks(summarizer=MODEL, policy={"deadline_seconds": 120})  # many processes share a machine here
    desk.site.accept("summarizer")
    desk.write(REQUESTS)
    sandbox.forget_requests()
    return desk


def _story(desk: Desk, point: int) -> tuple[list[str], list[list[str]], int]:
    """One run that is killed at a point, then given again until it ends: its rows, its batches, the number of jobs."""
    _kill_after(desk, _start(desk), point)
    desk.site.sandbox.advance(700)  # a create that never arrived is repeated once ten minutes have passed at the API
    again = _start(desk)
    output, errors = again.communicate(timeout=180)
    assert again.returncode == 0, errors.decode()
    assert json.loads(output)["succeeded"] == REQUESTS
    return list(desk.outcomes()), desk.batches(), len(desk.jobs())


@pytest.mark.slow
@pytest.mark.timeout(900)  # 20 processes, of which half wait for the lease of the killed one
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_killed_run_goes_on(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Killed after 2, 3, … requests to the API, the rerun ends with every row once and no batch created twice."""
    server: PostgreSQL | None = request.getfixturevalue("postgresql") if database == "postgresql" else None
    with ExitStack() as stack:
        desks = []
        for point in POINTS:
            folder = tmp_path / str(point)
            url = server.create() if server else f"sqlite:///{folder}/modelgate.db"
            desks.append(_desk(folder, url, stack.enter_context(Sandbox())))
        with ThreadPoolExecutor(4) as pool:
            stories = list(pool.map(_story, desks, POINTS))
    expected = [f"r{number}" for number in range(1, REQUESTS + 1)]
    assert stories == [(expected, [expected, ["r3", "r5"]], 1)] * len(desks)


@pytest.mark.slow
@pytest.mark.timeout(900)  # every killed process keeps its job for up to 15 seconds
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_kills_at_random_moments_cost_nothing(database: str, request: pytest.FixtureRequest) -> None:
    """What `benchmarks/kills.py` does 200 times: many jobs that number alike, in one workspace."""
    url = request.getfixturevalue("postgresql").create() if database == "postgresql" else ""
    done = subprocess.run(
        [sys.executable, "benchmarks/kills.py", "--kills", "24", "--seed", "7", "--database", url],
        cwd=Path(__file__).parents[3], env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "24 kills of 12 jobs" in done.stdout
