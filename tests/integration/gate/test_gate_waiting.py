"""`preflight --wait`: it tries again until it passes or the time is up, and writes down what changed."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from support.sites import ALIAS, NEW, OLD, Site, SteppedClock, finding

from modelgate.domain.report import Report
from modelgate.gate import waiting

MINUTE = timedelta(minutes=1)


class Patient(SteppedClock):
    """Sleeps without waiting: each nap only moves both clocks, and lets something happen in the meantime."""

    def __init__(self, *meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self.meanwhile = list(meanwhile)
        self.naps: list[float] = []

    def monotonic(self) -> float:
        """Moves on with the naps alone: a slow machine waits no shorter."""
        return self.ahead.total_seconds()

    def sleep(self, seconds: float) -> None:
        """One nap."""
        self.ahead += timedelta(seconds=seconds)
        self.naps.append(seconds)
        if self.meanwhile:
            self.meanwhile.pop(0)()


def waited(site: Site, *meanwhile: Callable[[], object], wait: timedelta = MINUTE) -> tuple[Report, Patient]:
    """One `preflight --wait`, and the clock that it slept by."""
    site.clock = clock = Patient(*meanwhile)
    return waiting.preflight(site.world(), wait), clock


def rows(site: Site) -> int:
    """How many rows were recorded."""
    head = site.store().head(site.scope())
    return head.sequence if head else 0


def test_it_passes_soon_after_an_accept(file_site: Site) -> None:
    """A pod that waits starts after the next nap, and no nap is longer than five seconds."""
    report, clock = waited(file_site, lambda: None, lambda: file_site.accept("summarizer"))
    assert report.models == {"summarizer": OLD}
    assert len(clock.naps) == 2
    assert all(2 <= nap <= 5 for nap in clock.naps)


def test_tries_that_come_to_the_same_are_recorded_once(file_site: Site) -> None:
    """A minute of refusals is one run, and the last report still names it: its hint can be typed."""
    report, clock = waited(file_site)
    assert report.exit_code == 1
    assert len(clock.naps) > 10
    assert round(sum(clock.naps), 3) == 60
    assert rows(file_site) == 3  # the run, its resolution and its finding
    (run_id,) = re.findall(r"--run (\S+)", finding(report, "drift.unpinned").commands[0])
    assert (run_id, report.audit_head) == (report.run_id, str(file_site.store().head(file_site.scope())))
    file_site.accept("summarizer", run_id=run_id)
    assert file_site.pins() == [("accept", ALIAS, OLD)]


def test_what_a_name_means_is_part_of_what_is_recorded(file_site: Site) -> None:
    """The alias moves while it waits: the verdict stays, the run to accept is another."""
    report, _ = waited(file_site, lambda: None, lambda: file_site.sandbox.move_alias(ALIAS, NEW))
    assert rows(file_site) == 3 + 3
    file_site.accept("summarizer", run_id=report.run_id)
    assert file_site.pins() == [("accept", ALIAS, NEW)]


def test_a_short_wait_tries_at_its_end(file_site: Site) -> None:
    """The time is up only after a last try."""
    report, clock = waited(file_site, lambda: file_site.accept("summarizer"), wait=timedelta(seconds=1))
    assert report.exit_code == 0
    assert clock.naps == [1]


def test_without_time_it_tries_once(file_site: Site) -> None:
    """No `--wait` is a wait of nothing."""
    report, clock = waited(file_site, wait=timedelta())
    assert (report.exit_code, clock.naps) == (1, [])


def test_observing_does_not_wait(file_site: Site) -> None:
    """Where nothing is enforced the application starts at once."""
    file_site.asks(policy={"enforce": False}, summarizer=ALIAS)
    report, clock = waited(file_site)
    assert (report.verdict, report.exit_code, report.models, clock.naps) == ("refuse", 0, {"summarizer": ALIAS}, [])
