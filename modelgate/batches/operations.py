"""What the commands do: run, submit, resume, cancel. Each goes on where an earlier process stopped."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from modelgate.batches import permission, scan, spooled
from modelgate.batches.carriers import as_lines
from modelgate.batches.index import Index
from modelgate.batches.job import Job, job_id, keyed_job_id, typed
from modelgate.batches.ledger import Ledger
from modelgate.batches.logs import log_of
from modelgate.batches.permission import Permission
from modelgate.batches.progress import Progress
from modelgate.batches.requests import RequestRules, is_name
from modelgate.batches.runner import Again, Runner
from modelgate.batches.scan import LineProblem, Scan
from modelgate.batches.sent_ids import SentIds, new_token
from modelgate.batches.split import PlannedPart, split
from modelgate.batches.statistics import Statistics, account
from modelgate.batches.sums import By, Summary, summed
from modelgate.batches.work import connected, working
from modelgate.domain.batches import BatchJobRow, BatchPartRow, Counts
from modelgate.domain.text import printable
from modelgate.errors import CallFailed, ModelgateError, Refused, UsageError
from modelgate.errors import Conflict as LostRace
from modelgate.gate.context import Context
from modelgate.whole_file import may_write

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
class Preview:
    """What `run` would send."""

    permission: Permission
    scan: Scan
    parts: tuple[PlannedPart, ...]
    job: Job | None
    """The job that `run` would go on with, if there is one."""


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


def preview(
    context: Context, slot: str, path: Path, *, again: bool = False, key: str | None = None, betas: Sequence[str] = ()
) -> Preview:
    """Checks the file and the slot, and records and sends nothing. Raises as `run` does."""
    _check_key(key, again=again)
    permitted = permission.ask(context, slot, dry_run=True)
    with as_lines(path) as lines, closing(Index()) as index:
        handed = Handed(path, lines, key=key, betas=_joined(betas))
        scanned = _checked(context, handed, permitted, index, SentIds(new_token()))
        ledger = Ledger(context, read_only=True)
        job = _newest(ledger, context, slot, handed, scanned.digest)[0]
        if job and key:
            _refuse_other(job, scanned)
        goes_on = None if job is None or _starts_anew(context, job, again=again) else job
        return Preview(permitted, scanned, tuple(split(index.sizes())), goes_on)


def run(
    context: Context,
    slot: str,
    path: Path,
    out: Path | None,
    progress: Progress,
    *,
    again: bool = False,
    resends: int = 2,
    send_again: bool = False,
    key: str | None = None,
    betas: Sequence[str] = (),
    is_ours: bool = False,
) -> Job:
    """Sends the requests, waits, collects, sends again what is worth it, and writes the results.

    The same call goes on with the same job; on a finished one it writes the results again. `again` makes a new job once
    the old one is finished or canceled. `send_again`: what may have become a batch is looked for once, and then sent,
    instead of after ten minutes. `key` names the job, whatever carries its requests. `out` None: they go beside the
    requests. `is_ours`: the file gets the name of the job. Raises `BadRequests`, `Conflict`, `Refused`, `CouldNotKnow`
    and `UsageError`.
    """
    _check_key(key, again=again)
    if out:
        _check_out(out, path)
    with as_lines(path) as lines:
        handed = Handed(path, lines, is_ours, key, _joined(betas))
        with (
            _started(context, slot, handed, again=again) as (job, index, fresh, file),
            working(context, job, file, index, progress) as work,
        ):
            permit, place = permission.of_rounds(context, job), out or beside(path, job.id)
            return Runner(work, permit, resends, permitted_round=fresh, send_again=send_again).finish(place)


def submit(
    context: Context,
    slot: str,
    path: Path,
    progress: Progress,
    *,
    again: bool = False,
    key: str | None = None,
    betas: Sequence[str] = (),
    is_ours: bool = False,
) -> Job:
    """Sends the requests, as many batches as may be in flight, and does not wait."""
    _check_key(key, again=again)
    with as_lines(path) as lines:
        handed = Handed(path, lines, is_ours, key, _joined(betas))
        with (
            _started(context, slot, handed, again=again) as (job, index, fresh, file),
            working(context, job, file, index, progress) as work,
        ):
            return Runner(work, permission.of_rounds(context, job), 0, permitted_round=fresh).send()


def resume(
    context: Context,
    wanted: str,
    out: Path | None,
    progress: Progress,
    *,
    path: Path | None = None,
    resends: int = 2,
    send_again: bool = False,
    again: Again | None = None,
) -> Job:
    """Does what is left of a job, from wherever it stopped. `path` is where its requests are now.

    `again`: what ended so is sent once more.
    """
    job = Ledger(context).job(wanted)
    path = path or Path(job.row.file_path)
    out = out or beside(path, job.id)
    _check_out(out, path)
    with as_lines(path) as lines, closing(Index()) as index:
        _indexed(context, job, Handed(path, lines), index)
        with working(context, job, lines, index, progress) as work:
            return Runner(work, permission.of_rounds(context, job), resends, send_again=send_again).finish(out, again)


def beside(requests: Path, job_id: str) -> Path:
    """Where the results of a job go whose caller named no place: beside the file of its requests."""
    return requests.with_name(f"{job_id}.results.jsonl")


def cancel(context: Context, wanted: str, *, adopted: bool = False) -> Job:
    """Asks the API to cancel every batch of the job that has not ended; nothing more of it is sent.

    A batch that was only found in a list may be somebody else's: it is named and left alone, but for `adopted`.
    """
    ledger = Ledger(context)
    job = ledger.job(wanted)
    if job.finished:
        raise Refused(f"{job.id} is finished: there is nothing to cancel")
    with suppress(LostRace):  # it was asked before; the API is asked again, as that may have failed
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


def jobs(context: Context) -> list[Job]:
    """The jobs of the environment, newest first."""
    return Ledger(context, read_only=True).jobs()[::-1]


def job(context: Context, wanted: str) -> Job:
    """A job, as the ledger has it. Raises `Refused` if there is none."""
    return Ledger(context, read_only=True).job(wanted)


def stats(context: Context, wanted: str) -> Statistics:
    """The account of a job, as far as it has come. Raises `Refused` if there is none.

    The API is asked for the batches that run; where it cannot be, the account is what the ledger knows.
    """
    found = job(context, wanted)
    return replace(account_of(context, found), running=_running(context, found))


def _running(context: Context, job: Job) -> dict[str, Counts]:
    found: dict[str, Counts] = {}
    if running := job.in_state("sent"):
        with suppress(ModelgateError), connected(context, job) as client:
            for part in running:
                batch = client.retrieve(part.batch_id or "").batch
                found[batch.id] = batch.counts
    return found


def account_of(context: Context, job: Job) -> Statistics:
    """The account of a job that was just read."""
    return account(job, context.settings.prices, context.clock.now())


def summary(context: Context, *, since: datetime | None = None, by: By | None = None) -> Summary:
    """The account of all jobs of the environment that were created at `since` or later."""
    return summed((account_of(context, each) for each in jobs(context)), since, by)


@contextmanager
def _started(context: Context, slot: str, handed: Handed, *, again: bool) -> Iterator[tuple[Job, Index, int, Path]]:
    """The job of the requests, made if there is none, their index, the round for which the gate was asked, and the
    file that is read.
    """
    ledger = Ledger(context)
    digest = scan.digest(handed.lines)
    with closing(Index()) as index:
        job, new = _newest(ledger, context, slot, handed, digest)
        fresh = 0
        if job is None or _starts_anew(context, job, again=again):
            job, handed = _create(ledger, context, slot, handed, index, digest, new)
            fresh = 1
        else:
            _indexed(context, job, handed, index)
        if handed.betas != job.row.betas:
            hint = f"it was made with --beta {job.row.betas}" if job.row.betas else "it was made without --beta"
            raise UsageError(f"{job.id} is sent with other betas", hint=hint)
        handed = _named(handed, job.id)  # only now: what is another job's takes no file's place
        yield job, index, fresh, handed.lines


def _newest(ledger: Ledger, context: Context, slot: str, handed: Handed, digest: str) -> tuple[Job | None, str]:
    """The newest job of this slot and file or key, and the ID of the next; of a key there is but one."""
    if handed.key is not None:
        only = keyed_job_id(context.scope, slot, handed.key)
        return ledger.find(only), only
    newest, generation = None, 0
    while job := ledger.find(new := job_id(context.scope, slot, digest, generation)):
        newest, generation = job, generation + 1
    return newest, new


def _starts_anew(context: Context, job: Job, *, again: bool) -> bool:
    """Whether `again` makes a new job. Raises `Refused` while a batch of the old one may run that nobody knows of."""
    if not (again and job.over):
        return False
    if unknown := job.in_state("sending"):
        message = f"part {unknown[0].number} of {job.id} may have become a batch: it would be paid for twice"
        raise Refused(message, hint=f"first: {typed(context.scope, 'resume', job.id, '--out FILE')}")
    return True


def _create(
    ledger: Ledger, context: Context, slot: str, handed: Handed, index: Index, digest: str, new: str
) -> tuple[Job, Handed]:
    permitted, token = permission.ask(context, slot), new_token()
    scanned = _checked(context, handed, permitted, index, SentIds(token))
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
        _indexed(context, job, handed, index)
    return job, handed


def _named(handed: Handed, job_id: str) -> Handed:
    if not handed.is_ours:
        return handed
    path = spooled.named(handed.path, job_id)
    return replace(handed, path=path, lines=path, is_ours=False)


def _checked(context: Context, handed: Handed, permitted: Permission, index: Index, ids: SentIds) -> Scan:
    scanned = scan.scan(handed.lines, permitted.rules, index, ids)
    objections = permission.objections(context, permitted)
    if objections or scanned.problems:
        raise BadRequests(handed.path, scanned, objections)
    for note in scanned.notes:
        _log.warning("%s:%d: %s", handed.path, note.line, note.reason)
    return scanned


def _indexed(context: Context, job: Job, handed: Handed, index: Index) -> None:
    rules = RequestRules(job.row.model_id, job.row.reference)
    scanned = scan.scan(handed.lines, rules, index, SentIds(job.row.token))
    if handed.key is not None:
        _refuse_other(job, scanned)
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


def _refuse_other(job: Job, scanned: Scan) -> None:
    if not _is_content_of(job, scanned):
        key = printable(job.row.key or "", 60)
        raise Conflict(f"the key {key!r} is {job.id}'s, which has other requests", hint="take another key")


def _check_key(key: str | None, *, again: bool) -> None:
    if key is None:
        return
    if again:
        raise UsageError("a key is one job: --again makes none", hint="take another key")
    if not is_name(key):
        raise UsageError("a key is a text of 1 to 256 characters without NUL")


def _joined(betas: Sequence[str]) -> str | None:
    for name in betas:
        if not re.fullmatch(r"[A-Za-z0-9._-]{1,100}", name):
            raise UsageError(f"{printable(name, 40)!r} is no name of a beta")
    return ",".join(dict.fromkeys(betas)) or None


def _check_out(out: Path, path: Path) -> None:
    """Finds out before anything is sent whether the results can be written, and not over the requests at `path`."""
    with suppress(OSError):  # one of them is not there
        if out.samefile(path):
            raise UsageError("the results would replace the requests", hint="name another file with --out")
    if out.is_dir() or not may_write(out):
        raise UsageError(f"cannot write {out}", hint="name a file in a folder that exists and can be written")
