"""Patience with the API, parts that it refuses, and what of a job that has ended is sent once more."""

from __future__ import annotations

import pytest
from support.desk import MODEL, Desk, request

from modelgate.batches import scan
from modelgate.batches.index import Index
from modelgate.batches.job import Job, job_id
from modelgate.batches.ledger import Ledger
from modelgate.batches.requests import RequestRules
from modelgate.batches.runner import Again
from modelgate.batches.sent_ids import SentIds, new_token
from modelgate.batches.split import split
from modelgate.domain.batches import BatchJobRow, BatchPartRow
from modelgate.domain.errors import ApiProblem, CouldNotKnow, Refused

CREATE = "/v1/messages/batches"
FAILED, MISSING = Again("failed"), Again("missing")


def job_of_parts(desk: Desk, parts: int) -> Job:
    """A job of so many batches of one request each, which no file of ordinary length makes."""
    desk.write(parts)
    world, ledger, token = desk.site.world(), Ledger(desk.site.world()), new_token()
    index = Index()
    scanned = scan.scan(desk.file, RequestRules(MODEL, MODEL), index, SentIds(token))
    now, new = world.clock.now(), job_id(world.scope, "summarizer", scanned.digest, 0)
    rows = [
        BatchPartRow(new, number, 1, part.positions, part.requests, part.bytes, now)
        for number, part in enumerate(split(index.sizes(), max_requests=1), 1)
    ]
    job = BatchJobRow(
        new, "summarizer", MODEL, MODEL, desk.site.sandbox.url, scanned.digest, str(desk.file), parts, parts, now,
        token=token, content_digest=scanned.content_digest,
    )  # fmt: skip
    ledger.add([job, *rows])
    return ledger.job(new)


def test_only_what_failed_is_sent_again(each_desk: Desk) -> None:
    """Want of credit, invalid requests and expired ones; never what succeeded, and only when asked for."""
    desk = each_desk
    desk.plan({"r2": ["errored:out_of_credit"], "r4": ["errored:invalid_request_error"], "r5": ["expired"]})
    desk.write(6)
    job = desk.run(resends=0)
    assert (job.state, desk.run().state, desk.resume(job).state, desk.creates()) == ("finished",) * 3 + (1,)
    again = desk.resume(job, again=FAILED)
    assert desk.batches() == [[f"r{n}" for n in range(1, 7)], ["r2", "r4", "r5"]]
    assert (again.state, set(desk.outcomes().values())) == ("finished", {"succeeded"})
    assert desk.stats(again).outcomes == {"succeeded": 6}
    desk.resume(job, again=FAILED)
    assert desk.run().reopened == 1
    assert desk.creates() == 2


def test_refusals_are_sent_again_only_where_they_count_as_failed(desk: Desk) -> None:
    """With `--strict`."""
    desk.plan({"r1": ["succeeded:refusal"]})
    desk.write(2)
    job = desk.run()
    desk.resume(job, again=FAILED)
    assert desk.creates() == 1
    desk.resume(job, again=Again("failed", strict=True))
    assert desk.batches() == [["r1", "r2"], ["r1"]]
    assert desk.stats(desk.jobs()[0]).stop_reasons == {"end_turn": 2}


def test_what_fails_again_can_be_asked_for_again(desk: Desk) -> None:
    """Each time is a round of its own, with resends of its own for what passes."""
    desk.plan({"r1": ["errored:invalid_request_error", "errored:overloaded_error", "errored:invalid_request_error"]})
    desk.write(2)
    job = desk.run()
    desk.resume(job, again=FAILED)
    assert desk.outcomes()["r1"] == "errored:invalid_request_error"
    desk.resume(job, again=FAILED)
    assert desk.outcomes()["r1"] == "succeeded"
    assert desk.batches() == [["r1", "r2"], ["r1"], ["r1"], ["r1"]]


def test_what_was_canceled_here_is_not_sent_again(desk: Desk) -> None:
    """A job that somebody canceled stays so."""
    from modelgate.batches import operations

    desk.site.sandbox.configure(batch_seconds=3600)
    desk.write(2)
    job = desk.submit()
    operations.cancel(desk.site.world(), job.id)
    with pytest.raises(Refused, match="is canceled: nothing of it is sent again"):
        desk.resume(job, again=FAILED)
    assert desk.creates() == 1


def test_rows_that_are_missing_are_sent_again_by_that_word_alone(desk: Desk) -> None:
    """They may have succeeded: `failed` leaves them, `missing` sends them."""
    desk.plan({"r2": ["missing"], "r3": ["errored:invalid_request_error"]})
    desk.write(3)
    job = desk.run()
    desk.resume(job, again=MISSING)
    assert desk.batches() == [["r1", "r2", "r3"], ["r2"]]
    assert desk.outcomes() == {"r1": "succeeded", "r2": "succeeded", "r3": "errored:invalid_request_error"}


@pytest.mark.parametrize("collected", [False, True])
def test_a_deleted_batch_is_could_not_know(desk: Desk, collected: bool) -> None:
    """At once if it was collected before, else after an hour; its rows are sent again by `--only missing`."""
    desk.write(2)
    job = desk.run() if collected else desk.submit()
    desk.site.sandbox.reset()
    before = desk.site.clock.monotonic()
    with pytest.raises(CouldNotKnow, match="is not there: deleted") as told:
        desk.resume(job)
    assert "--only missing" in told.value.hint
    assert (desk.site.clock.monotonic() - before < 60) is collected
    desk.resume(job, again=MISSING)
    assert desk.outcomes() == {"r1": "succeeded", "r2": "succeeded"}
    assert desk.run().state == "finished"
    assert len(desk.batches()) == 1


def test_short_results_that_come_whole_later_count_as_what_they_are(desk: Desk) -> None:
    """Once their rows are there, the account has them."""
    import json

    desk.write(2)
    job = desk.submit()
    row = json.dumps({"custom_id": f"{job.row.token}-1", "result": {"type": "expired"}})
    desk.site.sandbox.fail_next(200, path=f"{CREATE}/*/results", method="GET", count=3, body=row)
    first = desk.run(resends=0)
    assert first.finished is not None
    assert first.finished.outcomes == {"expired": 1, "errored:no_result": 1}
    second = desk.run(resends=0)
    assert second.finished is not None
    assert second.finished.outcomes == {"succeeded": 2}


def test_a_batch_that_comes_and_goes_is_waited_for(desk: Desk) -> None:
    """404 at first, in progress, 404 again minutes later, ended, and results that are there at the second time."""
    desk.site.sandbox.configure(batch_polls=1)
    desk.write(2)
    job = desk.submit()
    one = f"{CREATE}/{job.parts[0].batch_id}"
    desk.site.sandbox.fail_next(404, count=12, path=one, method="GET")
    desk.site.sandbox.add_fault(status=404, count=8, skip=1, path=one, method="GET")
    desk.site.sandbox.fail_next(404, count=2, path=f"{one}/results", method="GET")
    desk.resume(job)
    assert desk.outcomes() == {"r1": "succeeded", "r2": "succeeded"}


def test_results_that_stay_away_end_the_command_after_an_hour(desk: Desk) -> None:
    """With what is known; the job can be gone on with."""
    desk.write(1)
    job = desk.submit()
    desk.site.sandbox.fail_next(404, count=None, path=f"{CREATE}/*/results", method="GET")
    before = desk.site.clock.monotonic()
    with pytest.raises(ApiProblem):
        desk.resume(job)
    assert 3000 < desk.site.clock.monotonic() - before < 4000
    desk.site.sandbox.lift_faults()
    desk.resume(job)
    assert desk.outcomes() == {"r1": "succeeded"}


def test_a_part_that_the_api_refuses_keeps_no_others_back(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Its rows are errored with the API's reason, the others' results are written, and the next run sends it."""
    job = job_of_parts(desk, 3)
    said = {"type": "invalid_request_error", "message": f"requests.0: {job.row.token}-2 is odd"}
    desk.site.sandbox.add_fault(status=400, method="POST", path=CREATE, skip=1, body={"type": "error", "error": said})
    ended = desk.run()
    assert desk.outcomes() == {"r1": "succeeded", "r2": "errored:invalid_request_error", "r3": "succeeded"}
    assert desk.rows()[1]["result"]["error"]["error"]["message"] == "requests.0: r2 is odd"
    assert "the API refused part 2: HTTP 400" in caplog.text
    assert (ended.state, desk.stats(ended).exit_code()) == ("sending", 1)
    assert desk.stats(ended).outcomes == {"succeeded": 2, "errored:invalid_request_error": 1}
    assert desk.run().state == "finished"
    assert desk.outcomes() == dict.fromkeys(["r1", "r2", "r3"], "succeeded")


def test_a_canceled_job_ends_though_a_part_was_refused(desk: Desk) -> None:
    """Nothing more of it is sent: its rows say why there is no answer."""
    from modelgate.batches import operations

    desk.write(2)
    desk.site.sandbox.fail_next(413, method="POST", path=CREATE)
    job = desk.run()
    operations.cancel(desk.site.world(), job.id)
    assert desk.run().finished is not None
    assert (set(desk.outcomes().values()), desk.creates()) == ({"errored:http_413"}, 1)


def test_more_batches_than_may_be_in_flight(each_desk: Desk) -> None:
    """Eight run at once; the ninth goes out when one has ended, and each request is sent once."""
    job_of_parts(each_desk, 11)
    submitted = each_desk.submit()
    assert (len(submitted.in_state("sent")), len(submitted.in_state("planned"))) == (8, 3)
    each_desk.run()
    assert sorted(each_desk.batches()) == sorted([f"r{n}"] for n in range(1, 12))
    assert list(each_desk.outcomes()) == [f"r{n}" for n in range(1, 12)]


def test_a_gate_that_cannot_be_asked_in_the_middle_is_waited_for(desk: Desk) -> None:
    """The second round of a job waits for the Models API; a command that begins does not."""
    desk.plan({"r1": ["expired"]})
    desk.write([request("r1"), request("r2")])
    job = desk.submit()
    desk.site.sandbox.add_fault(status=503, count=20, path="/v1/models*", headers={"x-should-retry": "false"})
    desk.resume(job)
    assert desk.outcomes() == {"r1": "succeeded", "r2": "succeeded"}
    desk.site.outage("/v1/models*")
    desk.write(1)
    with pytest.raises(CouldNotKnow):
        desk.run()
