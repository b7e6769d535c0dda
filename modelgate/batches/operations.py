"""What the commands do: run, submit, resume, cancel. Each goes on where an earlier process stopped."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from modelgate.batches import permission
from modelgate.batches.carriers import as_lines
from modelgate.batches.handed import (
    Handed,
    check_key,
    checked,
    indexed,
    joined,
    newest,
    refuse_other,
    started,
    starts_anew,
)
from modelgate.batches.index import Index
from modelgate.batches.job import Job, typed
from modelgate.batches.ledger import Ledger
from modelgate.batches.logs import log_of
from modelgate.batches.permission import Permission
from modelgate.batches.progress import Progress
from modelgate.batches.runner import Again, Runner
from modelgate.batches.scan import Scan
from modelgate.batches.sent_ids import SentIds, new_token
from modelgate.batches.split import PlannedPart, split
from modelgate.batches.statistics import Statistics, account
from modelgate.batches.sums import By, Summary, summed
from modelgate.batches.work import connected, working
from modelgate.domain.batches import Counts
from modelgate.domain.errors import CallFailed, ModelgateError, Refused, UsageError
from modelgate.domain.errors import Conflict as LostRace
from modelgate.gate.context import Context
from modelgate.whole_file import may_write

_log = log_of(__name__)


@dataclass(frozen=True, slots=True)
class Preview:
    """What `run` would send."""

    permission: Permission
    scan: Scan
    parts: tuple[PlannedPart, ...]
    job: Job | None
    """The job that `run` would go on with, if there is one."""


def preview(
    context: Context, slot: str, path: Path, *, again: bool = False, key: str | None = None, betas: Sequence[str] = ()
) -> Preview:
    """Checks the file and the slot, and records and sends nothing. Raises as `run` does."""
    check_key(key, again=again)
    permitted = permission.ask(context, slot, dry_run=True)
    with as_lines(path) as lines, closing(Index()) as index:
        handed = Handed(path, lines, key=key, betas=joined(betas))
        scanned = checked(context, handed, permitted, index, SentIds(new_token()))
        ledger = Ledger(context, read_only=True)
        job = newest(ledger, context, slot, handed, scanned.digest)[0]
        if job and key:
            refuse_other(job, scanned)
        goes_on = None if job is None or starts_anew(context, job, again=again) else job
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
    check_key(key, again=again)
    if out:
        _check_out(out, path)
    with as_lines(path) as lines:
        handed = Handed(path, lines, is_ours, key, joined(betas))
        with (
            started(context, slot, handed, again=again) as (job, index, fresh, file),
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
    check_key(key, again=again)
    with as_lines(path) as lines:
        handed = Handed(path, lines, is_ours, key, joined(betas))
        with (
            started(context, slot, handed, again=again) as (job, index, fresh, file),
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
        indexed(context, job, Handed(path, lines), index)
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


def _check_out(out: Path, path: Path) -> None:
    """Finds out before anything is sent whether the results can be written, and not over the requests at `path`."""
    with suppress(OSError):  # one of them is not there
        if out.samefile(path):
            raise UsageError("the results would replace the requests", hint="name another file with --out")
    if os.path.isdir(out) or not may_write(out):
        raise UsageError(f"cannot write {out}", hint="name a file in a folder that exists and can be written")
