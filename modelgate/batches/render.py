"""Jobs as text and JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from modelgate.batches.job import Job
from modelgate.domain.text import printable
from modelgate.domain.times import format_instant
from modelgate.render.style import Style
from modelgate.render.table import table

SCHEMA = "modelgate.batch/1"


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


def as_table(head: tuple[str, ...], rows: Sequence[Sequence[str]], style: Style) -> str:
    """Lines of a table, each ended."""
    return "\n".join(table(head, rows, style)) + "\n"


def dollars(amount: Decimal | None) -> float | None:
    """For JSON."""
    return None if amount is None else round(float(amount), 6)
