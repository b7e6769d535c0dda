"""How often a command waits for a database server: a gate far from its database pays for every question."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.commands import Shell
from support.databases import PostgreSQL
from support.proxies import through
from support.roads import Road, long_road
from support.sites import NEW, OLD, Site

MOST = 6
"""Round trips of a run, beside connecting, BEGIN and COMMIT; BEGIN goes with the first question."""


@dataclass
class Far:
    """A site whose database is far away."""

    site: Site
    road: Road

    def counted(self, *words: str, code: int = 0) -> tuple[int, int]:
        """Connections and round trips of a command, COMMIT and all."""
        self.road.forget()
        done = Shell(self.site).run(*words, "-e", "prod")
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
    """When the API gets the first question, every connection was ended."""
    held: list[int] = []
    far.site.environ["ANTHROPIC_API_KEY"] = "rotated"
    asked = far.site.sandbox.on_request(lambda: held.append(far.road.open_now))
    with asked:
        far.counted("preflight")
    assert held
    assert set(held) == {0}
