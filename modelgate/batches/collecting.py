"""Reading results: each row to a spool on disk, its place to the index, its outcome to the tally."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from modelgate.batches.index import Index
from modelgate.batches.job import Job, Part
from modelgate.batches.logs import log_of
from modelgate.batches.positions import from_text, holds
from modelgate.batches.requests import LONGEST_ID
from modelgate.batches.results import NO_RESULT, BadResult, Result, error_row, missing_row, parse, worth_resending
from modelgate.batches.sent_ids import SentIds
from modelgate.batches.spool import ANOTHER_OUT, Spool
from modelgate.batches.tally import NOT_TOLD, Counting, Tally, outcome_key
from modelgate.domain.errors import ApiProblem, UsageError
from modelgate.domain.problems import Problem
from modelgate.domain.text import printable
from modelgate.whole_file import whole_file

_log = log_of(__name__)


def collect(rows: Iterable[bytes], job: Job, part: Part, index: Index, spool: Spool) -> Tally:
    """Takes the part's results in. Raises `ApiProblem` if they are no results, or another batch's.

    A request without a row is counted as an error of its own; of two rows for one request the first counts.
    """
    index.expect(part.number, from_text(part.plan.positions))
    counting, answered = Counting(job.row.model_id), 0
    unknown: set[str] = set()
    foreign = 0
    for row, outcome, position in _outcomes(rows, job, part, index):
        if position is None:
            foreign += 1
            continue
        again = worth_resending(outcome.type, outcome.reason, canceled_by_us=job.canceled)
        key = outcome_key(outcome.type, outcome.reason)
        if not index.answer(position, spool.add(row), key, outcome.stop or NOT_TOLD, again=again):
            _log.warning(
                "%s holds a second result for %s: the first counts",
                part.batch_id,
                printable(index.custom_id(position) or "", 60),
            )
            continue
        answered += 1
        counting.add(outcome)
        if not outcome.known and key not in unknown:
            unknown.add(key)
            _log.warning("%s holds a result that this version does not know: %s", part.batch_id, printable(key, 80))
    if foreign and not answered:
        raise _untrusted(f"{part.batch_id} holds results for requests that were not in it")
    if foreign:
        _log.warning("%s holds %d results for requests that were not in it: left out", part.batch_id, foreign)
    counting.add_many(outcome_key("errored", NO_RESULT), part.plan.requests - answered)
    return counting.result()


def log_causes(index: Index, part: Part) -> None:
    """One line for each cause why requests of the part ended without success: never one a request."""
    for outcome, requests, example in index.failures(part.number):
        kind, _, reason = outcome.partition(":")
        why = {"failure_reason": reason or kind, "requests": requests, "example": printable(example, LONGEST_ID)}
        out_of_credit = " (out of credit)" if reason == "billing_error" else ""
        _log.warning("requests ended without success: %s%s", printable(outcome, 80), out_of_credit, extra=why)


def counted(rows: Iterable[bytes], job: Job) -> Tally:
    """What the results of a batch come to, of which nothing is used. Raises `ApiProblem` if they are no results."""
    counting = Counting(job.row.model_id)
    for row in rows:
        try:
            counting.add(parse(row))
        except BadResult as error:
            raise _untrusted(str(error)) from None
    return counting.result()


def belongs(rows: Iterable[bytes], job: Job, part: Part, index: Index) -> bool:
    """Whether the results of a batch are the part's. Changes nothing.

    One `custom_id` of the job's own proves it; where callers' own were sent, each has to be one of the part's.
    Raises `ApiProblem` if they are no results, or none at all: that proves neither.
    """
    found = False
    for _row, _outcome, position in _outcomes(rows, job, part, index):
        found = True
        if position is not None and job.row.token:
            return True
        if position is None and not job.row.token:
            return False
    if not found:
        raise _untrusted("a batch has ended without a single result")
    return not job.row.token


def _outcomes(rows: Iterable[bytes], job: Job, part: Part, index: Index) -> Iterator[tuple[bytes, Result, int | None]]:
    """Each row, what it tells, and the position of its request: None if that is not one of the part's."""
    ranges = list(from_text(part.plan.positions))
    position_of = SentIds(job.row.token).position if job.row.token else index.position
    for row in rows:
        try:
            outcome = parse(row)
        except BadResult as error:
            raise _untrusted(str(error)) from None
        position = position_of(outcome.custom_id)
        yield row, outcome, position if position is not None and holds(ranges, position) else None


def _untrusted(message: str) -> ApiProblem:
    return ApiProblem(Problem("api.untrusted-answer", message))


def final_tally(index: Index) -> Tally:
    """How every request ended, each counted once; tokens are the batches'."""
    outcomes = index.outcomes()
    missing, unsent = outcomes.pop("", 0), outcomes.pop("unsent", 0)
    if missing:
        key = outcome_key("errored", NO_RESULT)
        outcomes[key] = outcomes.get(key, 0) + missing
    if unsent:
        outcomes["canceled"] = outcomes.get("canceled", 0) + unsent
    return Tally(outcomes, stop_reasons=index.stop_reasons())


def write_results(out: Path, job: Job, index: Index, spool: Spool) -> None:
    """Writes one row for each request, in the order of the requests; the file appears whole or not at all."""
    try:
        with whole_file(out, job.id) as file:
            for row in _rows(job, index, spool):
                file.write(row + b"\n")
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}", hint=ANOTHER_OUT) from None


def _rows(job: Job, index: Index, spool: Spool) -> Iterator[bytes]:
    batches = {part.number: part.batch_id or "" for part in job.parts}
    refused = {part.number: part.refusal for part in job.refused if part.refusal}
    ids = SentIds(job.row.token)

    def named(place: int, custom_id: str) -> Callable[[int], str | None]:
        return lambda position: custom_id if position == place else index.custom_id(position)

    for position, custom_id, part, start, length in index.results():
        if start is not None and length is not None:
            yield ids.mapped(spool.read(start, length), named(position, custom_id))
        elif part in refused:
            yield error_row(custom_id, *refused[part])
        elif part:
            yield missing_row(custom_id, batches[part])
        else:  # the job was canceled before its part was sent
            yield json.dumps({"custom_id": custom_id, "result": {"type": "canceled"}}).encode()
