"""The account of a job: outcomes, tokens, cost, time. Pure; `modelgate.batches.render` shows it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from math import ceil

from modelgate.batches.job import Job, Part
from modelgate.batches.results import NO_RESULT, Tokens, worth_resending
from modelgate.batches.tally import Tally
from modelgate.checks.batch import sent_twice, served_other, unclaimed
from modelgate.domain.batches import RESULTS_DAYS, Counts
from modelgate.domain.findings import Finding
from modelgate.domain.prices import Price
from modelgate.domain.times import days_left

CUT = ("max_tokens", "model_context_window_exceeded")
"""Stop reasons of answers that are not whole."""

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
    """Each request at most once: while the job runs, by the newest result that was read; none of what is sent again."""
    resent: int
    tokens: Tokens
    served: Mapping[str, int]
    batches: tuple[BatchAccount, ...]
    stop_reasons: Mapping[str, int]
    """Why the answers of `succeeded` ended."""
    cost: Decimal | None
    """US dollars; None where no price is known. What has no price of its own is not in it: `unpriced`."""
    unpriced: tuple[str, ...]
    """Kinds of cached tokens that were used, and that the settings know no price of."""
    results_expire_in_days: int | None
    """Whole days until the first results can no longer be read; negative after that. None before any batch ended."""
    running: Mapping[str, Counts] = field(default_factory=dict)
    """What the API tells of batches that run, where it was asked: by batch."""

    @property
    def refused(self) -> int:
        """Answers of `succeeded` in which the model refused."""
        return self.stop_reasons.get("refusal", 0)

    @property
    def cut(self) -> int:
        """Answers of `succeeded` that end where there was no room for more."""
        return sum(self.stop_reasons.get(reason, 0) for reason in CUT)

    @property
    def cost_per_success(self) -> Decimal | None:
        """US dollars for each answer that was neither refused nor cut."""
        return cost_per_success(self.cost, self.outcomes.get("succeeded", 0) - self.refused - self.cut)

    @property
    def wall_seconds(self) -> list[float]:
        """Of each batch that has ended, ascending."""
        return sorted(batch.wall_seconds for batch in self.batches if batch.wall_seconds is not None)

    def exit_code(self, *, strict: bool = False) -> int:
        """1 if a request ended without success or a batch was paid twice; `strict`: if one was refused or cut, too."""
        failed = self.unsuccessful or any(finding.level == "refuse" for finding in self.findings)
        return 1 if failed or (strict and (self.refused or self.cut)) else 0

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
    total, ended = sum((part.tally for part in job.parts if part.tally), Tally()), job.finished or so_far(job)
    paid = sum((tally for part in job.parts for _, tally in part.twice), total)
    return Statistics(
        job=job,
        outcomes=ended.outcomes,
        resent=sum(part.plan.requests for part in job.parts if part.plan.round > 1 and part.batch_id),
        tokens=paid.tokens,
        served=Counter(total.served),
        batches=tuple(_batch(part) for part in job.parts),
        stop_reasons=ended.stop_reasons,
        cost=cost(paid.tokens, prices.get(job.row.model_id)),
        unpriced=unpriced(paid.tokens, prices.get(job.row.model_id)),
        results_expire_in_days=_expiry(job, now),
    )


def so_far(job: Job) -> Tally:
    """How requests ended, each counted at most once: what a round sent again is what ended so in those before it."""
    counted = Tally()
    for number in range(1, job.round + 1):
        if number > 1:
            counted = _without(counted, job.anew.get(number, ""))
        counted = sum((p.tally for p in job.parts if p.tally and p.plan.round == number), counted)
    return counted + _refused(job)


def _without(counted: Tally, again: str) -> Tally:
    """What is left of the tally once a round was planned: all of a kind is sent again, or nothing."""
    kept = {key: number for key, number in counted.outcomes.items() if not _is_sent_again(key, again)}
    stops = dict(counted.stop_reasons)
    if again == "strict" and (refused := stops.pop("refusal", 0)):
        kept["succeeded"] -= refused
    return replace(counted, outcomes=kept, stop_reasons=stops)


def _is_sent_again(key: str, again: str) -> bool:
    kind, _, reason = key.partition(":")
    if again in ("failed", "strict"):
        return kind in ("errored", "expired", "canceled") and reason != NO_RESULT
    if again == "missing":
        return reason == NO_RESULT
    return worth_resending(kind, reason, canceled_by_us=False)


def cost(tokens: Tokens, price: Price | None) -> Decimal | None:
    """US dollars for what has a price; only succeeded requests are billed (documented)."""
    if price is None:
        return None
    cached = sum((used * each for _, used, each in _cached(tokens, price) if each is not None), Decimal())
    return (tokens.input * price.input + tokens.output * price.output + cached) / _MILLION


def unpriced(tokens: Tokens, price: Price | None) -> tuple[str, ...]:
    """The kinds of cached tokens that were used and have no price, as the settings call them."""
    if price is None:
        return ()
    return tuple(name for name, used, each in _cached(tokens, price) if used and each is None)


def cost_per_success(paid: Decimal | None, successes: int) -> Decimal | None:
    """US dollars for each; None where nothing is known or nothing succeeded."""
    return paid / successes if paid is not None and successes > 0 else None


def percentile(ascending: Sequence[float], percent: int) -> float | None:
    """The smallest value that so many percent do not exceed; None of nothing."""
    return ascending[max(0, ceil(len(ascending) * percent / 100) - 1)] if ascending else None


def _cached(tokens: Tokens, price: Price) -> tuple[tuple[str, int, Decimal | None], ...]:
    an_hour = tokens.cache_written_1h
    return (
        ("cache_read", tokens.cache_read, price.cache_read),
        ("cache_write_5m", tokens.cache_written - an_hour, price.cache_write_5m),
        ("cache_write_1h", an_hour, price.cache_write_1h),
    )


def _refused(job: Job) -> Tally:
    """The requests that the API would not take."""
    refused = [(part.plan.requests, part.refusal) for part in job.refused]
    return sum((Tally({f"errored:{why[0]}": number}) for number, why in refused if why), Tally())


def _batch(part: Part) -> BatchAccount:
    wall = None
    if part.created_at and part.ended_at:
        wall = (part.ended_at - part.created_at).total_seconds()
    plan = part.plan
    return BatchAccount(
        part.number, plan.round, part.batch_id, part.state, plan.requests, part.adopted, wall, part.tally or Tally()
    )


def _expiry(job: Job, now: datetime) -> int | None:
    created = [part.created_at for part in job.parts if part.created_at and part.ended_at]
    return days_left(min(created), now) + RESULTS_DAYS if created else None
