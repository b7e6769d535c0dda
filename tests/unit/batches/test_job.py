"""The present state of a job, folded from its rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from modelgate.batches import adoption
from modelgate.batches.job import Job, collected_detail, fold, instants_of, job_id
from modelgate.batches.results import Tokens
from modelgate.batches.statistics import account
from modelgate.batches.tally import Tally
from modelgate.domain.batches import Batch, BatchEvent, BatchEventRow, BatchJobRow, BatchPartRow, Counts, Listing
from modelgate.domain.prices import Price
from modelgate.domain.rows import Scope

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
ROW = BatchJobRow("job_1", "summarizer", "alias", "model", "https://api", "d" * 64, "/r.jsonl", 3, 1, NOW)
PLAN = BatchPartRow("job_1", 1, 1, "1-3", 3, 100, NOW)
AGAIN = BatchPartRow("job_1", 2, 2, "2", 1, 40, NOW)
TALLY = Tally({"succeeded": 2, "expired": 1}, Tokens(10, 20, 1, 2), {"other": 1})


def batch(batch_id: str = "msgbatch_1", **fields: Any) -> Batch:
    """A batch as the API shows it."""
    usual = {"status": "in_progress", "counts": Counts(processing=3), "created_at": NOW, "expires_at": NOW}
    return Batch(batch_id, **{**usual, **fields})


def event(kind: BatchEvent, part: int = 1, attempt: int = 1, **fields: Any) -> BatchEventRow:
    """Something that happened."""
    return BatchEventRow("job_1", part, attempt, kind, NOW, **fields)


CREATED = event("created", batch_id="msgbatch_1", detail=instants_of(batch()))
ENDED = batch(status="ended", ended_at=NOW + timedelta(seconds=90))
COLLECTED = event("collected", batch_id="msgbatch_1", detail=collected_detail(TALLY, ENDED.ended_at))


@pytest.mark.parametrize(
    ("events", "state", "attempt", "job_state"),
    [
        ([], "planned", 0, "sending"),
        ([event("intent")], "sending", 1, "sending"),
        ([event("intent"), event("refused")], "planned", 1, "sending"),
        ([event("intent"), event("absent"), event("intent", attempt=2)], "sending", 2, "sending"),
        ([event("intent"), CREATED], "sent", 1, "waiting"),
        ([event("intent"), CREATED, COLLECTED], "collected", 1, "waiting"),
        ([event("intent"), event("cancel-asked", part=0, attempt=0)], "sending", 1, "canceled"),
    ],
)
def test_events_lead_to_a_state(events: list[BatchEventRow], state: str, attempt: int, job_state: str) -> None:
    """Each event moves its part on."""
    job = fold(ROW, [PLAN], events)
    assert (job.parts[0].state, job.parts[0].attempt, job.state) == (state, attempt, job_state)


@pytest.mark.parametrize(
    "late",
    [
        [event("intent"), event("absent"), event("intent", attempt=2), event("refused")],
        [event("intent"), event("absent"), event("intent", attempt=2), CREATED],
        [event("intent"), event("adopted", batch_id="msgbatch_1", detail=CREATED.detail), event("absent")],
    ],
)
def test_what_a_process_tells_late_undoes_nothing(late: list[BatchEventRow]) -> None:
    """A process that lost its job to another one cannot have a part sent a second time."""
    before = fold(ROW, [PLAN], late[:-1]).parts[0]
    assert fold(ROW, [PLAN], late).parts[0] == before


def test_a_disowned_batch_is_looked_for_anew() -> None:
    """The intent stays open, the batch is remembered as somebody else's, and the next event is of another attempt."""
    adopted = event("adopted", batch_id="x", detail=instants_of(batch()))
    part = fold(ROW, [PLAN], [event("intent"), adopted, event("disowned", batch_id="x")]).parts[0]
    assert (part.state, part.attempt, part.batch_id, part.disowned) == ("sending", 2, None, {"x"})
    assert part.intent_at == NOW


def test_a_job_has_the_same_id_for_the_same_command() -> None:
    """Service, environment, slot, file and generation make the ID."""
    ids = {
        job_id(Scope(service, "prod"), slot, digest, generation)
        for service in ("a", "b")
        for slot in ("s", "t")
        for digest in ("1", "2")
        for generation in (0, 1)
    }
    assert len(ids) == 16
    assert job_id(Scope("a", "prod"), "s", "1", 0) in ids


def test_only_what_may_have_come_of_the_intent_is_a_candidate() -> None:
    """As many requests, created since the intent, nobody's, and not disowned before."""
    events = [
        event("intent"),
        event("adopted", batch_id="no", detail=instants_of(batch())),
        event("disowned", batch_id="no"),
    ]
    part = fold(ROW, [PLAN], events).parts[0]
    assert part.before is not None
    listed = [
        batch("fits"),
        batch("ended", status="ended", counts=Counts(succeeded=2, errored=1)),
        batch("skewed", created_at=NOW - timedelta(minutes=4)),
        batch("older", created_at=NOW - timedelta(minutes=6)),
        batch("larger", counts=Counts(processing=4)),
        batch("owned"),
        batch("no"),
    ]
    found = adoption.candidates(listed, part.before, 3, {"owned"} | part.disowned)
    assert [b.id for b in found] == ["fits", "ended", "skewed"]


def test_what_the_list_showed_before_decides_what_is_new() -> None:
    """An intent keeps what was there, so that no clock of ours says what came of it."""
    shown = adoption.before(Listing((batch("old"), batch("larger", counts=Counts(processing=4))), NOW, None), 3)
    seen = adoption.before_of(shown, NOW + timedelta(days=400))
    assert seen == adoption.Before(frozenset({"old"}), NOW, None)
    listed = [batch("new", created_at=NOW - timedelta(days=1)), batch("old"), batch("taken")]
    assert [b.id for b in adoption.candidates(listed, seen, 3, {"taken"})] == ["new"]


@pytest.mark.parametrize(
    ("before", "now", "ours", "expected"),
    [
        (NOW, NOW + timedelta(seconds=599), 9999.0, False),
        (NOW, NOW + timedelta(seconds=600), 0.0, True),
        (None, NOW + timedelta(seconds=999), 599.0, False),
        (NOW, None, 600.0, True),
    ],
)
def test_ten_minutes_pass_by_the_clock_of_the_api(
    before: datetime | None, now: datetime | None, ours: float, expected: bool
) -> None:
    """This process's own seconds count only where the API does not tell its time."""
    waited = adoption.Before(at=before).waited(Listing((), now, None), ours)
    assert waited is expected


def finished() -> Job:
    """A job of which one request was sent again."""
    second = [
        event("intent", part=2),
        event("created", part=2, batch_id="msgbatch_2", detail=instants_of(batch())),
        event("collected", part=2, detail=collected_detail(Tally({"errored:api_error": 1}), ENDED.ended_at)),
        event("finished", part=0, attempt=0, detail=Tally({"succeeded": 2, "errored:api_error": 1}).to_json()),
    ]
    return fold(ROW, [PLAN, AGAIN], [event("intent"), CREATED, COLLECTED, *second])


def test_the_account_counts_each_request_once() -> None:
    """Outcomes are the final ones; tokens and other models are those of all batches."""
    stats = account(finished(), {"model": Price(1, 10)}, NOW + timedelta(days=9))  # type: ignore[arg-type]  # whole dollars
    assert stats.outcomes == {"succeeded": 2, "errored:api_error": 1}
    assert (stats.resent, stats.unsuccessful, stats.tokens, stats.served) == (1, 1, Tokens(10, 20, 1, 2), {"other": 1})
    assert [batch.wall_seconds for batch in stats.batches] == [90.0, 90.0]
    assert float(stats.cost or 0) == pytest.approx((10 * 1 + 20 * 10) / 1e6)
    assert stats.results_expire_in_days == 20


def test_a_batch_of_the_last_day_of_all_is_accounted() -> None:
    """A creation that a hostile answer told, and that no results can be dated after, is no defect for ever."""
    last = instants_of(batch(created_at=NOW.replace(year=9999, month=12, day=31)))
    job = fold(ROW, [PLAN], [event("intent"), event("created", batch_id="msgbatch_1", detail=last), COLLECTED])
    assert account(job, {}, NOW).results_expire_in_days == 2_912_146


def test_an_unfinished_job_is_accounted_as_far_as_it_has_come() -> None:
    """Before the first result there is nothing to tell, and no price is made up."""
    stats = account(fold(ROW, [PLAN], []), {}, NOW)
    assert (stats.outcomes, stats.cost, stats.results_expire_in_days) == ({}, None, None)
    assert stats.batches[0].wall_seconds is None
