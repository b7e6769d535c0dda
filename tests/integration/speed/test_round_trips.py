"""How often a command waits for a database server: a gate far from its database pays for every question."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.commands import Shell
from support.databases import PostgreSQL
from support.ledger import AUTHOR, NOW, run_row
from support.pooler import by_way_of, pooled
from support.proxies import through
from support.roads import Road, long_road
from support.sites import OLD, Site

from modelgate.store.database import _engine_of

MOST = 6
"""Round trips of a run, beside connecting, BEGIN and COMMIT; BEGIN goes with the first question."""


@dataclass
class Far:
    """A site whose database is far away."""

    site: Site
    road: Road

    def counted(self, *words: str, code: int = 0, scope: tuple[str, ...] = ("-e", "prod")) -> tuple[int, int]:
        """Connections and round trips of a command, COMMIT and all."""
        self.road.forget()
        _engine_of.cache_clear()  # a process of the command's own has none yet
        done = Shell(self.site).run(*words, *scope)
        assert done.returncode == code, done.stdout + done.stderr
        print(*words, *self.road.told(), sep="\n  ")
        assert len(self.road.asked) <= MOST
        return len(self.road.connections), len(self.road.trips)


@pytest.fixture
def far(site_on_postgresql: Site, postgresql: PostgreSQL) -> Iterator[Far]:
    """One slot, approved, and its gate has run."""
    site, road = site_on_postgresql, Road()
    site.asks(policy={"reuse_seconds": 600, "grace_hours": 24}, summarizer="claude-sonnet-4-5")
    site.accept(everything=True)
    site.preflight()
    upstream = Path(postgresql.server.get_postmaster_info().socket_dir)
    with tempfile.TemporaryDirectory(prefix="mg-") as folder, long_road(upstream, Path(folder), road):
        site.environ["MODELGATE_DATABASE_URL"] = through(site.database_url, Path(folder))
        yield Far(site, road)


def test_a_gate_that_reuses_makes_one_connection(far: Far) -> None:
    """Approvals, facts, then the record: lock, rows, COMMIT."""
    assert far.counted("preflight") == (1, 5)


def test_a_gate_that_asks_makes_two(far: Far) -> None:
    """A claim and one more look before it asks; the record ends the claim."""
    far.site.environ["ANTHROPIC_API_KEY"] = "rotated"
    assert far.counted("preflight") == (2, 7)


def test_a_gate_that_never_reuses_asks_the_store_once_before_the_api(far: Far) -> None:
    """Without `reuse_seconds` there is nobody to wait for."""
    far.site.asks(summarizer="claude-sonnet-4-5")
    assert far.counted("preflight") == (2, 4)


def test_no_connection_is_held_while_the_api_is_asked(far: Far) -> None:
    """The API takes its time: once it has the question, no connection to the database is open."""
    far.site.environ["ANTHROPIC_API_KEY"] = "rotated"
    far.site.sandbox.configure(latency_ms=3000)
    far.site.sandbox.forget_requests()
    gate = threading.Thread(target=far.site.preflight)
    gate.start()
    assert until(lambda: bool(far.road.trips), gate)
    assert until(lambda: far.road.open_now == 0, gate), "it held its connection"
    gate.join()
    assert len(far.road.connections) == 2


def until(holds: Callable[[], bool], working: threading.Thread) -> bool:
    """Waits while `working` does not end; whether `holds` was true before that."""
    while working.is_alive():
        if holds():
            return True
        time.sleep(0.01)
    return False


def test_two_gates_that_wait_for_the_same_facts_hold_no_connection_meanwhile(far: Far) -> None:
    """One asks; the other looks again and again, each time with a connection of its own."""
    far.site.environ["ANTHROPIC_API_KEY"] = "rotated"
    far.site.sandbox.configure(latency_ms=2000)
    gates = [threading.Thread(target=far.site.preflight) for _ in range(2)]
    for gate in gates:
        gate.start()
    seen = set()
    while any(gate.is_alive() for gate in gates):
        seen.add(far.road.open_now)
        time.sleep(0.02)
    assert 0 in seen
    assert len(far.road.connections) > 4


def test_promotion_is_read_with_the_rest(far: Far) -> None:
    """Where another environment has to run it first, its hand-overs come in the same round trip."""
    far.site.asks("staging", summarizer="claude-sonnet-4-5")
    far.site.accept(environment="staging", everything=True)
    far.site.preflight("staging")
    policy = {"reuse_seconds": 600, "promote_from": "staging"}
    far.site.asks(policy=policy, summarizer="claude-sonnet-4-5")
    assert far.counted("preflight") == (1, 5)


@pytest.mark.parametrize(
    ("words", "counted"),
    [
        (["status"], (1, 2)),
        (["history"], (1, 4)),
        (["history", "--at", "2026-01-01"], (1, 4)),
        (["audit", "head"], (1, 2)),
        (["batch", "list"], (1, 2)),
        (["evidence", "list"], (1, 2)),
        (["check"], (1, 5)),
        (["check", "--dry-run"], (1, 2)),
        (["accept", "--all", "--reason", "tested"], (1, 2)),
        (["rollback", "summarizer", "--to", OLD, "--reason", "INC-1", "--yes"], (2, 6)),
    ],
    ids=lambda value: "-".join(value) if isinstance(value[0], str) else "",
)
def test_people_wait_for_few_round_trips(far: Far, words: list[str], counted: tuple[int, int]) -> None:
    """What operators type; nothing is kept open while the API or a person is waited for."""
    assert far.counted(*words) == counted


@pytest.mark.parametrize(
    ("words", "trips"), [([], 5), (["--model", OLD], 6), (["--due", "1"], 4)], ids=["whole", "model", "nobody"]
)
def test_a_fleet_is_read_in_few_round_trips(far: Far, words: list[str], trips: int) -> None:
    """What does not depend on each other is asked together: of a thousand scopes as of one."""
    assert far.counted("fleet", *words, scope=()) == (2, trips)


def test_a_server_that_dies_between_two_statements_is_asked_anew(far: Far, postgresql: PostgreSQL) -> None:
    """The connection that was kept is gone: the next question makes another, and the run is recorded once."""
    store = far.site.store()
    before = store.head(far.site.scope())
    with far.site.world().store(far.site.world().deadline(), keeps=True) as kept:
        kept.state(far.site.scope())
        postgresql.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'modelgate'"
        )
        rows = [run_row("r1")]
        head = kept.append(far.site.scope(), AUTHOR, rows, now=NOW)
    assert before is not None
    assert head.sequence == before.sequence + 1
    assert store.verify(far.site.scope()).intact


def test_a_pooler_in_transaction_mode_goes_on_working(
    site_on_postgresql: Site, postgresql: PostgreSQL, tmp_path: Path
) -> None:
    """One server connection for all: gates that keep theirs between transactions do not keep it from others."""
    site = site_on_postgresql
    site.asks(policy={"reuse_seconds": 600}, summarizer="claude-sonnet-4-5")
    site.accept(everything=True)
    with tempfile.TemporaryDirectory(prefix="mg-") as folder, pooled(postgresql, Path(folder)) as socket:
        site.environ["MODELGATE_DATABASE_URL"] = by_way_of(site.database_url, socket)
        with site.world().store(site.world().deadline(), keeps=True) as kept:
            kept.state(site.scope())
            assert [str(site.preflight().verdict) for _ in range(3)] == ["pass"] * 3
            assert kept.head(site.scope()) is not None
    assert site.store().verify(site.scope()).intact
