"""Jobs, plans and statistics as text and JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from modelgate.batches.job import Job
from modelgate.batches.operations import Plan
from modelgate.batches.statistics import BatchAccount, Statistics
from modelgate.domain.settings import Price
from modelgate.domain.text import printable
from modelgate.domain.times import format_instant
from modelgate.render.style import Style
from modelgate.render.table import table

SCHEMA = "modelgate.batch/1"

BYTES_A_TOKEN = 4
"""For the estimate of a plan alone: about so many bytes of a request make a token of English text."""


def job_json(job: Job) -> dict[str, Any]:
    """A job as the ledger has it."""
    row = job.row
    return {
        "schema": SCHEMA,
        "job": job.id,
        "state": job.state,
        "slot": row.slot,
        "reference": row.reference,
        "model": row.model_id,
        "requests": row.requests,
        "file": row.file_path,
        "file_sha256": row.file_digest,
        "created_at": format_instant(row.at),
        "run_id": row.run_id,
        "parts": [
            {
                "part": part.number,
                "round": part.plan.round,
                "state": part.state,
                "requests": part.plan.requests,
                "bytes": part.plan.bytes,
                "attempts": part.attempt,
                "batch_id": part.batch_id,
                "adopted": part.adopted,
            }
            for part in job.parts
        ],
    }


def job_text(job: Job, style: Style) -> str:
    """A job and its parts."""
    row = job.row
    rows = [
        (
            str(part.number),
            str(part.plan.round),
            part.state + (" (adopted)" if part.adopted else ""),
            f"{part.plan.requests:,}",
            part.batch_id or "-",
        )
        for part in job.parts
    ]
    path = printable(row.file_path, 500)
    head = f"{job.id}  {job.state}\n{row.slot}: {row.requests:,} requests on {row.model_id}, from {path}\n\n"
    return head + _table(("part", "round", "state", "requests", "batch"), rows, style)


def jobs_text(jobs: Iterable[Job], style: Style) -> str:
    """One line a job."""
    rows = [
        (job.id, job.state, job.row.slot, job.row.model_id, f"{job.row.requests:,}", f"{job.row.at:%Y-%m-%d %H:%M}Z")
        for job in jobs
    ]
    return _table(("job", "state", "slot", "model", "requests", "created"), rows, style) if rows else "no jobs\n"


def plan_json(plan: Plan, price: Price | None) -> dict[str, Any]:
    """What `run` would send."""
    least, most = _estimate(plan, price)
    return {
        "schema": SCHEMA,
        "dry_run": True,
        "slot": plan.permission.slot,
        "model": plan.permission.model_id,
        "requests": plan.scan.requests,
        "bytes": sum(part.bytes for part in plan.parts),
        "parts": [asdict(part) for part in plan.parts],
        "job": plan.job.id if plan.job else None,
        "estimate": {
            "input_tokens": plan.scan.request_bytes // BYTES_A_TOKEN,
            "max_output_tokens": plan.scan.max_output_tokens,
            "input_cost_usd": _dollars(least),
            "max_cost_usd": _dollars(most),
        },
    }


def plan_text(plan: Plan, price: Price | None, style: Style) -> str:
    """What `run` would send."""
    total = sum(part.bytes for part in plan.parts)
    rows = [(str(n), part.positions, f"{part.requests:,}", f"{part.bytes:,}") for n, part in enumerate(plan.parts, 1)]
    least, most = _estimate(plan, price)
    tokens = (
        f"about {plan.scan.request_bytes // BYTES_A_TOKEN:,} tokens in, at most {plan.scan.max_output_tokens:,} out"
    )
    money = f"about ${least:,.2f} in, at most ${most:,.2f} in all" if least is not None else "no price is known"
    going_on = f"{_going_on(plan.job)}\n" if plan.job else ""
    return (
        f"{plan.permission.slot}: {plan.scan.requests:,} requests on {plan.permission.model_id}, {total:,} bytes\n\n"
        + _table(("part", "requests of the file", "number", "bytes"), rows, style)
        + f"\nestimate: {tokens} ({BYTES_A_TOKEN} bytes a token); {money}\n{going_on}nothing was sent\n"
    )


def statistics_json(stats: Statistics) -> dict[str, Any]:
    """The account of a job."""
    errored = {key.partition(":")[2]: n for key, n in stats.outcomes.items() if key.startswith("errored:")}
    known = ("succeeded", "expired", "canceled")
    other = {key: n for key, n in stats.outcomes.items() if key not in known and not key.startswith("errored:")}
    return job_json(stats.job) | {
        "parts": [_batch_json(batch) for batch in stats.batches],
        "succeeded": stats.outcomes.get("succeeded", 0),
        "errored": dict(sorted(errored.items())),
        "expired": stats.outcomes.get("expired", 0),
        "canceled": stats.outcomes.get("canceled", 0),
        "other": dict(sorted(other.items())),
        "resent": stats.resent,
        "tokens": asdict(stats.tokens),
        "cost_usd": _dollars(stats.cost),
        "served_other": dict(sorted(stats.served.items())),
        "results_expire_in_days": stats.results_expire_in_days,
        "findings": [
            {"id": f.id, "level": f.level, "slot": f.slot, "message": f.message, "hint": f.hint} for f in stats.findings
        ],
    }


def statistics_text(stats: Statistics, style: Style) -> str:
    """The account of a job."""
    job = stats.job
    outcomes = [(key.replace(":", ": "), f"{n:,}") for key, n in sorted(stats.outcomes.items(), key=_order)]
    batches = [
        (
            str(batch.part),
            str(batch.round),
            (batch.batch_id or batch.state) + (" (adopted)" if batch.adopted else ""),
            f"{batch.requests:,}",
            f"{batch.tally.succeeded:,}" if batch.tally.requests else "-",
            f"{batch.wall_seconds:,.0f} s" if batch.wall_seconds is not None else "-",
        )
        for batch in stats.batches
    ]
    tokens = stats.tokens
    lines = [
        f"{job.id}  {job.state}: {job.row.requests:,} requests on {job.row.model_id}",
        "",
        _table(("outcome", "requests"), outcomes, style).rstrip(),
        "",
        _table(("part", "round", "batch", "requests", "succeeded", "took"), batches, style).rstrip(),
        "",
        f"sent again   {stats.resent:,}",
        f"tokens       {tokens.input:,} in, {tokens.output:,} out; "
        f"cache: {tokens.cache_read:,} read, {tokens.cache_written:,} written",
        f"cost         {_cost_text(stats)}",
    ]
    if (days := stats.results_expire_in_days) is not None:
        lines.append(f"results      {_readable(days)}")
    lines += [f"{finding.level}: {finding.id}: {finding.message}\n  → {finding.hint}" for finding in stats.findings]
    return "\n".join(lines) + "\n"


def _table(head: tuple[str, ...], rows: Sequence[Sequence[str]], style: Style) -> str:
    return "\n".join(table(head, rows, style)) + "\n"


def _order(item: tuple[str, int]) -> tuple[bool, str]:
    return item[0] != "succeeded", item[0]


def _going_on(job: Job) -> str:
    if job.over:
        return f"{job.id} is {job.state}: run would write its results and send nothing; --again makes a new job"
    return f"run would go on with {job.id} ({job.state})"


def _readable(days: int) -> str:
    return f"can be read for {days} more day{'s' * (days != 1)}" if days >= 0 else "can no longer be read"


def _cost_text(stats: Statistics) -> str:
    if stats.cost is None:
        return f'not known: no [prices."{stats.job.row.model_id}"] in the settings'
    cached = stats.tokens.cache_read or stats.tokens.cache_written
    return f"${stats.cost:,.4f}" + (" without cached tokens, whose price is not known" if cached else "")


def _batch_json(batch: BatchAccount) -> dict[str, Any]:
    return {
        "part": batch.part,
        "round": batch.round,
        "state": batch.state,
        "batch_id": batch.batch_id,
        "adopted": batch.adopted,
        "requests": batch.requests,
        "outcomes": dict(sorted(batch.tally.outcomes.items())),
        "wall_seconds": batch.wall_seconds,
    }


def _estimate(plan: Plan, price: Price | None) -> tuple[Decimal | None, Decimal | None]:
    """US dollars for the input alone, and with every output as long as it may be."""
    if price is None:
        return None, None
    million = Decimal(1_000_000)
    least = plan.scan.request_bytes // BYTES_A_TOKEN * price.input / million
    return least, least + plan.scan.max_output_tokens * price.output / million


def _dollars(amount: Decimal | None) -> float | None:
    return None if amount is None else round(float(amount), 6)
