"""The account of many jobs: sums by day, slot or model. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal

from modelgate.batches.results import NO_TOKENS, Tokens
from modelgate.batches.statistics import CUT, Statistics, cost_per_success, percentile

By = Literal["day", "slot", "model"]


@dataclass(slots=True)
class Sums:
    """What some jobs come to."""

    name: str
    """The day, slot or model; `all` of the whole."""
    jobs: int = 0
    requests: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    """Each request at most once; of a job that runs, by the newest result that was read."""
    stop_reasons: Counter[str] = field(default_factory=Counter)
    resent: int = 0
    tokens: Tokens = NO_TOKENS
    cost: Decimal | None = None
    """US dollars of the jobs whose price is known; None where none is."""
    unpriced: set[str] = field(default_factory=set)
    """Models without a price, and kinds of cached tokens without one (`MODEL: cache_read`)."""
    wall: list[float] = field(default_factory=list)
    """Seconds of each batch that has ended, ascending."""

    def add(self, stats: Statistics) -> None:
        """Counts a job."""
        self.jobs += 1
        self.requests += stats.job.row.requests
        self.outcomes.update(stats.outcomes)
        self.stop_reasons.update(stats.stop_reasons)
        self.resent += stats.resent
        self.tokens += stats.tokens
        model = stats.job.row.model_id
        if stats.cost is None:
            self.unpriced.add(model)
        else:
            self.cost = (self.cost or Decimal()) + stats.cost
            self.unpriced.update(f"{model}: {kind}" for kind in stats.unpriced)
        self.wall = sorted([*self.wall, *stats.wall_seconds])

    @property
    def refused(self) -> int:
        """Answers in which the model refused."""
        return self.stop_reasons["refusal"]

    @property
    def cut(self) -> int:
        """Answers that end where there was no room for more."""
        return sum(self.stop_reasons[reason] for reason in CUT)

    @property
    def cost_per_success(self) -> Decimal | None:
        """US dollars for each answer that was neither refused nor cut; None where a job has no price."""
        paid = None if any(":" not in name for name in self.unpriced) else self.cost
        return cost_per_success(paid, self.outcomes["succeeded"] - self.refused - self.cut)

    @property
    def wall_seconds(self) -> Mapping[str, float | None]:
        """Percentiles of the seconds from a batch's creation to its end."""
        return {"p50": percentile(self.wall, 50), "p95": percentile(self.wall, 95)}


@dataclass(frozen=True, slots=True)
class Summary:
    """The account of an environment."""

    since: datetime | None
    by: By | None
    whole: Sums
    groups: tuple[Sums, ...]
    """Ascending by name; empty without `by`."""


def summed(accounts: Iterable[Statistics], since: datetime | None, by: By | None) -> Summary:
    """The jobs that were created at `since` or later, by the ledger's UTC day, slot or model."""
    whole, groups = Sums("all"), dict[str, Sums]()
    for stats in accounts:
        if since and stats.job.row.at < since:
            continue
        whole.add(stats)
        if by:
            name = _name(stats, by)
            groups.setdefault(name, Sums(name)).add(stats)
    return Summary(since, by, whole, tuple(groups[name] for name in sorted(groups)))


def _name(stats: Statistics, by: By) -> str:
    row = stats.job.row
    return {"day": f"{row.at:%Y-%m-%d}", "slot": row.slot, "model": row.model_id}[by]
