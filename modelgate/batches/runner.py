"""A job on its way: send, wait, collect, send again what is worth it, write the results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from modelgate.batches import sending
from modelgate.batches.collecting import belongs, collect, final_tally, log_causes, write_results
from modelgate.batches.job import Job, Part, collected_detail
from modelgate.batches.logs import fields, log_of
from modelgate.batches.patience import patiently
from modelgate.batches.split import split
from modelgate.batches.spool import Spool
from modelgate.batches.tally import Tally
from modelgate.batches.waiting import pause
from modelgate.batches.work import Work
from modelgate.domain.batches import RESULTS_DAYS, Batch, BatchPartRow
from modelgate.errors import CallFailed, Refused
from modelgate.whole_file import folder_of

IN_FLIGHT = 8
"""Batches of one job that have not ended, at most: a new one is sent when one ends."""

NOT_FOUND_SECONDS = 120.0
"""How long a batch that was just created may answer 404 (second-hand: 'for a moment')."""

PERMITTED_SECONDS = 600.0
"""How long the gate's answer holds for what is sent."""

SHORT_READS = 3
"""Downloads of results that hold fewer rows than the batch has outcomes, before the rows count as missing."""

_log = log_of(__name__)


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
        self._look_once = {part.number for part in work.job.in_state("sending")} if send_again else set[int]()

    def send(self) -> Job:
        """Sends what may be sent now, and returns."""
        self._settle()
        self._fill()
        return self._work.job

    def finish(self, out: Path) -> Job:
        """Does everything that is left, and writes the results to `out`."""
        spool = Spool(folder_of(out))
        try:
            self._collect_again(spool)
            while not self._work.job.finished and self._step(spool):
                pass
            if not self._work.job.finished:
                sending.look_again(self._work)
            write_results(out, self._work.job, self._work.index, spool)
            if not self._work.job.finished:
                self._work.note(None, "finished", detail=final_tally(self._work.index).to_json())
        finally:
            spool.close()
        return self._work.job

    def _step(self, spool: Spool) -> bool:
        """One stretch of the way; false at its end."""
        self._settle()
        self._fill()
        if self._work.job.in_state("sent"):
            self._wait(spool)
            return True
        return self._plan_round()

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
                sending.send(work, part, self._ask_gate)
                self._cancel_late(part.number)

    def _next(self) -> Part | None:
        """The next part to send: none of a canceled job, and none of a round that is not wanted."""
        job = self._work.job
        planned = (part for part in job.in_state("planned") if part.plan.round <= 1 + self._resends)
        return None if job.canceled else next(planned, None)

    def _ask_gate(self, round_number: int) -> None:
        clock = self._work.clock
        if self._permitted_round < round_number or clock.monotonic() - self._permitted_at > PERMITTED_SECONDS:
            self._permit(round_number)
            self._permitted_round, self._permitted_at = round_number, clock.monotonic()

    def _cancel_late(self, number: int) -> None:
        """Somebody canceled the job while this part was on its way. What was only found in a list is left alone."""
        work, part = self._work, self._work.part(number)
        batch_id = part.batch_id
        if work.job.canceled and batch_id and not part.adopted:
            patiently(lambda: work.client.cancel(batch_id), work.clock)

    def _wait(self, spool: Spool) -> None:
        """Waits until a batch has ended, and takes its results in."""
        work, due, asked = self._work, dict[int, float](), dict[int, int]()
        while True:
            parts = work.job.in_state("sent")
            part = min(parts, key=lambda each: due.get(each.number, 0.0))
            work.clock.sleep(max(0.0, due.get(part.number, 0.0) - work.clock.monotonic()))
            batch, seconds = self._look(part, asked.get(part.number, 0))
            if batch is not None:
                work.seen[batch.id] = batch.counts
                if batch.ended:
                    return self._collect(part, batch, spool)
                if batch.status == "in_progress":  # it was made known after `cancel`, or its own cancel failed
                    self._cancel_late(part.number)
            asked[part.number] = asked.get(part.number, 0) + 1
            due[part.number] = work.clock.monotonic() + seconds
            work.refresh()

    def _look(self, part: Part, asked: int) -> tuple[Batch | None, float]:
        """The batch, and the seconds until it is to be asked for again. None while it cannot be seen yet."""
        work, batch_id = self._work, part.batch_id or ""
        try:
            with fields(part=part.number, batch_id=batch_id):
                seen = patiently(lambda: work.client.retrieve(batch_id), work.clock)
        except CallFailed as error:
            age = (work.clock.now() - part.created_at).total_seconds() if part.created_at else 0.0
            if error.status != 404 or age > NOT_FOUND_SECONDS:
                raise _gone(error, batch_id) if error.status == 404 else error from None
            return None, pause(asked, error.wait)
        return seen.batch, pause(asked, seen.retry_after)

    def _collect(self, part: Part, batch: Batch, spool: Spool) -> None:
        """Takes the results in and writes that down; gives an adopted batch up if they show that it is not ours."""
        work = self._work
        if batch.archived_at:
            raise Refused(f"the results of {batch.id} can no longer be read: {RESULTS_DAYS} days have passed")
        if batch.results_url and not work.client.owns(batch.results_url):
            _log.warning("%s names results at another origin: the API's own is asked instead", batch.id)
        if part.adopted and part.state != "collected" and not self._is_proved(part, batch):
            _log.warning("%s was not ours: its results are for other requests", batch.id)
            return work.note(part, "disowned", batch_id=batch.id)
        with fields(part=part.number, batch_id=batch.id):
            tally = self._read(part, batch, spool)
            if part.state != "collected":
                work.note(part, "collected", batch_id=batch.id, detail=collected_detail(tally, batch))
                log_causes(work.index, part)

    def _is_proved(self, part: Part, batch: Batch) -> bool:
        work = self._work
        return patiently(lambda: belongs(work.client.results(batch), work.job, part, work.index), work.clock)

    def _read(self, part: Part, batch: Batch, spool: Spool) -> Tally:
        work = self._work
        for again in range(SHORT_READS):
            if again:
                _log.warning("the results of %s ended early: reading them again", batch.id)
                work.clock.sleep(pause(again))
            tally = patiently(
                lambda: collect(work.client.results(batch), work.job, part, work.index, spool), work.clock
            )
            missing = tally.outcomes.get("errored:no_result", 0)
            if part.plan.requests - missing >= batch.counts.done:
                break
        return tally

    def _collect_again(self, spool: Spool) -> None:
        """Reads what an earlier process collected: the ledger keeps how requests ended, not the answers."""
        for part in self._work.job.in_state("collected"):
            batch, _ = self._look(part, 0)
            if batch is None:
                raise Refused(f"{part.batch_id} cannot be seen at the moment", hint="run it again in a minute")
            self._collect(part, batch, spool)

    def _plan_round(self) -> bool:
        """Plans the requests that are worth sending again; false if there are none or no round is left."""
        work = self._work
        if work.job.canceled or work.job.round > self._resends:
            return False
        first, at = len(work.job.parts) + 1, work.clock.now()
        plans = split(work.index.sizes_again())
        rows = [
            BatchPartRow(work.job.id, number, work.job.round + 1, plan.positions, plan.requests, plan.bytes, at)
            for number, plan in enumerate(plans, first)
        ]
        if rows:
            self._ask_gate(work.job.round + 1)
            work.ledger.add(rows)
            work.refresh()
            _log.info("%s: sending %d requests again", work.job.id, sum(row.requests for row in rows))
        return bool(rows)


def _gone(error: CallFailed, batch_id: str) -> CallFailed:
    message = f"{batch_id} is not there: deleted, or of another workspace than this key's"
    return CallFailed(replace(error.problem, message=message), status=404)
