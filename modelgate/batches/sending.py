"""Sending a part: the intent first, then one create; and finding out what came of a create without an answer."""

from __future__ import annotations

import json
from collections.abc import Callable

from modelgate.batches import adoption
from modelgate.batches.body import Body
from modelgate.batches.collecting import belongs, counted
from modelgate.batches.job import Part, instants_of, typed
from modelgate.batches.logs import log_of
from modelgate.batches.patience import patiently
from modelgate.batches.positions import from_text
from modelgate.batches.tally import Tally
from modelgate.batches.waiting import pause
from modelgate.batches.work import Work
from modelgate.domain.batches import Batch, Listing
from modelgate.domain.codec import canonical
from modelgate.domain.errors import CallFailed, CouldNotKnow, ModelgateError, Refused
from modelgate.domain.problems import Problem

MOST_ATTEMPTS = 8
"""Creates of one part by one process, of which each was definitely refused or came to nothing before the next."""

_log = log_of(__name__)


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


class PartRefused(Refused):
    """The API refused a part's create for good; `reason` is its own, with the caller's `custom_id`s, harmless."""

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(message, hint=f"it says: {reason}")
        self.reason = reason


def _definite(failure: CallFailed, part: Part) -> ModelgateError:
    """What a failure for good is to people: a key or a cap can be mended, but a request that is refused stays so."""
    if part.refusal is None:
        return failure
    shown = f" ({failure.problem.request_id})" if failure.problem.request_id else ""
    return PartRefused(f"the API refused part {part.number}: HTTP {failure.status}{shown}", part.refusal[1])


def _refusal(work: Work, failure: CallFailed) -> str | None:
    """The JSON `detail` of `refused`: the API's reason, where the requests themselves were refused for good."""
    if failure.retry or failure.problem.check != "api.untrusted-answer" or (failure.status or 0) < 400:
        return None
    said = work.ids.told(failure.reason, work.index.custom_id) or f"HTTP {failure.status}"
    return canonical({"type": failure.kind or f"http_{failure.status}", "message": said})


def _attempt(work: Work, part: Part) -> CallFailed | None:
    shown = patiently(work.client.newest, work.clock)
    work.note(part, "intent", detail=adoption.before(shown, part.plan.requests))
    part = work.part(part.number)
    plan = part.plan
    places = work.index.places(from_text(plan.positions))
    body = Body(work.path, places, work.rules, work.ids, plan.bytes, work.lease.check)
    try:
        batch = work.client.create(body, work.job.row.betas)
    except CallFailed as error:
        if error.maybe_done:
            _log.warning("the answer to a create was lost (%s): looking for its batch", error.message)
            settle(work, part)
        else:
            work.note(part, "refused", detail=_refusal(work, error))
        return error
    except ModelgateError:
        if not body.handed_over:
            work.note(part, "refused")
        raise
    work.note(part, "created", batch_id=batch.id, detail=instants_of(batch))
    _log.info("sent as %s: %d requests", batch.id, plan.requests, extra={"batch_id": batch.id})
    return None


def settle(work: Work, part: Part, *, at_once: bool = False) -> None:
    """Finds out what came of an intent whose outcome is not known: adopts its batch, or notes that there is none.

    That takes ten minutes, as the API's list may lag; `at_once`: somebody decided that one look is enough.
    """
    started, tries, told = work.clock.monotonic(), 0, False
    dismissed: set[str] = set()
    while True:
        listing, batch = patiently(lambda: _find(work, part, dismissed), work.clock)
        if batch is not None:
            _log.warning(
                "adopted %s for part %d: its results will prove it", batch.id, part.number, extra={"batch_id": batch.id}
            )
            return work.note(part, "adopted", batch_id=batch.id, detail=instants_of(batch))
        if at_once or _before(part).waited(listing, work.clock.monotonic() - started):
            _log.warning("no batch came of part %d: it can be sent again", part.number)
            return work.note(part, "absent")
        if not told:
            send = typed(work.ledger.scope, "resume", work.job.id, "--send-again --out FILE")
            _log.warning(
                "part %d may have become a batch: looking for ten minutes; `%s` does not wait", part.number, send
            )
            told = True
        work.lease.check()
        work.clock.sleep(pause(tries))
        tries += 1


def look_again(work: Work) -> None:
    """Before a job ends: whether a create that was repeated made a batch nevertheless. Notes what it finds."""
    taken = set(work.ledger.owned()) | {part.batch_id or "" for part in work.job.parts}
    for part in work.job.parts:
        twice: dict[str, object] = {}
        running: list[str] = []
        for batch in [batch for absence in part.absences for batch in _late(work, part, absence, taken)]:
            taken.add(batch.id)
            if not batch.ended:
                running.append(batch.id)
            elif tally := _ours(work, part, batch):
                twice[batch.id] = json.loads(tally.to_json())
        if twice:
            work.note(part, "sent-twice", detail=canonical(twice))
        if running:
            work.note(part, "unclaimed", detail=canonical(sorted(set(running))))


def _late(work: Work, part: Part, absence: adoption.Before, taken: set[str]) -> list[Batch]:
    listing = patiently(lambda: work.client.newest(absence.since), work.clock)
    return adoption.candidates(listing.batches, absence, part.plan.requests, taken | part.disowned)


def _ours(work: Work, part: Part, batch: Batch) -> Tally | None:
    """What the results of a batch come to, if they are for the part's requests."""
    if not patiently(lambda: belongs(work.client.results(batch), work.job, part, work.index), work.clock):
        return None
    return patiently(lambda: counted(work.client.results(batch), work.job), work.clock)


def _find(work: Work, part: Part, dismissed: set[str]) -> tuple[Listing, Batch | None]:
    """What the list shows, and the one batch that may be the part's.

    `dismissed` grows by those that their results show to be others'.
    Raises `CouldNotKnow` while several may be it, as sending again could make a second one.
    """
    intent = _before(part)
    listing = work.client.newest(intent.since)
    owned = work.ledger.owned(None if intent.kept else part.intent_at)
    found = adoption.candidates(listing.batches, intent, part.plan.requests, owned | part.disowned | dismissed)
    possible = []
    for batch in found:
        if not batch.ended:
            possible.append(batch)
        elif belongs(work.client.results(batch), work.job, part, work.index):
            return listing, batch
        else:
            dismissed.add(batch.id)
    if len(possible) > 1:
        names = ", ".join(batch.id for batch in possible[:5])
        message = f"part {part.number} may be any of {len(possible)} running batches: {names}"
        resume = typed(work.ledger.scope, "resume", work.job.id, "--out FILE")
        raise CouldNotKnow(Problem("batch.ambiguous", message, f"once they have ended: {resume}"))
    return listing, possible[0] if possible else None


def _before(part: Part) -> adoption.Before:
    assert part.before is not None  # noqa: S101 # a part that is being sent has an intent
    return part.before
