"""How far a job has come, as a bar on a terminal."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from modelgate.batches.progress import summary

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from modelgate.batches.job import Job


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
        self._bar.update(self._task, description=f"{job.id} {summary(job)}", completed=requests_done)
