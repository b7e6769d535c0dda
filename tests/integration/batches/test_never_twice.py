"""Lost answers, foreign batches, two processes: nothing is sent twice and nothing is lost."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from support.desk import MODEL, Desk, Meddling, Told, request

from modelgate.batches import operations
from modelgate.batches.job import Job, PartState, instants_of
from modelgate.batches.lease import LEASE_SECONDS, Lease
from modelgate.batches.ledger import Ledger
from modelgate.clock import SystemClock
from modelgate.domain.batches import Batch, BatchEventRow, BatchPartRow, Counts
from modelgate.domain.errors import CallFailed, CouldNotKnow, ModelgateError, Refused

CREATE = "/v1/messages/batches"


def foreign(desk: Desk, *custom_ids: str) -> str:
    """A batch that another program of the workspace creates now; its ID."""
    from anthropic import Anthropic

    requests: Any = []
    for custom_id in custom_ids:
        made = request(custom_id)
        made["params"]["model"] = MODEL
        requests.append(made)
    with Anthropic(base_url=desk.site.sandbox.url, api_key="k", max_retries=0) as client:
        return client.messages.batches.create(requests=requests).id


def test_a_lost_answer_is_looked_for_and_adopted(each_desk: Desk) -> None:
    """A create that was carried out but not answered is found among the batches of the account."""
    each_desk.write(4)
    each_desk.site.sandbox.lose_next_creates()
    job = each_desk.run()
    assert (each_desk.creates(), len(each_desk.batches())) == (1, 1)
    assert [(part.adopted, part.state) for part in job.parts] == [(True, "collected")]
    assert len(each_desk.outcomes()) == 4


def test_a_create_that_never_arrived_is_sent_again(each_desk: Desk) -> None:
    """A create of which no batch came is sent once more, after it had the time to appear."""
    each_desk.write(4)
    each_desk.site.sandbox.cut_next("before", method="POST", path=CREATE)
    job = each_desk.run()
    assert len(each_desk.batches()) == 1
    assert job.parts[0].attempt == 2
    assert len(each_desk.outcomes()) == 4


@pytest.mark.parametrize("status", [500, 504])
def test_a_failure_of_the_far_side_is_no_proof_that_nothing_was_made(desk: Desk, status: int) -> None:
    """After a 5xx the batch is looked for before anything is sent again."""
    desk.write(2)
    desk.site.sandbox.fail_next(status, method="POST", path=CREATE)
    desk.run()
    requests = desk.site.sandbox.requests()
    after = [r["method"] for r in requests[[r["method"] for r in requests].index("POST") + 1 :] if r["path"] == CREATE]
    assert after[0] == "GET"
    assert len(desk.batches()) == 1


def test_an_answer_that_is_no_batch_counts_as_lost(desk: Desk) -> None:
    """A 200 that does not describe a batch may have made one: it is found, and not sent again."""
    desk.write(2)
    desk.site.sandbox.fail_next(200, method="POST", path=CREATE, body="<html>ok</html>")
    desk.run()
    assert len(desk.batches()) == 1


def test_a_refused_create_is_no_lost_answer(desk: Desk) -> None:
    """A definite refusal is noted as one: nothing is looked for, and the next run sends the part."""
    desk.write(3)
    desk.site.sandbox.fail_next(400, method="POST", path=CREATE)
    with pytest.raises(Refused, match="the API refused part 1: HTTP 400"):
        desk.submit()
    assert [r["path"] for r in desk.site.sandbox.requests() if r["path"].startswith(CREATE)] == [CREATE] * 2
    assert [r["method"] for r in desk.site.sandbox.requests() if r["path"] == CREATE] == ["GET", "POST"]
    desk.run()
    assert len(desk.batches()) == 1


def test_somebody_elses_ended_batch_is_told_by_its_custom_ids(desk: Desk) -> None:
    """A batch of the same size that was created in the same minutes is not adopted if its results are for others."""
    desk.site.sandbox.configure(batch_polls=0)
    desk.write(2)
    desk.progress = Meddling(lambda: foreign(desk, "x1", "x2"))
    desk.site.sandbox.add_fault(cut="before", method="POST", path=CREATE, skip=1)
    job = desk.run()
    assert job.parts[0].disowned == frozenset()
    assert desk.batches() == [["x1", "x2"], ["r1", "r2"]]
    assert list(desk.outcomes().values()) == ["succeeded"] * 2


def test_a_wrongly_adopted_batch_is_given_up(desk: Desk) -> None:
    """A running batch that alone fits is adopted; when its results show that it is not ours, ours is sent."""
    desk.progress = Meddling(lambda: foreign(desk, "x1", "x2"))
    desk.site.sandbox.add_fault(cut="before", method="POST", path=CREATE, skip=1)
    desk.write(2)
    job = desk.run()
    assert desk.batches() == [["x1", "x2"], ["r1", "r2"]]
    assert list(desk.outcomes()) == ["r1", "r2"]
    assert len(job.parts[0].disowned) == 1


def test_several_running_batches_that_fit_stop_the_command(desk: Desk) -> None:
    """While it cannot be told which batch is ours, nothing is sent; once they have ended, the right one is taken."""
    desk.site.sandbox.configure(batch_polls=10**6)
    desk.write(2)
    desk.progress = Meddling(lambda: foreign(desk, "x1", "x2"))
    desk.site.sandbox.add_fault(cut="after", method="POST", path=CREATE, skip=1)
    with pytest.raises(CouldNotKnow, match="may be any of 2 running batches"):
        desk.run()
    assert desk.creates() == 2
    desk.site.sandbox.end_batches()
    desk.run()
    assert list(desk.outcomes().values()) == ["succeeded"] * 2
    assert desk.creates() == 2


def test_a_batch_of_another_job_is_never_adopted(desk: Desk) -> None:
    """A batch that the ledger knows as another job's is no candidate."""
    desk.write(2)
    first = desk.submit()
    desk.write([request("s1"), request("s2")])
    desk.site.sandbox.cut_next("before", method="POST", path=CREATE)
    second = desk.submit()
    assert first.parts[0].batch_id != second.parts[0].batch_id
    assert desk.batches() == [["r1", "r2"], ["r1", "r2"]]


def test_a_file_that_changes_while_it_is_sent_makes_no_batch(desk: Desk) -> None:
    """A body that breaks off because the file changed can make no batch; the job goes on once the file is back."""
    desk.write(2)
    desk.site.sandbox.spend_cap(path=CREATE)
    with pytest.raises(CallFailed):
        desk.run()
    desk.site.sandbox.lift_faults()
    original = desk.file.read_bytes()
    desk.write(3)
    job = desk.jobs()[0]
    with pytest.raises(ModelgateError, match="is not the file of"):
        desk.resume(job)
    desk.file.write_bytes(original)
    desk.resume(job)
    assert desk.batches() == [["r1", "r2"]]


def test_two_processes_do_not_work_on_the_same_job(each_desk: Desk) -> None:
    """While one process holds a job and renews its lease, another is told who has it and sends nothing."""
    each_desk.write(2)
    each_desk.site.clock = SystemClock()  # type: ignore[assignment]  # the lease is renewed in real time
    job = each_desk.submit()
    world = each_desk.site.world()
    with (
        Lease(Ledger(world), job.id, "pod-7", world.clock, form=job.row.form),
        pytest.raises(Refused, match=r"is with pod-7, process \d+$"),
    ):
        each_desk.resume(job)
    each_desk.resume(job)
    assert each_desk.creates() == 1


def test_two_runs_at_once_make_one_job(each_desk: Desk) -> None:
    """Two processes that are handed the same file in the same moment make one job and send one batch."""
    each_desk.write(3)
    each_desk.site.clock = SystemClock()  # type: ignore[assignment]  # the lease is renewed in real time
    failures: list[BaseException] = []

    def run() -> None:
        try:
            each_desk.submit()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(isinstance(failure, Refused) for failure in failures)
    assert len(each_desk.jobs()) == 1
    assert each_desk.creates() == 1


def test_results_at_another_origin_are_asked_of_the_api_itself(desk: Desk) -> None:
    """The key goes to no other host, wherever `results_url` points."""
    from modelgate.sandbox import Sandbox

    with Sandbox() as elsewhere:
        desk.site.sandbox.configure(results_origin=elsewhere.url)
        desk.write(2)
        desk.run()
        assert elsewhere.requests() == []
    assert len(desk.rows()) == 2


def test_a_canceled_job_does_not_send_what_is_left(desk: Desk) -> None:
    """A job that was canceled before its batch was sent ends with rows that say so."""
    desk.write(2)
    desk.site.sandbox.spend_cap(path=CREATE)
    with pytest.raises(CallFailed):
        desk.run()
    desk.site.sandbox.lift_faults()
    operations.cancel(desk.site.world(), desk.jobs()[0].id)
    desk.run()
    assert desk.outcomes() == {"r1": "canceled", "r2": "canceled"}
    assert desk.batches() == []


def test_a_pin_that_moved_stops_what_is_left_to_send(desk: Desk) -> None:
    """A job keeps its model: if the slot may now run another, nothing more is sent, and what ended can be collected."""
    desk.plan({"r1": ["expired"]})
    desk.write(2)
    job = desk.submit()
    desk.site.asks(summarizer="claude-opus-5")
    desk.site.accept("summarizer")
    with pytest.raises(Refused, match="may now run claude-opus-5") as refused:
        desk.resume(job)
    assert refused.value.commands == (f"modelgate batch resume {job.id} -s checkout -e prod --out FILE --resends 0",)
    desk.resume(job, resends=0)
    assert desk.outcomes() == {"r1": "expired", "r2": "succeeded"}


def ran_another(desk: Desk) -> None:
    """The slot ran claude-opus-5, then the model of the batches."""
    desk.site.asks(summarizer="claude-opus-5")
    desk.site.accept("summarizer")
    desk.site.preflight()
    desk.site.asks(summarizer=MODEL)
    desk.site.preflight()


def test_a_pin_that_was_rolled_back_stops_the_batches_that_wait(desk: Desk) -> None:
    """Of more batches than may be in flight the rest is not sent; what its hint says collects those that ended."""
    ran_another(desk)
    desk.write(3)
    desk.site.sandbox.spend_cap(path=CREATE)
    with pytest.raises(CallFailed):
        desk.run()
    desk.site.sandbox.lift_faults()
    desk.site.rollback("summarizer", to="claude-opus-5")
    (job,) = desk.jobs()
    with pytest.raises(Refused, match="may now run claude-opus-5") as refused:
        desk.run()
    flags = f"{job.id} -s checkout -e prod"
    cancel, resume = f"modelgate batch cancel {flags}", f"modelgate batch resume {flags} --out FILE"
    assert (refused.value.hint, refused.value.commands) == ("once its batches have ended:", (cancel, resume))
    operations.cancel(desk.site.world(), job.id)
    desk.resume(job)
    assert set(desk.outcomes().values()) == {"canceled"}
    assert desk.batches() == []


def test_the_gate_is_asked_again_when_its_answer_is_old(desk: Desk) -> None:
    """A create that has to wait for an hour is not sent on an ID that was rolled back meanwhile."""
    ran_another(desk)
    desk.write(2)
    desk.site.sandbox.add_fault(status=429, headers={"retry-after": "3600"}, method="POST", path=CREATE)
    desk.progress = Meddling(lambda: desk.site.rollback("summarizer", to="claude-opus-5"))
    with pytest.raises(Refused, match="may now run claude-opus-5"):
        desk.run()
    assert desk.batches() == []


def test_a_model_that_retires_soon_stops_what_is_left_to_send(desk: Desk) -> None:
    """What could not end in time is not sent either when a job that was made in time goes on."""
    desk.write(2)
    desk.site.sandbox.spend_cap(path=CREATE)
    with pytest.raises(CallFailed):
        desk.run()
    desk.site.sandbox.lift_faults()
    desk.site.sandbox.deprecate(MODEL, retires_in_days=1)
    desk.site.clock.ahead += timedelta(hours=12)
    with pytest.raises(Refused, match="before a batch could end") as refused:
        desk.run()
    assert refused.value.commands[0].startswith("modelgate batch cancel")
    assert desk.batches() == []


def test_the_ledger_is_part_of_the_chain(each_desk: Desk) -> None:
    """Jobs, parts and events are audited rows: the intent stands before what came of it."""
    each_desk.write(1)
    each_desk.run()
    (found,) = each_desk.site.store().batch_jobs(each_desk.site.scope())
    assert [event.event for event in found[2]] == ["intent", "created", "collected", "finished"]
    assert json.loads(found[2][2].detail or "")["tally"]["outcomes"] == {"succeeded": 1}


def lost_for_now(desk: Desk) -> None:
    """A create whose batch exists, and whose answer and search are lost: the part stays `sending`."""
    desk.site.sandbox.lose_next_creates()
    desk.progress = Meddling(lambda: desk.site.sandbox.fail_next(403, count=None, method="GET", path=CREATE))
    with pytest.raises(CallFailed):
        desk.submit()
    desk.site.sandbox.lift_faults()
    desk.progress = Told()


def test_a_batch_that_another_job_adopted_may_still_be_ours(each_desk: Desk) -> None:
    """Two jobs lose an answer at once, and the wrong one adopts the only batch: it is not sent a second time."""
    desk = each_desk
    desk.site.sandbox.configure(batch_polls=10**6, list_lag_seconds=30)
    ours, theirs = [request("a1"), request("a2")], [request("b1"), request("b2")]
    desk.write(ours)
    lost_for_now(desk)
    desk.write(theirs)
    desk.site.sandbox.cut_next("before", method="POST", path=CREATE)
    assert desk.submit().parts[0].adopted
    desk.write(ours)
    assert desk.submit().parts[0].adopted
    desk.site.sandbox.end_batches()
    desk.site.sandbox.configure(batch_polls=1)
    for requests in (ours, theirs):
        desk.write(requests)
        desk.run()
        assert list(desk.outcomes()) == [each["custom_id"] for each in requests]
    assert desk.batches() == [["r1", "r2"], ["r1", "r2"]]


def test_a_batch_that_was_adopted_before_is_not_adopted_again(desk: Desk) -> None:
    """What another job took for its own before our create was sent cannot have come of it."""
    desk.site.sandbox.configure(batch_polls=10**6)
    desk.write([request("a1"), request("a2")])
    desk.site.sandbox.lose_next_creates()
    first = desk.submit()
    desk.write([request("b1"), request("b2")])
    desk.site.sandbox.lose_next_creates()
    second = desk.submit()
    assert {first.parts[0].batch_id, second.parts[0].batch_id} == {each["id"] for each in desk.site.sandbox.batches()}


class Canceling(Told):
    """Somebody who cancels the job as soon as it is in a state."""

    def __init__(
        self, desk: Desk, round_number: int, state: PartState, first: Callable[[], object] = lambda: None
    ) -> None:
        super().__init__()
        self._desk, self._round, self._state, self._first = desk, round_number, state, first

    def moved(self, job: Job, requests_done: int) -> None:
        """Looks, and cancels."""
        super().moved(job, requests_done)
        if not job.canceled and any(part.plan.round == self._round for part in job.in_state(self._state)):
            self._first()
            operations.cancel(self._desk.site.world(), job.id)


@pytest.mark.parametrize("polls", [3, 0], ids=["runs", "ended"])
def test_a_batch_that_is_found_after_its_job_was_canceled(desk: Desk, polls: int) -> None:
    """A job that was canceled while nobody knew what came of a create leaves the batch alone, and takes its results."""
    desk.site.sandbox.configure(batch_polls=polls)
    desk.write(2)
    lost_for_now(desk)
    (job,) = desk.jobs()
    operations.cancel(desk.site.world(), job.id)
    desk.resume(job)
    assert desk.outcomes() == {"r1": "succeeded", "r2": "succeeded"}


def test_a_canceled_job_says_what_may_have_become_a_batch(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """`cancel` tells how that is found, and before that `--again` does not pay for the same requests once more."""
    desk.write(2)
    lost_for_now(desk)
    (job,) = desk.jobs()
    operations.cancel(desk.site.world(), job.id)
    resume = f"modelgate batch resume {job.id} -s checkout -e prod --out FILE"
    assert f"part 1 may have become a batch: `{resume}` finds it" in caplog.text
    with pytest.raises(Refused, match=f"part 1 of {job.id} may have become a batch") as refused:
        desk.run(again=True)
    assert (refused.value.hint, refused.value.commands) == ("find it first:", (resume,))
    desk.resume(job)
    assert desk.run(again=True).id != job.id


def test_a_batch_whose_cancel_failed_is_canceled_by_the_next_run(desk: Desk) -> None:
    """A batch of a canceled job that still runs when it is seen is asked to end."""
    desk.site.sandbox.configure(batch_polls=40)
    desk.site.sandbox.fail_next(404, method="POST", path=f"{CREATE}/*/cancel")
    desk.write(2)
    desk.progress = Canceling(desk, 1, "sending")
    with pytest.raises(CallFailed):
        desk.run()
    assert [part.state for part in desk.jobs()[0].parts] == ["sent"]
    desk.run()
    assert desk.outcomes() == {"r1": "canceled", "r2": "canceled"}


@pytest.mark.parametrize("polls", [0, 3], ids=["looked into", "adopted and given up"])
def test_a_batch_of_somebody_else_forgets_no_result(desk: Desk, polls: int) -> None:
    """A batch of another program that fits the second round leaves the rows of the first as they are."""
    desk.site.sandbox.configure(batch_polls=polls)
    desk.plan({"r1": ["expired"]})
    desk.site.sandbox.add_fault(cut="before", method="POST", path=CREATE, count=None, skip=2)
    desk.write(3)
    desk.progress = Canceling(desk, 2, "sending", lambda: foreign(desk, "x1"))
    desk.run()
    assert desk.outcomes() == {"r1": "expired", "r2": "succeeded", "r3": "succeeded"}
    assert [sorted(part.disowned) for part in desk.jobs()[0].parts][1:] == [
        [] if polls == 0 else [desk.site.sandbox.batches()[0]["id"]]
    ]


@pytest.mark.parametrize("answer", ["<html>busy</html>", ""])
def test_results_that_cannot_be_read_prove_nothing(desk: Desk, answer: str) -> None:
    """An ended batch whose results are nonsense may be ours: nothing is sent again before they can be read."""
    desk.site.sandbox.configure(batch_polls=0)
    desk.write(2)
    desk.site.sandbox.lose_next_creates()
    desk.site.sandbox.fail_next(200, path=f"{CREATE}/*/results", body=answer)
    with pytest.raises(CouldNotKnow):
        desk.run()
    desk.run()
    assert desk.batches() == [["r1", "r2"]]
    assert desk.outcomes() == {"r1": "succeeded", "r2": "succeeded"}


class TakingOver(Told):
    """Somebody whose process does the same work while ours stands still, as soon as the job is in a state."""

    def __init__(self, desk: Desk, state: PartState) -> None:
        super().__init__()
        self._desk, self._state, self._over = desk, state, False

    def moved(self, job: Job, requests_done: int) -> None:
        """Lets our lease run out, and works to the end."""
        super().moved(job, requests_done)
        if not self._over and job.in_state(self._state):
            self._over = True
            store, name = self._desk.site.store(), f"batch:3:{job.id}"
            held = store.lease(name)
            assert held is not None
            store.give_back_lease(name, held[0])
            self._desk.site.clock.sleep(LEASE_SECONDS)
            self._desk.run()


@pytest.mark.parametrize("state", ["sending", "sent"])
def test_a_process_that_lost_its_job_while_it_stood_still_sends_and_writes_nothing(
    each_desk: Desk, state: PartState
) -> None:
    """Also if the process that took the job over has ended by now: each request is sent once, each row is right."""
    each_desk.write(3)
    each_desk.progress = TakingOver(each_desk, state)
    with pytest.raises(Refused, match="is with "):  # a busy machine may not have given the lease back
        each_desk.run()
    assert len(each_desk.batches()) == 1
    assert list(each_desk.outcomes().values()) == ["succeeded"] * 3


def test_an_answer_that_is_written_down_late_changes_nothing(desk: Desk) -> None:
    """A process that stood still after a create tells of it when another one has adopted and collected the batch."""
    desk.write(2)
    desk.site.sandbox.lose_next_creates()
    job = desk.run()
    ledger, now = Ledger(desk.site.world()), SystemClock().now()
    told = {"batch_id": job.parts[0].batch_id, "detail": instants_of(Batch("x", "ended", Counts(), now, now))}
    ledger.add([BatchEventRow(job.id, 1, 1, "created", now, **told, form=job.row.form)])
    assert [part.state for part in ledger.job(job.id).parts] == ["collected"]
    desk.run()
    assert desk.outcomes() == {"r1": "succeeded", "r2": "succeeded"}


def test_one_batch_that_cannot_be_canceled_does_not_spare_the_others(desk: Desk) -> None:
    """Every batch of the job is asked for, and then the failure is told."""
    desk.site.sandbox.configure(batch_polls=10**6)
    desk.write(2)
    job = desk.submit()
    ledger, now = Ledger(desk.site.world()), SystemClock().now()
    lost = {
        "form": job.row.form,
        "batch_id": "msgbatch_gone",
        "detail": instants_of(Batch("x", "ended", Counts(), now, now)),
    }
    ledger.add([BatchPartRow(job.id, 2, 2, "1", 1, 10, now), BatchEventRow(job.id, 2, 1, "intent", now, form=3)])
    ledger.add([BatchEventRow(job.id, 2, 1, "created", now, **lost)])
    more = foreign(desk, "r1")
    kept = lost | {"batch_id": more}
    ledger.add([BatchPartRow(job.id, 3, 2, "2", 1, 10, now), BatchEventRow(job.id, 3, 1, "intent", now, form=3)])
    ledger.add([BatchEventRow(job.id, 3, 1, "created", now, **kept)])
    with pytest.raises(CallFailed):
        operations.cancel(desk.site.world(), job.id)
    assert all(each["cancel_initiated_at"] for each in desk.site.sandbox.batches())


def test_a_lost_answer_of_a_batch_that_stands_in_no_list_yet_is_not_paid_twice(each_desk: Desk) -> None:
    """A batch whose create was not answered is looked for during ten minutes, as the list may lag."""
    each_desk.site.sandbox.configure(list_lag_seconds=400)
    each_desk.write(3)
    each_desk.site.sandbox.lose_next_creates()
    each_desk.run()
    assert each_desk.batches() == [["r1", "r2", "r3"]]
    assert list(each_desk.outcomes().values()) == ["succeeded"] * 3


@pytest.mark.parametrize("seconds", [400, -86_400, 86_400])
def test_our_clock_decides_nothing(desk: Desk, seconds: float) -> None:
    """A clock that is minutes or days away from the API's adopts the same batch."""
    desk.site.clock.ahead += timedelta(seconds=seconds)
    desk.write(2)
    desk.site.sandbox.lose_next_creates()
    assert desk.run().parts[0].adopted
    assert desk.batches() == [["r1", "r2"]]


def test_without_a_date_ten_minutes_are_counted_here(desk: Desk) -> None:
    """Where the API tells no time, this process waits for ten minutes of its own."""
    desk.site.sandbox.configure(tells_date=False)
    desk.write(2)
    desk.site.sandbox.cut_next("before", method="POST", path=CREATE)
    before = desk.site.clock.monotonic()
    desk.run()
    assert desk.site.clock.monotonic() - before >= 600
    assert desk.batches() == [["r1", "r2"]]


def test_a_person_may_decide_to_send_again_at_once(desk: Desk) -> None:
    """With --send-again what may have become a batch is looked for once, and then sent."""
    desk.write(2)
    desk.site.sandbox.cut_next("before", method="POST", path=CREATE)
    desk.progress = Meddling(lambda: desk.site.sandbox.fail_next(403, count=None, method="GET", path=CREATE))
    with pytest.raises(CallFailed):
        desk.submit()
    desk.site.sandbox.lift_faults()
    desk.progress = Told()
    before = desk.site.clock.monotonic()
    desk.run(send_again=True)
    assert desk.site.clock.monotonic() - before < 300
    assert desk.batches() == [["r1", "r2"]]


def test_a_busy_api_that_says_so_is_an_answer(desk: Desk) -> None:
    """After a 529 with the API's own error nothing is looked for: it is sent again after a pause."""
    desk.write(2)
    desk.site.sandbox.fail_next(529, method="POST", path=CREATE)
    before = desk.site.clock.monotonic()
    job = desk.run()
    assert desk.site.clock.monotonic() - before < 300
    assert job.parts[0].absences == ()


@pytest.mark.parametrize(("polls", "check"), [(0, "batch.sent-twice"), (10**6, "batch.unclaimed")])
def test_a_batch_that_shows_up_after_it_was_repeated_is_told(desk: Desk, polls: int, check: str) -> None:
    """A list that lags for more than ten minutes costs twice: the end of the job says which batch that was."""
    desk.site.sandbox.configure(list_lag_seconds=3000, batch_polls=polls)
    desk.write(2)
    desk.site.sandbox.lose_next_creates()

    class Waiting(Told):
        def moved(self, job: Job, requests_done: int) -> None:
            super().moved(job, requests_done)
            if job.parts[0].attempt == 2 and job.in_state("sent"):
                desk.site.clock.sleep(3000)
                desk.site.sandbox.end_batches(desk.site.sandbox.batches()[0]["id"])

    desk.progress = Waiting()
    job = desk.run()
    assert desk.batches() == [["r1", "r2"]] * 2
    late = desk.site.sandbox.batches()[1]["id"]
    stats = desk.stats(job)
    assert [finding.id for finding in stats.findings] == [check]
    assert late in stats.findings[0].message
    assert stats.outcomes == {"succeeded": 2}
    paid = [batch.tally.tokens.input for batch in stats.batches]
    assert stats.tokens.input == sum(paid) * (2 if polls == 0 else 1)


def test_cancel_leaves_alone_what_was_only_found_in_a_list(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """A batch that nobody's answer and no result proved to be ours is named, and canceled only with --adopted."""
    desk.site.sandbox.configure(batch_polls=10**6)
    desk.write(2)
    desk.site.sandbox.lose_next_creates()
    job = desk.submit()
    operations.cancel(desk.site.world(), job.id)
    assert [batch["processing_status"] for batch in desk.site.sandbox.batches()] == ["in_progress"]
    assert f"`modelgate batch cancel {job.id} -s checkout -e prod --adopted` cancels it" in caplog.text
    operations.cancel(desk.site.world(), job.id, adopted=True)
    desk.resume(job)
    assert desk.outcomes() == {"r1": "canceled", "r2": "canceled"}
