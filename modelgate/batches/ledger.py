"""The ledger of batches: what is to be sent is written down before it is sent, and everything that came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from modelgate.batches.job import Job, Part, fold
from modelgate.clock import Deadline
from modelgate.domain.batches import BatchEvent, BatchEventRow, BatchJobRow, BatchPartRow
from modelgate.domain.errors import Refused
from modelgate.gate.context import Context
from modelgate.store import Store

STORE_SECONDS = 60.0
"""How long the store may take for one question or one entry."""


class Ledger:
    """The batches of one service in one environment. Opens the store for each question, as hours lie between them."""

    def __init__(self, context: Context, *, read_only: bool = False) -> None:
        self._world = context
        self.scope = context.scope
        self._read_only = read_only

    def store(self, seconds: float = STORE_SECONDS) -> Store:
        """The audit store, for questions that may take so long; with `with`, as its connection ends there."""
        deadline = Deadline.after(seconds, self._world.clock)
        return self._world.store(deadline, read_only=self._read_only, keeps=True)

    def jobs(self) -> list[Job]:
        """All jobs, oldest first."""
        with self.store() as store:
            return [fold(*rows) for rows in store.batch_jobs(self.scope)]

    def find(self, job_id: str) -> Job | None:
        """The job, if there is one."""
        with self.store() as store:
            found = store.batch_jobs(self.scope, job_id)
        return fold(*found[0]) if found else None

    def job(self, job_id: str) -> Job:
        """The job. Raises `Refused` if there is none."""
        job = self.find(job_id)
        if job is None:
            raise Refused(
                f"{self.scope} has no job {job_id[:40]!r}", commands=(f"modelgate batch list {self.scope.flags}",)
            )
        return job

    def owned(self, adopted_before: datetime | None = None) -> frozenset[str]:
        """The IDs of the batches that are known to be some part's: made, or proved by their results.

        With `adopted_before` also those that were adopted before that instant of our clock.
        """
        with self.store() as store:
            return store.owned_batches(adopted_before)

    def add(self, rows: Sequence[BatchJobRow | BatchPartRow | BatchEventRow]) -> None:
        """Adds rows, all or none. Raises `Conflict` if one of them is already there."""
        with self.store() as store:
            store.append(self.scope, self._world.author, rows, now=self._world.clock.now())

    def note(
        self, job: Job, part: Part | None, event: BatchEvent, *, batch_id: str | None = None, detail: str | None = None
    ) -> None:
        """Adds an event of a part, or of the job; an intent counts as the part's next attempt."""
        number, attempt = (part.number, part.attempt) if part else (0, job.reopened if event == "finished" else 0)
        attempt += event == "intent"
        now = self._world.clock.now()
        self.add([BatchEventRow(job.id, number, attempt, event, now, batch_id, detail, form=job.row.form)])
