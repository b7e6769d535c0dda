"""Requests that were handed in, and the job that is theirs: found by their content or by its key, or made."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from modelgate.batches import permission, scan, spooled
from modelgate.batches.index import Index
from modelgate.batches.job import Job, job_id, keyed_job_id, typed
from modelgate.batches.ledger import Ledger
from modelgate.batches.logs import log_of
from modelgate.batches.permission import Permission
from modelgate.batches.requests import RequestRules, is_name
from modelgate.batches.scan import LineProblem, Scan
from modelgate.batches.sent_ids import SentIds, new_token
from modelgate.batches.split import split
from modelgate.domain.batches import BatchJobRow, BatchPartRow
from modelgate.domain.errors import Conflict as LostRace
from modelgate.domain.errors import Refused, UsageError
from modelgate.domain.text import printable
from modelgate.gate.context import Context

_log = log_of(__name__)


class Conflict(UsageError):
    """A key is taken by a job of other requests, or of the same in another order. Nothing was sent."""


class BadRequests(UsageError):
    """A file of requests that cannot be sent; `problems` are all that is wrong with it, as far as they were kept."""

    def __init__(self, path: Path, scanned: Scan, objections: list[str]) -> None:
        self.problems = (*(LineProblem(0, reason) for reason in objections), *scanned.problems)
        self.further = scanned.further_problems
        total = len(self.problems) + self.further
        super().__init__(f"{path}: {total:,} problem{'s' * (total != 1)}, nothing was sent")


@dataclass(frozen=True, slots=True)
class Handed:
    """Requests that were handed in."""

    path: Path
    """Where they are to be found again."""
    lines: Path
    """The same as JSON lines, while the command runs."""
    is_ours: bool = False
    """Whether it is a file of ours, which is called as its job."""
    key: str | None = None
    betas: str | None = None


@contextmanager
def started(context: Context, slot: str, handed: Handed, *, again: bool) -> Iterator[tuple[Job, Index, int, Path]]:
    """The job of the requests, made if there is none, their index, the round for which the gate was asked, and the
    file that is read.
    """
    ledger = Ledger(context)
    digest = scan.digest(handed.lines)
    with closing(Index()) as index:
        job, new = newest(ledger, context, slot, handed, digest)
        fresh = 0
        if job is None or starts_anew(context, job, again=again):
            job, handed = _create(ledger, context, slot, handed, index, digest, new)
            fresh = 1
        else:
            indexed(context, job, handed, index)
        if handed.betas != job.row.betas:
            hint = f"it was made with --beta {job.row.betas}" if job.row.betas else "it was made without --beta"
            raise UsageError(f"{job.id} is sent with other betas", hint=hint)
        handed = _named(handed, job.id)  # only now: what is another job's takes no file's place
        yield job, index, fresh, handed.lines


def newest(ledger: Ledger, context: Context, slot: str, handed: Handed, digest: str) -> tuple[Job | None, str]:
    """The newest job of this slot and file or key, and the ID of the next; of a key there is but one."""
    if handed.key is not None:
        only = keyed_job_id(context.scope, slot, handed.key)
        return ledger.find(only), only
    newest, generation = None, 0
    while job := ledger.find(new := job_id(context.scope, slot, digest, generation)):
        newest, generation = job, generation + 1
    return newest, new


def starts_anew(context: Context, job: Job, *, again: bool) -> bool:
    """Whether `again` makes a new job. Raises `Refused` while a batch of the old one may run that nobody knows of."""
    if not (again and job.over):
        return False
    if unknown := job.in_state("sending"):
        message = f"part {unknown[0].number} of {job.id} may have become a batch: it would be paid for twice"
        raise Refused(message, hint="find it first:", commands=(typed(context.scope, "resume", job.id, "--out FILE"),))
    return True


def _create(
    ledger: Ledger, context: Context, slot: str, handed: Handed, index: Index, digest: str, new: str
) -> tuple[Job, Handed]:
    permitted, token = permission.ask(context, slot), new_token()
    scanned = checked(context, handed, permitted, index, SentIds(token))
    if scanned.digest != digest:
        raise UsageError(f"{handed.path} changed while it was read", hint="leave the file alone, and run it again")
    now, handed = context.clock.now(), _named(handed, new)
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
        file_path=str(handed.path.resolve()),
        requests=scanned.requests,
        parts=len(parts),
        at=now,
        run_id=permitted.run_id,
        token=token,
        content_digest=scanned.content_digest,
        key=handed.key,
        betas=handed.betas,
    )
    with suppress(LostRace):  # another process made it in the same moment: its lease decides who works on it
        ledger.add([row, *parts])
    job = ledger.job(new)
    if job.row.token != token:
        index.forget()
        indexed(context, job, handed, index)
    return job, handed


def _named(handed: Handed, job_id: str) -> Handed:
    if not handed.is_ours:
        return handed
    path = spooled.named(handed.path, job_id)
    return replace(handed, path=path, lines=path, is_ours=False)


def checked(context: Context, handed: Handed, permitted: Permission, index: Index, ids: SentIds) -> Scan:
    """Reads every line for the first time, and fills the index. Raises `BadRequests`."""
    scanned = scan.scan(handed.lines, permitted.rules, index, ids)
    objections = permission.objections(context, permitted)
    if objections or scanned.problems:
        raise BadRequests(handed.path, scanned, objections)
    for note in scanned.notes:
        _log.warning("%s:%d: %s", handed.path, note.line, note.reason)
    return scanned


def indexed(context: Context, job: Job, handed: Handed, index: Index) -> None:
    """Reads every line of a job that is there, and fills the index. Raises as `started` does."""
    rules = RequestRules(job.row.model_id, job.row.reference)
    scanned = scan.scan(handed.lines, rules, index, SentIds(job.row.token))
    if handed.key is not None:
        refuse_other(job, scanned)
    if not _is_content_of(job, scanned):
        resume = typed(context.scope, "resume", job.id, "--requests FILE --out FILE")
        hint = f"{resume}, with the file that was handed in"
        raise UsageError(f"{handed.path} is not the file of {job.id}", hint=hint)
    if scanned.problems:
        raise BadRequests(handed.path, scanned, [])


def _is_content_of(job: Job, scanned: Scan) -> bool:
    if job.row.content_digest:
        return scanned.content_digest == job.row.content_digest
    return scanned.digest == job.row.file_digest


def refuse_other(job: Job, scanned: Scan) -> None:
    """Raises `Conflict` if the requests are not those of the key's job."""
    if not _is_content_of(job, scanned):
        key = printable(job.row.key or "", 60)
        raise Conflict(f"the key {key!r} is {job.id}'s, which has other requests", hint="take another key")


def check_key(key: str | None, *, again: bool) -> None:
    """Raises `UsageError` for a key that is none, or that asks for a second job."""
    if key is None:
        return
    if again:
        raise UsageError("a key is one job: --again makes none", hint="take another key")
    if not is_name(key):
        raise UsageError("a key is a text of 1 to 256 characters without NUL")


def joined(betas: Sequence[str]) -> str | None:
    """The names of betas as the header has them. Raises `UsageError` for what is no name."""
    for name in betas:
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", name):
            raise UsageError(f"{printable(name, 40)!r} is no name of a beta")
    return ",".join(dict.fromkeys(betas)) or None
