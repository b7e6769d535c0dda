"""A fleet: a policy under which gates ask on behalf of each other, many gates at once, and one that is killed."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Callable

from modelgate.domain.report import Report
from support.sites import Site

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


def killed(operation: Callable[[], object], after: float) -> None:
    """Does the operation in a process of its own, which is killed after so many seconds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12 warns of forks beside threads
        child = os.fork()
    if child == 0:
        try:
            operation()
        finally:
            os._exit(0)
    time.sleep(after)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
