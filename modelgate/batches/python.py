"""Batches for programs. The command line does what it does through these functions.

Everywhere `environment`, `service`, `config_dir` and `environ` are as of `modelgate.check`; `context` stands for all
four. Raised are `UsageError` with `BadRequests` and `Conflict`, `Refused`, and `CouldNotKnow`.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack, overload

from modelgate.batches import operations, spooled
from modelgate.batches.job import Job
from modelgate.batches.progress import Progress, Silent
from modelgate.batches.runner import Again
from modelgate.batches.statistics import Statistics
from modelgate.batches.sums import By, Summary
from modelgate.gate.context import Context, prepare

Requests = Path | str | Iterable[Mapping[str, Any]]
"""A path, or the requests themselves: `{"custom_id": …, "params": {…}}` each."""


class Where(TypedDict, total=False):
    """Whose batches these are."""

    environment: str | None
    service: str | None
    config_dir: Path | str | None
    environ: Mapping[str, str] | None
    context: Context | None


@dataclass(frozen=True, slots=True)
class Done:
    """A job that has ended."""

    job: str
    """Its ID: `job_` and 16 hexadecimal digits."""
    account: Statistics
    out: Path
    """The file of the results."""

    @property
    def results(self) -> Iterator[dict[str, Any]]:
        """The rows in the order of the requests, read from `out` while one iterates; each access begins anew."""
        with self.out.open(encoding="utf-8", newline="\n") as rows:
            for row in rows:
                yield json.loads(row)


def run(
    slot: str,
    requests: Requests,
    *,
    key: str | None = None,
    out: Path | str | None = None,
    again: bool = False,
    resends: int = 2,
    send_again: bool = False,
    betas: Sequence[str] = (),
    progress: Progress | None = None,
    **where: Unpack[Where],
) -> Done:
    """Sends the requests on the slot's approved ID, and returns when their job has ended.

    Called again, in another process too, it goes on with the same job and sends nothing twice: that of the same `key`,
    or without one that of the same content. The results are written to `out`; without it beside the requests'
    file. Requests that failed raise nothing: `account` tells.
    """
    context = _context(**where)
    with _file_of(context, requests) as (path, is_ours):
        job = operations.run(
            context, slot, path, Path(out) if out else None, progress or Silent(),
            again=again, resends=resends, send_again=send_again, key=key, betas=betas, is_ours=is_ours,
        )  # fmt: skip
    return _done(context, job, out or operations.beside(path, job.id))


def submit(
    slot: str,
    requests: Requests,
    *,
    key: str | None = None,
    again: bool = False,
    betas: Sequence[str] = (),
    progress: Progress | None = None,
    **where: Unpack[Where],
) -> Job:
    """Sends the requests, as many batches as may be in flight, and does not wait."""
    context = _context(**where)
    with _file_of(context, requests) as (path, is_ours):
        return operations.submit(
            context, slot, path, progress or Silent(), again=again, key=key, betas=betas, is_ours=is_ours
        )


def resume(
    job: str,
    *,
    requests: Path | str | None = None,
    out: Path | str | None = None,
    resends: int = 2,
    send_again: bool = False,
    only: Literal["failed", "missing"] | None = None,
    strict: bool = False,
    progress: Progress | None = None,
    **where: Unpack[Where],
) -> Done:
    """Does what is left of a job, and returns when it has ended. `requests`: where their file is now.

    `only` sends again what `failed` (errored, expired, canceled by the far side; `strict`: refused, too), or what is
    `missing`: without a row, which may have succeeded.
    """
    context = _context(**where)
    ended = operations.resume(
        context, job, Path(out) if out else None, progress or Silent(),
        path=Path(requests) if requests else None, resends=resends, send_again=send_again,
        again=Again(only, strict) if only else None,
    )  # fmt: skip
    return _done(context, ended, out or operations.beside(Path(requests or ended.row.file_path), ended.id))


def cancel(job: str, *, adopted: bool = False, **where: Unpack[Where]) -> Job:
    """Asks the API to cancel what has not ended; nothing more is sent."""
    return operations.cancel(_context(**where), job, adopted=adopted)


def jobs(**where: Unpack[Where]) -> list[Job]:
    """The jobs of the environment, newest first."""
    return operations.jobs(_context(**where))


@overload
def stats(job: str, **where: Unpack[Where]) -> Statistics: ...


@overload
def stats(
    job: None = None, *, since: datetime | None = None, by: By | None = None, **where: Unpack[Where]
) -> Summary: ...


def stats(
    job: str | None = None, *, since: datetime | None = None, by: By | None = None, **where: Unpack[Where]
) -> Statistics | Summary:
    """The account of a job, or of all that were created at `since` or later."""
    context = _context(**where)
    return operations.summary(context, since=since, by=by) if job is None else operations.stats(context, job)


def _context(
    environment: str | None = None,
    service: str | None = None,
    config_dir: Path | str | None = None,
    environ: Mapping[str, str] | None = None,
    context: Context | None = None,
) -> Context:
    return context or prepare(
        os.environ if environ is None else environ,
        service=service,
        environment=environment,
        config_dir=Path(config_dir) if config_dir else None,
    )


@contextmanager
def _file_of(context: Context, requests: Requests) -> Iterator[tuple[Path, bool]]:
    """The file of the requests, and whether it is ours."""
    if isinstance(requests, str | Path):
        yield Path(requests), False
        return
    path = spooled.write(requests, spooled.folder(context.environ), context.clock.now())
    try:
        yield path, True
    finally:
        path.unlink(missing_ok=True)  # it is called as its job by now, or there is no job


def _done(context: Context, job: Job, out: Path | str) -> Done:
    return Done(job.id, operations.account_of(context, job), Path(out))
