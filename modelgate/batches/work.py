"""One process at work on one job: what it holds while it sends, waits and collects."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from modelgate import api
from modelgate.api.batches import BatchesClient
from modelgate.batches.index import Index
from modelgate.batches.job import Job, Part
from modelgate.batches.lease import Lease
from modelgate.batches.ledger import Ledger
from modelgate.batches.logs import fields
from modelgate.batches.progress import Progress, requests_done
from modelgate.batches.requests import RequestRules
from modelgate.batches.sent_ids import SentIds
from modelgate.clock import Clock
from modelgate.domain.batches import BatchEvent, Counts
from modelgate.domain.errors import Refused
from modelgate.gate.context import Context


@dataclass(slots=True)
class Work:
    """A job under the lease of this process. `job` is always as the ledger has it."""

    job: Job
    ledger: Ledger
    client: BatchesClient
    lease: Lease
    index: Index
    path: Path
    """The file of requests."""
    rules: RequestRules
    clock: Clock
    progress: Progress
    seen: dict[str, Counts] = field(default_factory=dict)
    """By batch, what the API last told of its requests."""

    @property
    def ids(self) -> SentIds:
        """What the requests are called at the API."""
        return SentIds(self.job.row.token)

    def note(
        self, part: Part | None, event: BatchEvent, *, batch_id: str | None = None, detail: str | None = None
    ) -> None:
        """Writes an event down, if this process still has the job; that a batch was made, in any case."""
        if event != "created":
            self.lease.check()
        self.ledger.note(self.job, part, event, batch_id=batch_id, detail=detail)
        self.refresh()

    def refresh(self) -> None:
        """Reads the job again, also for what others asked of it, and tells how far it has come."""
        self.lease.check()
        self.job = self.ledger.job(self.job.id)
        self.progress.moved(self.job, requests_done(self.job, self.seen))

    def part(self, number: int) -> Part:
        """The part as it is now."""
        return self.job.parts[number - 1]


@contextmanager
def working(context: Context, job: Job, path: Path, index: Index, progress: Progress) -> Iterator[Work]:
    """The job under a lease of this process, with a client at its origin. Raises `Refused` if another one has it."""
    ledger = Ledger(context)
    rules = RequestRules(job.row.model_id, job.row.reference)
    with connected(context, job) as client, job_lease(ledger, job, context) as lease:
        work = Work(job, ledger, client, lease, index, path, rules, context.clock, progress)
        with fields(job_id=job.id, slot=job.row.slot, model=job.row.model_id):
            work.refresh()
            yield work


def job_lease(ledger: Ledger, job: Job, context: Context) -> Lease:
    """The lease of a job, not taken yet."""
    return Lease(ledger, job.id, context.author.host, context.clock, form=job.row.form)


@contextmanager
def connected(context: Context, job: Job) -> Iterator[BatchesClient]:
    """The Message Batches API where the job's batches are. Raises `Refused` if the settings lead elsewhere."""
    from modelgate.api.call_log import CallLog

    log = CallLog({job.row.slot: job.row.model_id}, slot=job.row.slot)
    with closing(api.connect(context.api, environ=context.environ, middleware=[log])) as sdk:
        client = BatchesClient(sdk)
        if client.origin != job.row.origin:
            raise Refused(f"{job.id} is at {job.row.origin}, and the settings lead to {client.origin}")
        yield client
