"""The account of a job, and of many, as text and JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from modelgate.batches.render import SCHEMA, as_table, dollars, job_json
from modelgate.batches.statistics import BatchAccount, Statistics, percentile
from modelgate.batches.sums import Summary, Sums
from modelgate.domain.batches import Counts
from modelgate.domain.times import format_instant
from modelgate.render.style import Style


def statistics_json(stats: Statistics) -> dict[str, Any]:
    """The account of a job."""
    return (
        job_json(stats.job)
        | {"parts": [_batch_json(batch, stats.running.get(batch.batch_id or "")) for batch in stats.batches]}
        | _counted(stats)
        | {
            "served_other": dict(sorted(stats.served.items())),
            "results_expire_in_days": stats.results_expire_in_days,
            "findings": [
                {"id": f.id, "level": f.level, "slot": f.slot, "message": f.message, "hint": f.hint}
                for f in stats.findings
            ],
        }
    )


def summary_json(summary: Summary) -> dict[str, Any]:
    """The account of many jobs."""
    return {
        "schema": SCHEMA,
        "since": format_instant(summary.since) if summary.since else None,
        "by": summary.by,
        "total": _sums_json(summary.whole),
        "groups": [{"name": each.name} | _sums_json(each) for each in summary.groups],
    }


def summary_text(summary: Summary, style: Style) -> str:
    """The account of many jobs."""
    head = (
        "", "jobs", "requests", "succeeded", "refused", "cut", "failed", "again", "tokens in", "out", "cost",
        "p50", "p95",
    )  # fmt: skip
    rows = [_sums_row(each) for each in (*summary.groups, summary.whole)]
    lines = [as_table((summary.by or head[0], *head[1:]), rows, style).rstrip()]
    if reasons := _reasons_text(summary.whole):
        lines.append(f"\nanswers ended   {reasons}")
    if errored := {key: n for key, n in summary.whole.outcomes.items() if key != "succeeded"}:
        lines.append(f"failed          {_numbers(errored)}")
    if summary.whole.unpriced:
        lines.append(f"no price known  {', '.join(sorted(summary.whole.unpriced))}")
    return "\n".join(lines) + "\n"


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
        as_table(("outcome", "requests"), outcomes, style).rstrip(),
        "",
        as_table(("part", "round", "batch", "requests", "succeeded", "took"), batches, style).rstrip(),
        "",
        *([f"answers      {reasons}"] if (reasons := _reasons_text(stats)) else []),
        f"sent again   {stats.resent:,}",
        f"tokens       {tokens.input:,} in, {tokens.output:,} out; "
        f"cache: {tokens.cache_read:,} read, {tokens.cache_written:,} written",
        f"cost         {_cost_text(stats)}",
    ]
    for name, counts in stats.running.items():
        lines.append(f"running      {name}: {counts.done:,} of {counts.total:,} have ended, as the API tells")
    if stats.wall_seconds:
        lines.append(f"took         {_percentiles(stats.wall_seconds)}")
    if (days := stats.results_expire_in_days) is not None:
        lines.append(f"results      {_readable(days)}")
    lines += [f"{finding.level}: {finding.id}: {finding.message}\n  → {finding.hint}" for finding in stats.findings]
    return "\n".join(lines) + "\n"


def _order(item: tuple[str, int]) -> tuple[bool, str]:
    return item[0] != "succeeded", item[0]


def _readable(days: int) -> str:
    return f"can be read for {days} more day{'s' * (days != 1)}" if days >= 0 else "can no longer be read"


def _cost_text(stats: Statistics) -> str:
    if stats.cost is None:
        return f'not known: no [prices."{stats.job.row.model_id}"] in the settings'
    each = f", ${stats.cost_per_success:,.6f} for each whole answer" if stats.cost_per_success is not None else ""
    without = f"; without {', '.join(stats.unpriced)}, of which no price is known" if stats.unpriced else ""
    return f"${stats.cost:,.4f}{each}{without}"


def _reasons_text(stats: Statistics | Sums) -> str:
    told = _numbers(stats.stop_reasons)
    return f"{told} ({stats.refused:,} refused, {stats.cut:,} cut)" if stats.refused or stats.cut else told


def _numbers(counted: Mapping[str, int]) -> str:
    most = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{number:,} {name.removeprefix('errored:')}" for name, number in most)


def _percentiles(ascending: Sequence[float]) -> str:
    half, nearly_all = percentile(ascending, 50), percentile(ascending, 95)
    return f"half of the batches within {half:,.0f} s, 95 % within {nearly_all:,.0f} s"


def _seconds(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:,.0f} s"


def _sums_row(sums: Sums) -> tuple[str, ...]:
    failed = sums.outcomes.total() - sums.outcomes["succeeded"]
    numbers = (
        sums.jobs, sums.requests, sums.outcomes["succeeded"], sums.refused, sums.cut, failed, sums.resent,
        sums.tokens.input, sums.tokens.output,
    )  # fmt: skip
    cost = "-" if sums.cost is None else f"${sums.cost:,.4f}"
    wall = sums.wall_seconds
    return (sums.name, *(f"{number:,}" for number in numbers), cost, _seconds(wall["p50"]), _seconds(wall["p95"]))


def _sums_json(sums: Sums) -> dict[str, Any]:
    return {"jobs": sums.jobs, "requests": sums.requests} | _counted(sums)


def _counted(stats: Statistics | Sums) -> dict[str, Any]:
    """What a job and a sum of jobs tell alike."""
    outcomes = stats.outcomes
    errored = {key.partition(":")[2]: n for key, n in outcomes.items() if key.startswith("errored:")}
    known = ("succeeded", "expired", "canceled")
    other = {key: n for key, n in outcomes.items() if key not in known and not key.startswith("errored:")}
    return {
        "succeeded": outcomes.get("succeeded", 0),
        "errored": dict(sorted(errored.items())),
        "expired": outcomes.get("expired", 0),
        "canceled": outcomes.get("canceled", 0),
        "other": dict(sorted(other.items())),
        "stop_reasons": dict(sorted(stats.stop_reasons.items())),
        "refused": stats.refused,
        "cut": stats.cut,
        "resent": stats.resent,
        "tokens": asdict(stats.tokens),
        "cost_usd": dollars(stats.cost),
        "cost_per_success_usd": dollars(stats.cost_per_success),
        "unpriced": sorted(stats.unpriced),
        "wall_seconds": dict(stats.wall_seconds) if isinstance(stats, Sums) else {
            "p50": percentile(stats.wall_seconds, 50), "p95": percentile(stats.wall_seconds, 95),
        },
    }  # fmt: skip


def _batch_json(batch: BatchAccount, running: Counts | None) -> dict[str, Any]:
    return {
        "part": batch.part,
        "round": batch.round,
        "state": batch.state,
        "batch_id": batch.batch_id,
        "adopted": batch.adopted,
        "requests": batch.requests,
        "outcomes": dict(sorted(batch.tally.outcomes.items())),
        "running": asdict(running) if running else None,
        "wall_seconds": batch.wall_seconds,
    }
