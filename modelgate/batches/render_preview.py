"""What `run` would send, as text and JSON."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from modelgate.batches.job import Job
from modelgate.batches.operations import Preview
from modelgate.batches.render import SCHEMA, as_table, dollars
from modelgate.domain.prices import Price
from modelgate.render.style import Style

BYTES_A_TOKEN = 4
"""For the estimate of a plan alone: about so many bytes of a request make a token of English text."""


def preview_json(plan: Preview, price: Price | None) -> dict[str, Any]:
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


def preview_text(plan: Preview, price: Price | None, style: Style) -> str:
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


def _going_on(job: Job) -> str:
    if job.over:
        return f"{job.id} is {job.state}: run would write its results and send nothing; --again makes a new job"
    return f"run would go on with {job.id} ({job.state})"


def _estimate(plan: Preview, price: Price | None) -> tuple[Decimal | None, Decimal | None]:
    """US dollars for the input alone, and with every output as long as it may be."""
    if price is None:
        return None, None
    million = Decimal(1_000_000)
    least = plan.scan.request_bytes // BYTES_A_TOKEN * price.input / million
    return least, least + plan.scan.max_output_tokens * price.output / million
