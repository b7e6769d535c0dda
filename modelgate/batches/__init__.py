"""Bulk work through the Message Batches API, on approved IDs: never sent twice, never lost.

The public API is what `python` has: `run`, `submit`, `resume`, `cancel`, `jobs`, `stats`; and `Conflict`. It is
imported when it is first used. Behind it `operations` is what each does, `handed` whose job the requests are, `runner`
the way of one job, `ledger` what is written down; the edge to the API is `modelgate.api.batches`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from modelgate.batches.handed import BadRequests as BadRequests
    from modelgate.batches.handed import Conflict as Conflict
    from modelgate.batches.job import Job as Job
    from modelgate.batches.python import Done as Done
    from modelgate.batches.python import cancel as cancel
    from modelgate.batches.python import jobs as jobs
    from modelgate.batches.python import resume as resume
    from modelgate.batches.python import run as run
    from modelgate.batches.python import stats as stats
    from modelgate.batches.python import submit as submit
    from modelgate.batches.statistics import Statistics as Statistics
    from modelgate.batches.sums import Summary as Summary

_HOMES = {
    "BadRequests": "handed",
    "Conflict": "handed",
    "Done": "python",
    "Job": "job",
    "Statistics": "statistics",
    "Summary": "sums",
    "cancel": "python",
    "jobs": "python",
    "resume": "python",
    "run": "python",
    "stats": "python",
    "submit": "python",
}
__all__ = sorted(_HOMES)  # noqa: PLE0605 # a sorted list of the names above


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
