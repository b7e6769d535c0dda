"""A job on its way: send, wait, collect, send again what is worth it, write the results."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from modelgate.batches import sending
from modelgate.batches.collecting import final_tally, write_results
from modelgate.batches.job import Job, Part, reopening
from modelgate.batches.logs import fields, log_of
from modelgate.batches.patience import PATIENCE_SECONDS, patiently
from modelgate.batches.positions import from_text
from modelgate.batches.split import split
from modelgate.batches.spool import Spool
from modelgate.batches.taking import Gone, Taking
from modelgate.batches.waiting import pause
from modelgate.batches.work import Work
from modelgate.domain.batches import BatchEventRow, BatchPartRow
from modelgate.domain.errors import CouldNotKnow, Refused
from modelgate.whole_file import folder_of

IN_FLIGHT = 8
"""Batches of one job that have not ended, at most: a new one is sent when one ends."""

PERMITTED_SECONDS = 600.0
"""How long the gate's answer holds for what is sent."""

_log = log_of(__name__)


@dataclass(frozen=True, slots=True)
class Again:
    """What of a job that has come to its end is sent once more."""

    only: Literal["failed", "missing"]
    """`failed`: errored, expired or canceled by the far side. `missing`: without a row, which may have succeeded."""
    strict: bool = False
    """Refusals count as failed."""


class Runner:
    """Works on a job until it is finished, under the lease that `work` holds.

    `permit` is asked before anything is sent in a round, with its number, and again before a create when its answer is
    old; it raises if the slot may not run the job's model now. `permitted_round` is the last for which it was asked
    just before. `resends` bounds the rounds after the first. `send_again`: what may have become a batch before this
    process began is looked for once, and then sent.
    """

    def __init__(
        self,
        work: Work,
        permit: Callable[[int], None],
        resends: int,
        permitted_round: int = 0,
        *,
        send_again: bool = False,
    ) -> None:
        self._work = work
        self._permit = permit
        self._permitted_round = permitted_round
        self._permitted_at = work.clock.monotonic()
        self._resends = resends
        self._is_underway = permitted_round > 0
        """Whether this process has been at work: it then waits for what it does not wait for at its beginning."""
        self._refused: dict[int, sending.PartRefused] = {}
        """Parts that the API refused for good to this process."""
        self._look_once = {part.number for part in work.job.in_state("sending")} if send_again else set[int]()

    def send(self) -> Job:
        """Sends what may be sent now, and returns. Raises `PartRefused` if the API refuses a part for good."""
        self._settle()
        self._fill()
        if self._refused:
            raise next(iter(self._refused.values()))
        return self._work.job

    def finish(self, out: Path, again: Again | None = None) -> Job:
        """Does everything that is left, and writes the results to `out`.

        `again`: what ended so is sent once more, but by a job that was begun anew so and has not ended since.
        """
        work, spool = self._work, Spool(folder_of(out))
        if work.job.reopened and not work.job.finished:
            again = None
        try:
            taking = Taking(work, spool)
            taking.take_again(missing=again is not None and again.only == "missing")
            while self._step(taking, again) or (again and self._reopen(again)):
                again = None if again and work.job.reopened else again
            if not work.job.finished:
                sending.look_again(work)
            for part in work.job.refused:
                work.index.expect_rest(part.number, from_text(part.plan.positions))
            write_results(out, work.job, work.index, spool)
            self._conclude()
        finally:
            spool.close()
        return work.job

    def _conclude(self) -> None:
        """Writes down how every request ended, if each has its row; short results may have come whole since."""
        work = self._work
        final = final_tally(work.index)
        if work.job.finished and work.job.finished.outcomes != final.outcomes:
            work.ledger.add([reopening(work.job, work.clock.now())])
            work.refresh()
        if not work.job.finished and (work.job.canceled or not work.job.refused):
            work.note(None, "finished", detail=final.to_json())

    def _step(self, taking: Taking, again: Again | None) -> bool:
        """One stretch of the way; false at its end."""
        if self._work.job.finished:
            return False
        self._settle()
        self._fill()
        if self._work.job.in_state("sent"):
            self._wait(taking, gives_up=again is not None and again.only == "missing")
            return True
        return self._plan_round()

    def _reopen(self, again: Again) -> bool:
        """Plans what `again` wants, of a job that has come to its end; false if there is nothing."""
        work = self._work
        sizes = work.index.sizes_missing() if again.only == "missing" else work.index.sizes_failed(strict=again.strict)
        if work.job.canceled:
            raise Refused(f"{work.job.id} is canceled: nothing of it is sent again")
        what = "strict" if again.only == "failed" and again.strict else again.only
        return self._plan(sizes, work.job.round + 1, [reopening(work.job, work.clock.now(), what)])

    def _settle(self) -> None:
        for part in self._work.job.in_state("sending"):
            with fields(part=part.number):
                sending.settle(self._work, part, at_once=part.number in self._look_once)
                self._look_once.discard(part.number)
                self._cancel_late(part.number)

    def _fill(self) -> None:
        work = self._work
        while (part := self._next()) and len(work.job.in_state("sent")) < IN_FLIGHT:
            with fields(part=part.number):
                try:
                    sending.send(work, part, self._ask_gate)
                except sending.PartRefused as refused:  # the others are sent all the same
                    _log.error("%s: %s", refused.message, refused.reason)
                    self._refused[part.number] = refused
                self._cancel_late(part.number)

    def _next(self) -> Part | None:
        """The next part to send: none of a canceled job, none of a round that is not wanted, none refused just now."""
        job = self._work.job
        last = job.first_round + self._resends
        planned = (part for part in job.in_state("planned") if part.plan.round <= last)
        return None if job.canceled else next((part for part in planned if part.number not in self._refused), None)

    def _ask_gate(self, round_number: int) -> None:
        clock = self._work.clock
        if self._permitted_round < round_number or clock.monotonic() - self._permitted_at > PERMITTED_SECONDS:
            self._permit_patiently(round_number)
            self._permitted_round, self._permitted_at = round_number, clock.monotonic()

    def _permit_patiently(self, round_number: int) -> None:
        """In the middle of a job a gate that cannot be asked is waited for; at its beginning that ends the command."""
        clock, tries = self._work.clock, 0
        gives_up = clock.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return self._permit(round_number)
            except CouldNotKnow as error:
                passes = error.problem.check in ("api.unreachable", "api.rate-limited", "store.unreachable")
                if not passes or not self._is_underway or clock.monotonic() > gives_up:
                    raise
                _log.warning("the gate cannot be asked: %s; again in %.0f s", error.message, pause(tries))
            self._work.lease.check()
            clock.sleep(pause(tries))
            tries += 1

    def _cancel_late(self, number: int) -> None:
        """Somebody canceled the job while this part was on its way. What was only found in a list is left alone."""
        work, part = self._work, self._work.part(number)
        batch_id = part.batch_id
        if work.job.canceled and batch_id and not part.adopted:
            patiently(lambda: work.client.cancel(batch_id), work.clock)

    def _wait(self, taking: Taking, *, gives_up: bool) -> None:
        """Waits until a batch has ended, and takes its results in. `gives_up`: one that is gone ends without any."""
        work, due, asked = self._work, dict[int, float](), dict[int, int]()
        while True:
            parts = work.job.in_state("sent")
            part = min(parts, key=lambda each: due.get(each.number, 0.0))
            work.clock.sleep(max(0.0, due.get(part.number, 0.0) - work.clock.monotonic()))
            try:
                batch, seconds = taking.look(part, asked.get(part.number, 0))
            except Gone:
                if not gives_up:
                    raise
                return taking.give_up(part)
            if batch is not None:
                work.seen[batch.id] = batch.counts
                self._is_underway = True
                if batch.ended:
                    return taking.take(part, batch)
                if batch.status == "in_progress":  # it was made known after `cancel`, or its own cancel failed
                    self._cancel_late(part.number)
            asked[part.number] = asked.get(part.number, 0) + 1
            due[part.number] = work.clock.monotonic() + seconds
            work.refresh()

    def _plan_round(self) -> bool:
        """Plans the requests that are worth sending again; false if there are none or no round is left."""
        job = self._work.job
        if job.canceled or job.round >= job.first_round + self._resends:
            return False
        return self._plan(self._work.index.sizes_again(), job.round + 1, [])

    def _plan(self, sizes: Iterable[tuple[int, int]], number: int, before: list[BatchEventRow]) -> bool:
        """Plans a round of these requests, all or nothing; false if there are none."""
        work = self._work
        first, at = len(work.job.parts) + 1, work.clock.now()
        rows = [
            BatchPartRow(work.job.id, part, number, plan.positions, plan.requests, plan.bytes, at)
            for part, plan in enumerate(split(sizes), first)
        ]
        if rows:
            self._ask_gate(number)
            work.ledger.add([*before, *rows])
            work.refresh()
            _log.info("sending %d requests again", sum(row.requests for row in rows))
        return bool(rows)
