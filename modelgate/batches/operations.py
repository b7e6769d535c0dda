"""What the commands do: run, submit, resume, cancel. Each goes on where an earlier process stopped."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from modelgate.batches import permission, scan
from modelgate.batches.index import Index
from modelgate.batches.job import Job, job_id, typed
from modelgate.batches.ledger import Ledger
from modelgate.batches.permission import Permission
from modelgate.batches.progress import Progress
from modelgate.batches.requests import RequestRules
from modelgate.batches.runner import Runner
from modelgate.batches.scan import LineProblem, Scan
from modelgate.batches.sent_ids import SentIds, new_token
from modelgate.batches.split import PlannedPart, split
from modelgate.batches.work import connected, working
from modelgate.domain.batches import BatchJobRow, BatchPartRow
from modelgate.errors import CallFailed, Conflict, Refused, UsageError
from modelgate.gate.context import Context
from modelgate.whole_file import may_write

_log = logging.getLogger(__name__)


class BadRequests(UsageError):
    """A file of requests that cannot be sent; `problems` are all that is wrong with it, as far as they were kept."""

    def __init__(self, path: Path, scanned: Scan, objections: list[str]) -> None:
        self.problems = (*(LineProblem(0, reason) for reason in objections), *scanned.problems)
        self.further = scanned.further_problems
        total = len(self.problems) + self.further
        super().__init__(f"{path}: {total:,} problem{'s' * (total != 1)}, nothing was sent")


@dataclass(frozen=True, slots=True)
class Plan:
    """What `run` would send."""

    permission: Permission
    scan: Scan
    parts: tuple[PlannedPart, ...]
    job: Job | None
    """The job that `run` would go on with, if there is one."""


def plan(context: Context, slot: str, path: Path, *, again: bool = False) -> Plan:
    """Checks the file and the slot, and records and sends nothing. Raises as `run` does."""
    permitted = permission.ask(context, slot, dry_run=True)
    with closing(Index()) as index:
        scanned = _checked(context, path, permitted, index, SentIds(new_token()))
        job, _ = _newest(Ledger(context, read_only=True), context, slot, scanned.digest)
        goes_on = None if job is None or _starts_anew(context, job, again=again) else job
        return Plan(permitted, scanned, tuple(split(index.sizes())), goes_on)


def run(
    context: Context,
    slot: str,
    path: Path,
    out: Path,
    progress: Progress,
    *,
    again: bool = False,
    resends: int = 2,
    send_again: bool = False,
) -> Job:
    """Sends the file, waits, collects, sends again what is worth it, and writes the results.

    The same call goes on with the same job; on a finished one it writes the results again. `again` makes a new job once
    the old one is finished or canceled. `send_again`: what may have become a batch is looked for once, and then sent,
    instead of after ten minutes. Raises `BadRequests`, `Refused`, `CouldNotKnow` and `UsageError`.
    """
    _check_out(out, path)
    with (
        _started(context, slot, path, again=again) as (job, index, fresh),
        working(context, job, path, index, progress) as work,
    ):
        return Runner(
            work, permission.of_rounds(context, job), resends, permitted_round=fresh, send_again=send_again
        ).finish(out)


def submit(context: Context, slot: str, path: Path, progress: Progress, *, again: bool = False) -> Job:
    """Sends the file, as many batches as may be in flight, and does not wait."""
    with (
        _started(context, slot, path, again=again) as (job, index, fresh),
        working(context, job, path, index, progress) as work,
    ):
        return Runner(work, permission.of_rounds(context, job), 0, permitted_round=fresh).send()


def resume(
    context: Context,
    wanted: str,
    out: Path,
    progress: Progress,
    *,
    path: Path | None = None,
    resends: int = 2,
    send_again: bool = False,
) -> Job:
    """Does what is left of a job, from wherever it stopped. `path` is where its file of requests is now."""
    job = Ledger(context).job(wanted)
    path = path or Path(job.row.file_path)
    _check_out(out, path)
    with closing(Index()) as index:
        _indexed(context, job, path, index)
        with working(context, job, path, index, progress) as work:
            return Runner(work, permission.of_rounds(context, job), resends, send_again=send_again).finish(out)


def cancel(context: Context, wanted: str, *, adopted: bool = False) -> Job:
    """Asks the API to cancel every batch of the job that has not ended; nothing more of it is sent.

    A batch that was only found in a list may be somebody else's: it is named and left alone, but for `adopted`.
    """
    ledger = Ledger(context)
    job = ledger.job(wanted)
    if job.finished:
        raise Refused(f"{job.id} is finished: there is nothing to cancel")
    with suppress(Conflict):  # it was asked before; the API is asked again, as that may have failed
        ledger.note(job, None, "cancel-asked")
    for part in ledger.job(job.id).in_state("sending"):
        resume = typed(context.scope, "resume", job.id, "--out FILE")
        _log.warning("part %d may have become a batch: `%s` finds it", part.number, resume)
    failures: list[CallFailed] = []
    with connected(context, job) as client:
        for part in ledger.job(job.id).in_state("sent"):
            if part.adopted and not adopted:
                by_hand = typed(context.scope, "cancel", job.id, "--adopted")
                _log.warning(
                    "%s was only found in a list and may be somebody else's: `%s` cancels it", part.batch_id, by_hand
                )
                continue
            try:
                client.cancel(part.batch_id or "")
            except CallFailed as error:  # the others are canceled all the same
                failures.append(error)
    if failures:
        raise failures[0]
    return ledger.job(job.id)


@contextmanager
def _started(context: Context, slot: str, path: Path, *, again: bool) -> Iterator[tuple[Job, Index, int]]:
    """The job of the file, made if there is none, its index, and the round for which the gate was asked."""
    ledger = Ledger(context)
    digest = scan.digest(path)
    with closing(Index()) as index:
        job, generation = _newest(ledger, context, slot, digest)
        fresh = 0
        if job is None or _starts_anew(context, job, again=again):
            job, fresh = _create(ledger, context, slot, path, index, digest, generation), 1
        else:
            _indexed(context, job, path, index)
        yield job, index, fresh


def _newest(ledger: Ledger, context: Context, slot: str, digest: str) -> tuple[Job | None, int]:
    """The newest job of this slot and file, and the number of the next."""
    newest, generation = None, 0
    while job := ledger.find(job_id(context.scope, slot, digest, generation)):
        newest, generation = job, generation + 1
    return newest, generation


def _starts_anew(context: Context, job: Job, *, again: bool) -> bool:
    """Whether `again` makes a new job. Raises `Refused` while a batch of the old one may run that nobody knows of."""
    if not (again and job.over):
        return False
    if unknown := job.in_state("sending"):
        message = f"part {unknown[0].number} of {job.id} may have become a batch: it would be paid for twice"
        raise Refused(message, hint=f"first: {typed(context.scope, 'resume', job.id, '--out FILE')}")
    return True


def _create(ledger: Ledger, context: Context, slot: str, path: Path, index: Index, digest: str, generation: int) -> Job:
    permitted, token = permission.ask(context, slot), new_token()
    scanned = _checked(context, path, permitted, index, SentIds(token))
    if scanned.digest != digest:
        raise UsageError(f"{path} changed while it was read", hint="leave the file alone, and run it again")
    new, now = job_id(context.scope, slot, digest, generation), context.clock.now()
    parts = [
        BatchPartRow(new, number, 1, part.positions, part.requests, part.bytes, now)
        for number, part in enumerate(split(index.sizes()), 1)
    ]
    row = BatchJobRow(
        job_id=new,
        slot=slot,
        reference=permitted.reference,
        model_id=permitted.model_id,
        origin=permitted.origin,
        file_digest=digest,
        file_path=str(path.resolve()),
        requests=scanned.requests,
        parts=len(parts),
        at=now,
        run_id=permitted.run_id,
        token=token,
        content_digest=scanned.content_digest,
    )
    with suppress(Conflict):  # another process made it in the same moment: its lease decides who works on it
        ledger.add([row, *parts])
    job = ledger.job(new)
    if job.row.token != token:
        index.forget()
        _indexed(context, job, path, index)
    return job


def _checked(context: Context, path: Path, permitted: Permission, index: Index, ids: SentIds) -> Scan:
    scanned = scan.scan(path, permitted.rules, index, ids)
    objections = permission.objections(context, permitted)
    if objections or scanned.problems:
        raise BadRequests(path, scanned, objections)
    for note in scanned.notes:
        _log.warning("%s:%d: %s", path, note.line, note.reason)
    return scanned


def _indexed(context: Context, job: Job, path: Path, index: Index) -> None:
    scanned = scan.scan(path, RequestRules(job.row.model_id, job.row.reference), index, SentIds(job.row.token))
    if scanned.digest != job.row.file_digest:
        resume = typed(context.scope, "resume", job.id, "--requests FILE --out FILE")
        hint = f"{resume}, with the file that was handed in"
        raise UsageError(f"{path} is not the file of {job.id}", hint=hint)
    if scanned.problems:
        raise BadRequests(path, scanned, [])


def _check_out(out: Path, path: Path) -> None:
    """Finds out before anything is sent whether the results can be written, and not over the requests at `path`."""
    with suppress(OSError):  # one of them is not there
        if out.samefile(path):
            raise UsageError("the results would replace the requests", hint="name another file with --out")
    if out.is_dir() or not may_write(out):
        raise UsageError(f"cannot write {out}", hint="name a file in a folder that exists and can be written")
