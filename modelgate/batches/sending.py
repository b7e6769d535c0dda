"""Sending a part: the intent first, then one create; and finding out what came of a create without an answer."""

from __future__ import annotations

import logging
from collections.abc import Callable

from modelgate.batches import adoption
from modelgate.batches.body import Body
from modelgate.batches.collecting import belongs
from modelgate.batches.job import Part, instants_of, typed
from modelgate.batches.patience import patiently
from modelgate.batches.positions import from_text
from modelgate.batches.waiting import pause
from modelgate.batches.work import Work
from modelgate.domain.batches import Batch
from modelgate.domain.problems import Problem
from modelgate.errors import CallFailed, CouldNotKnow, ModelgateError, Refused

SETTLE_SECONDS = 20.0
"""How long a batch may take to appear in the list. A GET right after a create may answer 404 (second-hand)."""

TAKEN_IN = 10_000_000
"""Bytes of a body that the API reads and checks in a second, at the least, before it shows the batch."""

MOST_ATTEMPTS = 8
"""Creates of one part by one process, of which each was definitely refused or came to nothing before the next."""

_log = logging.getLogger(__name__)


def send(work: Work, part: Part, ask_gate: Callable[[int], None]) -> None:
    """Has the part sent once. Raises `CallFailed` where the API refuses it for good.

    `ask_gate` is called before each create with the part's round, and raises if it may not be sent.
    """
    for attempt in range(MOST_ATTEMPTS):
        ask_gate(part.plan.round)
        failure = _attempt(work, part)
        part = work.part(part.number)
        if failure is None or part.state != "planned" or work.job.canceled:
            return
        if attempt == MOST_ATTEMPTS - 1 or not (failure.retry or failure.maybe_done):
            raise _definite(failure, part)
        seconds = pause(attempt, failure.wait)
        _log.warning("part %d was not taken: %s; again in %.0f s", part.number, failure.message, seconds)
        work.clock.sleep(seconds)


def _definite(failure: CallFailed, part: Part) -> ModelgateError:
    """What a failure for good is to people: a key or a cap can be mended, but a request that is refused stays so."""
    if failure.problem.check != "api.untrusted-answer" or (failure.status or 0) < 400:
        return failure
    shown = f" ({failure.problem.request_id})" if failure.problem.request_id else ""
    return Refused(f"the API refused part {part.number}: HTTP {failure.status}{shown}", hint="nothing was created")


def _attempt(work: Work, part: Part) -> CallFailed | None:
    work.note(part, "intent")
    part = work.part(part.number)
    plan = part.plan
    places = work.index.places(from_text(plan.positions))
    body = Body(work.path, places, work.rules, plan.bytes, work.lease.check)
    try:
        batch = work.client.create(body)
    except CallFailed as error:
        if error.maybe_done:
            _log.warning("the answer to a create was lost (%s): looking for its batch", error.message)
            settle(work, part)
        else:
            work.note(part, "refused")
        return error
    except ModelgateError:
        if not body.handed_over:
            work.note(part, "refused")
        raise
    work.note(part, "created", batch_id=batch.id, detail=instants_of(batch))
    return None


def settle(work: Work, part: Part) -> None:
    """Finds out what came of an intent whose outcome is not known: adopts its batch, or notes that there is none."""
    until = work.clock.monotonic() + SETTLE_SECONDS + part.plan.bytes / TAKEN_IN
    dismissed: set[str] = set()
    while True:
        batch = patiently(lambda: _find(work, part, dismissed), work.clock)
        if batch is not None:
            _log.warning("adopted %s for part %d: its results will prove it", batch.id, part.number)
            return work.note(part, "adopted", batch_id=batch.id, detail=instants_of(batch))
        if work.clock.monotonic() >= until:
            _log.warning("no batch came of part %d: it can be sent again", part.number)
            return work.note(part, "absent")
        work.lease.check()
        work.clock.sleep(2.0)


def _find(work: Work, part: Part, dismissed: set[str]) -> Batch | None:
    """The one batch that may be the part's; `dismissed` grows by those that their results show to be others'.

    Raises `CouldNotKnow` while several may be it, as sending again could make a second one.
    """
    assert part.intent_at is not None  # noqa: S101 # a part that is being sent has an intent
    newest = work.client.newest(adoption.earliest(part.intent_at))
    found = adoption.candidates(newest, part, work.ledger.owned(part.intent_at) | dismissed)
    possible = []
    for batch in found:
        if not batch.ended:
            possible.append(batch)
        elif belongs(work.client.results(batch), part, work.index):
            return batch
        else:
            dismissed.add(batch.id)
    if len(possible) > 1:
        names = ", ".join(batch.id for batch in possible[:5])
        message = f"part {part.number} may be any of {len(possible)} running batches: {names}"
        resume = typed(work.ledger.scope, "resume", work.job.id, "--out FILE")
        raise CouldNotKnow(Problem("batch.ambiguous", message, f"once they have ended: {resume}"))
    return possible[0] if possible else None
