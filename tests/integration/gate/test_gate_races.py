"""Gates and operators at once: a lost race is judged again or told, and never half applied."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.fleet import killed
from support.sites import ALIAS, NEW, OLD, OTHER, Site, found

import modelgate
from modelgate.domain.errors import Conflict, Refused

MODELGATE = str(Path(sys.executable).parent / "modelgate")
PATIENT = {"deadline_seconds": 240}
"""Forty interpreters start on two cores."""


def while_asking(site: Site, gate: Callable[[], Any], meanwhile: Callable[[], object]) -> Any:
    """What the gate comes to, if something happens while the API keeps it waiting."""
    site.sandbox.forget_requests()
    site.sandbox.configure(latency_ms=1500)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(gate)
        while not site.sandbox.requests():
            time.sleep(0.01)
        site.sandbox.configure(latency_ms=0)
        meanwhile()
        return running.result()


@pytest.fixture
def moved(site: Site) -> Site:
    """The slot ran OLD, then NEW."""
    site.accept("summarizer")
    site.preflight()
    site.sandbox.move_alias(ALIAS, NEW)
    site.accept("summarizer")
    site.preflight()
    return site


def test_a_rollback_beats_a_gate_that_is_on_its_way(moved: Site) -> None:
    """The gate looked before the rollback and writes after it: it judges again, and hands over the held ID."""
    report = while_asking(moved, moved.preflight, lambda: moved.rollback("summarizer", unverified=True))
    assert (report.models, found(report)) == ({"summarizer": OLD}, {"drift.held": "note"})
    assert report.slots[0].revision == 3


def test_an_accept_that_was_overtaken_is_told(moved: Site) -> None:
    """The operator saw another state than the one that would be changed: exit 1, nothing written."""
    moved.sandbox.move_alias(ALIAS, OTHER)
    with pytest.raises(Conflict, match="somebody else just changed summarizer") as lost:
        while_asking(moved, lambda: moved.accept("summarizer"), lambda: moved.rollback("summarizer", unverified=True))
    assert lost.value.exit_code == 1
    assert [action for action, _, _ in moved.pins()] == ["accept", "accept", "rollback"]


def test_a_rollback_that_was_overtaken_is_told(moved: Site) -> None:
    """Somebody accepted while the question stood on the screen."""
    moved.sandbox.move_alias(ALIAS, OTHER)
    with pytest.raises(Conflict):
        moved.rollback("summarizer", confirm=lambda _planned: bool(moved.accept("summarizer")))
    assert moved.pins()[-1] == ("accept", ALIAS, OTHER)
    assert moved.preflight().models == {"summarizer": OTHER}


def test_operators_at_once_have_one_winner_a_round(moved: Site) -> None:
    """Whatever the order: the loser is told with exit 1, and the chain is whole."""
    for target in (OTHER, OLD, NEW):
        moved.sandbox.move_alias(ALIAS, target)
        before, barrier, told = len(moved.pins()), threading.Barrier(4), []

        def compete(work: Callable[[], object], barrier: Any = barrier, told: list[int] = told) -> None:
            barrier.wait()
            try:
                work()
                told.append(0)
            except (Conflict, Refused) as error:
                told.append(error.exit_code)

        works = [lambda: moved.accept("summarizer"), lambda: moved.rollback("summarizer", to=OLD)] * 2
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(compete, works))
        assert len(told) == 4
        assert 0 in told
        assert set(told) <= {0, 1}
        assert len(moved.pins()) > before
        if moved.check().slots[0].held:
            moved.release("summarizer", how="accept")
    assert moved.store().verify(moved.scope()).intact


def test_clocks_that_step_back_and_disagree_reorder_nothing(moved: Site) -> None:
    """Hosts an hour apart add to one chain: what was said last counts, and recorded times never step back."""
    moved.clock.ahead -= timedelta(hours=5)
    moved.rollback("summarizer", to=OLD)
    moved.clock.ahead += timedelta(hours=9)
    moved.release("summarizer", how="accept")
    moved.clock.ahead -= timedelta(hours=7)
    assert moved.preflight().models == {"summarizer": NEW}
    revisions = moved.store().revisions(moved.scope())
    assert [pin.action for pin in revisions] == ["accept", "accept", "rollback", "release"]
    times = [pin.recorded_at for pin in revisions if pin.recorded_at]
    assert times == sorted(times)
    assert moved.store().verify(moved.scope()).intact


# --- many at once


def gates(site: Site, number: int) -> list[subprocess.Popen[str]]:
    """So many `modelgate preflight` at once."""
    environ = {**{k: v for k, v in os.environ.items() if k in ("PATH", "HOME")}, **site.environ}
    command = [MODELGATE, "preflight", "-e", "prod", "--format", "json"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return [subprocess.Popen(command, cwd=site.folder, env=environ, text=True, **pipes) for _ in range(number)]


def reports(processes: list[subprocess.Popen[str]]) -> list[dict[str, Any]]:
    """What they reported; each has passed."""
    ended = [(process, *process.communicate(timeout=280)) for process in processes]
    assert [(process.returncode, err) for process, _, err in ended if process.returncode] == []
    return [json.loads(out) for _, out, _ in ended]


@pytest.mark.slow
def test_200_gates_on_one_postgresql_all_decide(site_on_postgresql: Site) -> None:
    """40 processes and 160 calls of the library, on a first use: all pass on one pin, within 100 connections."""
    site = site_on_postgresql
    site.asks(policy={**PATIENT, "first_use": "accept"}, summarizer=ALIAS)
    site.sandbox.configure(latency_ms=0)
    processes = gates(site, 40)
    with ThreadPoolExecutor(160) as pool:
        calls = [
            pool.submit(modelgate.preflight, "prod", config_dir=site.config, environ=site.environ) for _ in range(160)
        ]
        models = [call.result().models for call in calls]
    models += [{slot["slot"]: slot["handed_off"] for slot in report["slots"]} for report in reports(processes)]
    assert models == [{"summarizer": OLD}] * 200
    assert site.pins() == [("first-use", ALIAS, OLD)]
    verification = site.store().verify(site.scope())
    assert verification.intact
    assert verification.rows >= 400  # each has its run and its resolution; the one that pinned has more


@pytest.mark.slow
def test_24_gates_on_one_cold_sqlite_all_decide(file_site: Site) -> None:
    """One of them makes the file, one of them pins, all pass."""
    (file_site.folder / "modelgate.db").unlink()
    file_site.asks(policy={**PATIENT, "first_use": "accept"}, summarizer=ALIAS)
    ended = reports(gates(file_site, 24))
    assert [report["slots"][0]["handed_off"] for report in ended] == [OLD] * 24
    created = [report for report in ended if "store.created" in {finding["id"] for finding in report["findings"]}]
    assert len(created) == 1
    assert file_site.pins() == [("first-use", ALIAS, OLD)]
    assert file_site.store().verify(file_site.scope()).intact


# --- kill -9


@pytest.mark.skipif(os.name != "posix", reason="forks are POSIX's")
@pytest.mark.parametrize("what", ["check", "preflight", "accept", "rollback", "release"])
def test_a_command_killed_anywhere_leaves_the_store_whole(site: Site, what: str) -> None:
    """At twelve points of each: all of it or nothing is there, the chain verifies, and the next gate decides."""
    site.asks(policy={"alias_moved": "accept"}, summarizer=ALIAS)
    site.accept("summarizer")
    operations: dict[str, Callable[[], object]] = {
        "check": site.check,
        "preflight": site.preflight,
        "accept": lambda: site.accept("summarizer"),
        "rollback": lambda: site.rollback("summarizer", to=OLD),
        "release": lambda: site.release("summarizer", how="accept"),
    }
    for point in range(12):
        if what == "release":
            site.rollback("summarizer", to=OLD)
        site.sandbox.move_alias(ALIAS, (OLD, NEW)[point % 2])
        before = site.store().revisions(site.scope())
        killed(operations[what], 0.012 * point)
        after = site.store().revisions(site.scope())
        assert after[: len(before)] == before
        assert len(after) - len(before) in (0, 1)
        if what == "rollback" and len(after) > len(before):
            site.release("summarizer", how="accept")
    assert site.store().verify(site.scope()).intact
    assert site.preflight().exit_code == 0
