"""Looking at batches, with patience, and taking their results in."""

from __future__ import annotations

from dataclasses import replace

from modelgate.batches.collecting import belongs, collect, log_causes
from modelgate.batches.job import Part, collected_detail
from modelgate.batches.logs import fields, log_of
from modelgate.batches.patience import PATIENCE_SECONDS, patiently
from modelgate.batches.positions import from_text
from modelgate.batches.results import NO_RESULT
from modelgate.batches.spool import Spool
from modelgate.batches.tally import Tally, outcome_key
from modelgate.batches.waiting import pause
from modelgate.batches.work import Work
from modelgate.domain.batches import RESULTS_DAYS, Batch
from modelgate.domain.errors import ApiProblem, CallFailed
from modelgate.domain.problems import Problem

SHORT_READS = 3
"""Downloads of results that hold fewer rows than the batch has outcomes, before the rows count as missing."""

_log = log_of(__name__)


class Gone(ApiProblem):
    """A batch, or its results, that nobody can read any more: its requests may have succeeded."""


class Taking:
    """What one process sees of a job's batches. Rows go to `spool`, their places to the job's index."""

    def __init__(self, work: Work, spool: Spool) -> None:
        self._work = work
        self._spool = spool
        self._unseen_since: dict[int, float] = {}
        """By part: since when, by this process's seconds, its batch answers 404."""

    def look(self, part: Part, asked: int) -> tuple[Batch | None, float]:
        """The batch, and the seconds until it is to be asked for again. None while it cannot be seen.

        Raises `Gone` once it could not be seen for an hour, or at once if it was collected before.
        """
        work, batch_id = self._work, part.batch_id or ""
        try:
            with fields(part=part.number, batch_id=batch_id):
                seen = patiently(lambda: work.client.retrieve(batch_id), work.clock)
        except CallFailed as error:
            if error.status != 404:
                raise
            if part.number not in self._unseen_since:
                _log.warning(
                    "%s cannot be seen (HTTP 404)", batch_id, extra={"part": part.number, "batch_id": batch_id}
                )
            since = self._unseen_since.setdefault(part.number, work.clock.monotonic())
            if part.state == "collected" or work.clock.monotonic() - since >= PATIENCE_SECONDS:
                message = f"{batch_id} is not there: deleted, or of another workspace than this key's"
                raise Gone(replace(error.problem, message=message, hint=self._advice())) from None
            return None, pause(asked, error.wait)
        self._unseen_since.pop(part.number, None)
        return seen.batch, pause(asked, seen.retry_after)

    def take(self, part: Part, batch: Batch) -> None:
        """Takes the results in and writes that down; gives an adopted batch up if they show that it is not ours."""
        work = self._work
        if batch.archived_at:
            message = f"the results of {batch.id} can no longer be read: {RESULTS_DAYS} days have passed"
            raise Gone(Problem("api.untrusted-answer", message, self._advice()))
        if batch.results_url and not work.client.owns(batch.results_url):
            _log.warning("%s names results at another origin: the API's own is asked instead", batch.id)
        with fields(part=part.number, batch_id=batch.id):
            if part.adopted and part.state != "collected" and not self._is_proved(part, batch):
                _log.warning("%s was not ours: its results are for other requests", batch.id)
                return work.note(part, "disowned", batch_id=batch.id)
            tally = self._read(part, batch)
            if part.state != "collected":
                work.note(part, "collected", batch_id=batch.id, detail=collected_detail(tally, batch.ended_at))
                log_causes(work.index, part)

    def take_again(self, *, missing: bool) -> None:
        """Reads what an earlier process collected: the ledger keeps how requests ended, not the answers.

        A batch that is gone is passed over if all its requests were sent again since. `missing`: else its requests
        count as those without a result; without it, `Gone` is raised.
        """
        gone: list[tuple[Part, Gone]] = []
        for part in self._work.job.in_state("collected"):
            try:
                batch, _ = self.look(part, 0)
                if batch is None:  # a collected batch that cannot be seen is gone
                    continue
                self.take(part, batch)
            except Gone as error:
                gone.append((part, error))
        for part, why in gone:
            if self._work.index.expect_rest(part.number, from_text(part.plan.positions)) and not missing:
                raise why

    def give_up(self, part: Part) -> None:
        """Notes a batch that is gone as one that ended without a single result."""
        index, number = self._work.index, part.plan.requests
        index.expect(part.number, from_text(part.plan.positions))
        detail = collected_detail(Tally({outcome_key("errored", NO_RESULT): number}), None)
        self._work.note(part, "collected", batch_id=part.batch_id, detail=detail)

    def _advice(self) -> str:
        return "its requests may have succeeded: `resume … --only missing` sends them again"

    def _is_proved(self, part: Part, batch: Batch) -> bool:
        work = self._work
        return patiently(
            lambda: belongs(work.client.results(batch), work.job, part, work.index), work.clock, not_found=True
        )

    def _read(self, part: Part, batch: Batch) -> Tally:
        work, waits = self._work, part.state != "collected"
        for again in range(SHORT_READS):
            if again:
                _log.warning("the results of %s ended early: reading them again", batch.id)
                work.clock.sleep(pause(again))
            tally = patiently(
                lambda: collect(work.client.results(batch), work.job, part, work.index, self._spool),
                work.clock,
                not_found=waits,
            )
            lacking = tally.outcomes.get(outcome_key("errored", NO_RESULT), 0)
            if part.plan.requests - lacking >= batch.counts.done:
                break
        return tally
