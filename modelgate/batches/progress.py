"""How far a job has come: a bar on a terminal, log lines elsewhere."""

from __future__ import annotations

import logging
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, TextIO

from modelgate.batches.job import Job
from modelgate.domain.batches import Counts

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

_log = logging.getLogger(__name__)


class Progress(Protocol):
    """Who is told."""

    def moved(self, job: Job, requests_done: int) -> None:
        """The job has come this far; the API tells of requests only once their batch has ended (documented)."""
        ...


class Lines:
    """Log lines, one for each change."""

    def __init__(self) -> None:
        self.job: Job | None = None
        """As it was last told."""
        self._told = ""

    def moved(self, job: Job, requests_done: int) -> None:
        """Logs it, if it is news."""
        self.job = job
        text = f"{job.id}: {_summary(job)}, {requests_done:,} of {job.row.requests:,} requests"
        if text != self._told:
            _log.info(text)
            self._told = text


class Bars:
    """A bar of rich on a terminal, while inside `with`."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self._bar: Bar = Progress(*columns, TimeElapsedColumn(), console=Console(file=stream), transient=True)
        self._task: TaskID | None = None
        self.job: Job | None = None
        """As it was last told."""

    def __enter__(self) -> Bars:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def moved(self, job: Job, requests_done: int) -> None:
        """Moves the bar."""
        self.job = job
        if self._task is None:
            self._task = self._bar.add_task(job.id, total=job.row.requests)
        self._bar.update(self._task, description=f"{job.id} {_summary(job)}", completed=requests_done)


def requests_done(job: Job, seen: dict[str, Counts]) -> int:
    """The requests of the newest round that have ended, as far as the API tells, and all that were not sent again."""
    newest = [part for part in job.parts if part.plan.round == job.round]
    ended = sum(
        part.plan.requests if part.state == "collected" else seen.get(part.batch_id or "", Counts()).done
        for part in newest
    )
    return job.row.requests - sum(part.plan.requests for part in newest) + ended


def _summary(job: Job) -> str:
    sent, collected = len(job.in_state("sent", "collected")), len(job.in_state("collected"))
    again = f", round {job.round}" if job.round > 1 else ""
    return f"{collected} of {sent} batches ended{again}" + (f", {n} to send" if (n := len(job.parts) - sent) else "")
