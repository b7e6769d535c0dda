"""The account of a job: outcomes, tokens, cost, time. Pure; `modelgate.batches.render` shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from modelgate.batches.job import Job, Part
from modelgate.batches.results import Tokens
from modelgate.batches.tally import Tally
from modelgate.checks.batch import sent_twice, served_other, unclaimed
from modelgate.domain.batches import RESULTS_DAYS
from modelgate.domain.findings import Finding
from modelgate.domain.settings import Price
from modelgate.domain.times import days_left

_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class BatchAccount:
    """One batch."""

    part: int
    round: int
    batch_id: str | None
    state: str
    requests: int
    adopted: bool
    wall_seconds: float | None
    """From its creation to its end, by the API's clock; None before its results were read."""
    tally: Tally


@dataclass(frozen=True, slots=True)
class Statistics:
    """The account of a job, as far as it has come."""

    job: Job
    outcomes: Mapping[str, int]
    """Each request once if the job is finished; else every result read so far, those sent again included."""
    resent: int
    tokens: Tokens
    served: Mapping[str, int]
    batches: tuple[BatchAccount, ...]
    cost: Decimal | None
    """US dollars for input and output tokens; None where no price is known. Cached tokens are not in it."""
    results_expire_in_days: int | None
    """Whole days until the first results can no longer be read; negative after that."""

    @property
    def unsuccessful(self) -> int:
        """Requests that ended without success."""
        return sum(self.outcomes.values()) - self.outcomes.get("succeeded", 0)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Batches that were paid for twice or may have been, and models other than the pin that answered."""
        slot, parts = self.job.row.slot, self.job.parts
        return (
            *sent_twice(slot, [(name, part.number) for part in parts for name, _ in part.twice]),
            *unclaimed(slot, [(name, part.number) for part in parts for name in part.unclaimed]),
            *served_other(slot, self.job.row.model_id, self.served),
        )


def account(job: Job, prices: Mapping[str, Price], now: datetime) -> Statistics:
    """The account of `job` at `now`."""
    total = sum((part.tally for part in job.parts if part.tally), Tally())
    paid = sum((tally for part in job.parts for _, tally in part.twice), total)
    return Statistics(
        job=job,
        outcomes=job.finished.outcomes if job.finished else total.outcomes,
        resent=sum(part.plan.requests for part in job.parts if part.plan.round > 1 and part.batch_id),
        tokens=paid.tokens,
        served=Counter(total.served),
        batches=tuple(_batch(part) for part in job.parts),
        cost=cost(paid.tokens, prices.get(job.row.model_id)),
        results_expire_in_days=_expiry(job, now),
    )


def cost(tokens: Tokens, price: Price | None) -> Decimal | None:
    """US dollars for input and output tokens; only succeeded requests are billed (documented)."""
    if price is None:
        return None
    return (tokens.input * price.input + tokens.output * price.output) / _MILLION


def _batch(part: Part) -> BatchAccount:
    wall = None
    if part.created_at and part.ended_at:
        wall = (part.ended_at - part.created_at).total_seconds()
    plan = part.plan
    return BatchAccount(
        part.number, plan.round, part.batch_id, part.state, plan.requests, part.adopted, wall, part.tally or Tally()
    )


def _expiry(job: Job, now: datetime) -> int | None:
    created = [part.created_at for part in job.parts if part.created_at]
    return days_left(min(created), now) + RESULTS_DAYS if created else None
