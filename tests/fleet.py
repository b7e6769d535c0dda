"""A fleet: a policy under which gates ask on behalf of each other, and many gates at once."""

from __future__ import annotations

import threading

from sites import Site

from modelgate.domain.report import Report

REUSE = {"reuse_seconds": 3600, "first_use": "accept"}


def at_once(site: Site, count: int) -> list[Report]:
    """The reports of so many gates that start in the same moment."""
    start, reports = threading.Barrier(count), []

    def gate() -> None:
        start.wait(60)
        reports.append(site.preflight())

    threads = [threading.Thread(target=gate) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    return reports
