"""How far a job has come, and who is told."""

from __future__ import annotations

from typing import Protocol

from modelgate.batches.job import Job
from modelgate.batches.logs import log_of
from modelgate.domain.batches import Counts

_log = log_of(__name__)


class Progress(Protocol):
    """Who is told."""

    def moved(self, job: Job, requests_done: int) -> None:
        """The job has come this far; the API tells of requests only once their batch has ended (documented)."""
        ...


class Silent:
    """Nobody is told."""

    def moved(self, job: Job, requests_done: int) -> None:
        """Says nothing."""


class Lines:
    """Log lines, one for each change."""

    def __init__(self) -> None:
        self.job: Job | None = None
        """As it was last told."""
        self._told = ""

    def moved(self, job: Job, requests_done: int) -> None:
        """Logs it, if it is news."""
        self.job = job
        text = f"{job.id}: {summary(job)}, {requests_done:,} of {job.row.requests:,} requests"
        if text != self._told:
            _log.info(text)
            self._told = text


def requests_done(job: Job, seen: dict[str, Counts]) -> int:
    """The requests of the newest round that have ended, as far as the API tells, and all that were not sent again."""
    newest = [part for part in job.parts if part.plan.round == job.round]
    ended = sum(
        part.plan.requests if part.state == "collected" else seen.get(part.batch_id or "", Counts()).done
        for part in newest
    )
    return job.row.requests - sum(part.plan.requests for part in newest) + ended


def summary(job: Job) -> str:
    """Its batches in a few words."""
    sent, collected = len(job.in_state("sent", "collected")), len(job.in_state("collected"))
    again = f", round {job.round}" if job.round > 1 else ""
    return f"{collected} of {sent} batches ended{again}" + (f", {n} to send" if (n := len(job.parts) - sent) else "")
