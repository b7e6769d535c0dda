"""Jobs and plans as text and JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from modelgate.batches.job import Job
from modelgate.batches.operations import Plan
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
        "key": row.key,
        "betas": row.betas.split(",") if row.betas else [],
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
    return head + as_table(("part", "round", "state", "requests", "batch"), rows, style)


def jobs_text(jobs: Iterable[Job], style: Style) -> str:
    """One line a job."""
    rows = [
        (job.id, job.state, job.row.slot, job.row.model_id, f"{job.row.requests:,}", f"{job.row.at:%Y-%m-%d %H:%M}Z")
        for job in jobs
    ]
    return as_table(("job", "state", "slot", "model", "requests", "created"), rows, style) if rows else "no jobs\n"


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
            "input_cost_usd": dollars(least),
            "max_cost_usd": dollars(most),
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
        + as_table(("part", "requests of the file", "number", "bytes"), rows, style)
        + f"\nestimate: {tokens} ({BYTES_A_TOKEN} bytes a token); {money}\n{going_on}nothing was sent\n"
    )


def as_table(head: tuple[str, ...], rows: Sequence[Sequence[str]], style: Style) -> str:
    """Lines of a table, each ended."""
    return "\n".join(table(head, rows, style)) + "\n"


def _going_on(job: Job) -> str:
    if job.over:
        return f"{job.id} is {job.state}: run would write its results and send nothing; --again makes a new job"
    return f"run would go on with {job.id} ({job.state})"


def _estimate(plan: Plan, price: Price | None) -> tuple[Decimal | None, Decimal | None]:
    """US dollars for the input alone, and with every output as long as it may be."""
    if price is None:
        return None, None
    million = Decimal(1_000_000)
    least = plan.scan.request_bytes // BYTES_A_TOKEN * price.input / million
    return least, least + plan.scan.max_output_tokens * price.output / million


def dollars(amount: Decimal | None) -> float | None:
    """For JSON."""
    return None if amount is None else round(float(amount), 6)
