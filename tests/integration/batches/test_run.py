"""`modelgate batch run`: from a file of requests to a file of results."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from support.desk import MODEL, Desk, request
from support.sites import NEW

from modelgate.batches import operations
from modelgate.batches.handed import BadRequests
from modelgate.batches.render import job_text
from modelgate.batches.render_account import statistics_text
from modelgate.batches.render_preview import preview_text
from modelgate.batches.taking import SHORT_READS
from modelgate.errors import CallFailed, CouldNotKnow, Refused, UsageError
from modelgate.render.style import PLAIN

CREATE = "/v1/messages/batches"


def test_every_request_gets_one_row_in_order(each_desk: Desk) -> None:
    """A plain run writes one row for each request, in the order of the file."""
    each_desk.write(20)
    job = each_desk.run()
    assert each_desk.outcomes() == {f"r{n}": "succeeded" for n in range(1, 21)}
    assert job.state == "finished"
    assert each_desk.batches() == [[f"r{n}" for n in range(1, 21)]]
    assert each_desk.progress.done[-1] == 20


def test_the_approved_id_is_filled_in(desk: Desk) -> None:
    """A request without a model, with the slot's reference or with its ID runs on the approved ID."""
    desk.site.sandbox.move_alias("my-alias", MODEL)
    desk.site.asks(summarizer="my-alias")
    desk.site.accept("summarizer")
    desk.write([request("none"), request("reference", model="my-alias"), request("id", model=MODEL)])
    desk.run()
    assert {row["result"]["message"]["model"] for row in desk.rows()} == {MODEL}


def test_a_finished_job_is_written_again_without_sending(desk: Desk) -> None:
    """The same run given again on a finished job writes the same results and sends nothing."""
    desk.write(3)
    first = desk.run()
    written = desk.out.read_bytes()
    desk.out.unlink()
    assert desk.run() == first
    assert desk.out.read_bytes() == written
    assert desk.creates() == 1


def test_a_finished_job_is_written_again_when_the_gate_would_refuse(desk: Desk) -> None:
    """Results that were paid for can be read although the slot may no longer run the model."""
    desk.write(3)
    desk.run()
    desk.site.sandbox.retire(MODEL)
    desk.out.unlink()
    desk.run()
    assert len(desk.rows()) == 3


def test_again_makes_a_new_job_only_of_a_finished_one(desk: Desk) -> None:
    """`--again` sends a finished file once more; on an unfinished job it goes on with that."""
    desk.write(2)
    submitted = desk.submit()
    finished = desk.run(again=True)
    assert finished.id == submitted.id
    second = desk.run(again=True)
    assert second.id != finished.id
    assert desk.creates() == 2


def test_submit_sends_and_resume_does_the_rest(each_desk: Desk) -> None:
    """A submitted job is collected later by its ID."""
    each_desk.write(5)
    job = each_desk.submit()
    assert (job.state, each_desk.out.exists()) == ("waiting", False)
    assert each_desk.resume(job).state == "finished"
    assert len(each_desk.rows()) == 5
    assert each_desk.creates() == 1


def test_resume_elsewhere_takes_the_file_where_it_is_now(desk: Desk) -> None:
    """On another machine the file of requests is named, and must be the one that was handed in."""
    desk.write(2)
    job = desk.submit()
    moved = desk.file.rename(desk.site.folder / "moved.jsonl")
    with pytest.raises(UsageError, match="No such file"):
        desk.resume(job)
    desk.write(3)
    with pytest.raises(UsageError, match="is not the file of"):
        desk.resume(job)
    desk.resume(job, path=moved)
    assert list(desk.outcomes()) == ["r1", "r2"]


def test_what_is_worth_it_is_sent_again(each_desk: Desk) -> None:
    """Expired, canceled by the far side and errored for a passing cause are sent again; an invalid request is not."""
    each_desk.plan({
        "r1": ["errored:overloaded_error"],
        "r2": ["expired", "errored:api_error"],
        "r3": "errored:invalid_request_error",
        "r4": ["canceled"],
        "r5": "errored:rate_limit_error",
    })  # fmt: skip
    each_desk.write(6)
    job = each_desk.run()
    assert each_desk.outcomes() == {
        "r1": "succeeded",
        "r2": "succeeded",
        "r3": "errored:invalid_request_error",
        "r4": "succeeded",
        "r5": "errored:rate_limit_error",
        "r6": "succeeded",
    }
    assert each_desk.batches() == [["r1", "r2", "r3", "r4", "r5", "r6"], ["r1", "r2", "r4", "r5"], ["r2", "r5"]]
    stats = each_desk.stats(job)
    assert stats.outcomes == {"succeeded": 4, "errored:invalid_request_error": 1, "errored:rate_limit_error": 1}
    assert (stats.resent, stats.unsuccessful) == (6, 2)


def test_without_resends_nothing_is_sent_again(desk: Desk) -> None:
    """`--resends 0` writes what there is."""
    desk.plan({"r1": ["expired"]})
    desk.write(2)
    desk.run(resends=0)
    assert desk.outcomes() == {"r1": "expired", "r2": "succeeded"}
    assert desk.creates() == 1


def test_a_request_without_a_result_is_an_error_that_names_it(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """A row that the results lack, however often they are read, becomes an errored row, and is not sent again."""
    desk.plan({"r2": "missing"})
    desk.write(3)
    desk.run()
    assert desk.outcomes() == {"r1": "succeeded", "r2": "errored:no_result", "r3": "succeeded"}
    assert caplog.text.count("reading them again") == SHORT_READS - 1
    assert "without a result for r2" in desk.rows()[1]["result"]["error"]["error"]["message"]
    assert desk.creates() == 1


def test_another_model_that_answered_is_a_finding(desk: Desk) -> None:
    """Answers of a model other than the pin are counted, and told as a finding."""
    desk.site.sandbox.serve_as(MODEL, "claude-haiku-4-5-20251001")
    desk.write(3)
    stats = desk.stats(desk.run())
    assert stats.served == {"claude-haiku-4-5-20251001": 3}
    assert [(f.id, f.level, f.slot) for f in stats.findings] == [("batch.served-other", "warn", "summarizer")]


def test_tokens_and_cost_are_what_the_results_say(desk: Desk) -> None:
    """Tokens are summed over the rows; the cost follows from the prices in the settings."""
    desk.write(4)
    stats = desk.stats(desk.run())
    usage = [row["result"]["message"]["usage"] for row in desk.rows()]
    tokens = sum(u["input_tokens"] for u in usage), sum(u["output_tokens"] for u in usage)
    assert (stats.tokens.input, stats.tokens.output) == tokens
    assert stats.cost == (tokens[0] * Decimal("1.5") + tokens[1] * Decimal("7.5")) / 1_000_000
    assert stats.results_expire_in_days == 28


def test_an_early_404_is_waited_out(desk: Desk) -> None:
    """A batch that cannot be seen for a moment after its creation is asked for again."""
    desk.site.sandbox.configure(not_found_polls=3)
    desk.write(2)
    desk.run()
    assert len(desk.rows()) == 2


def test_a_batch_that_is_gone_is_told(desk: Desk) -> None:
    """A batch that somebody deleted ends the command with its name, and loses nothing of the ledger."""
    desk.write(2)
    job = desk.submit()
    desk.site.sandbox.reset()
    before = desk.site.clock.monotonic()
    with pytest.raises(CouldNotKnow, match="is not there: deleted, or of another workspace"):
        desk.resume(job)
    assert 3600 <= desk.site.clock.monotonic() - before < 4000


def test_the_gate_refuses_before_anything_is_sent(desk: Desk) -> None:
    """A slot that the gate refuses refuses the batch, and no job is made."""
    desk.site.asks(summarizer=NEW)
    desk.write(2)
    with pytest.raises(Refused, match="summarizer"):
        desk.run()
    assert (desk.creates(), desk.jobs()) == (0, [])


def test_problems_are_told_all_at_once(desk: Desk) -> None:
    """Every problem of the file comes with its line, and nothing is sent."""
    lines = [request("a"), request("a"), request("b", temperature=1), request("c", max_tokens=10**9)]
    desk.file.write_text("".join(json.dumps(line) + "\n" for line in lines) + "{\n")
    with pytest.raises(BadRequests) as caught:
        desk.run()
    assert [(problem.line, problem.reason) for problem in caught.value.problems] == [
        (2, "custom_id 'a' stands on line 1 too"),
        (3, "params.temperature is refused by this API version"),
        (4, "params.max_tokens 1,000,000,000 is above the model's limit of 128,000"),
        (5, "not JSON: Expecting property name enclosed in double quotes: line 2 co…"),
    ]
    assert (caught.value.exit_code, desk.creates()) == (2, 0)


def test_a_model_that_cannot_do_the_job_is_a_problem(desk: Desk) -> None:
    """A pin without batches, and one that retires before a batch could end, are told with the requests' problems."""
    soon = datetime.now(UTC) + timedelta(hours=20)
    desk.site.sandbox.patch_model(
        MODEL,
        capabilities={"batch": {"supported": False}},
        lifecycle="deprecated",
        retires_at=soon.isoformat(timespec="seconds"),
    )
    desk.write([request("a", top_p=1)])
    with pytest.raises(BadRequests) as caught:
        desk.run()
    assert [problem.reason for problem in caught.value.problems] == [
        f"{MODEL} cannot be used in batches",
        f"{MODEL} retires on {soon:%Y-%m-%d}, before a batch could end",
        "params.top_p is refused by this API version",
    ]
    assert desk.creates() == 0


def test_a_dry_run_shows_the_split_and_sends_nothing(desk: Desk) -> None:
    """`--dry-run` tells parts, bytes and tokens, and records nothing."""
    desk.write(3)
    before = desk.site.store().head(desk.site.scope())
    plan = operations.preview(desk.site.world(), "summarizer", desk.file)
    assert [(part.positions, part.requests) for part in plan.parts] == [("1-3", 3)]
    assert plan.scan.max_output_tokens == 300
    assert desk.creates() == 0
    assert desk.site.store().head(desk.site.scope()) == before


def test_the_bytes_that_were_planned_are_sent(desk: Desk) -> None:
    """The body is exactly as long as the plan says, also for text that is not ASCII."""
    desk.file.write_bytes(
        b'{"custom_id":"a","params":{"max_tokens":1,"messages":[{"role":"user","content":"\\u00e4"}]}}\n\n'
        + json.dumps(request("b", system="größer 漢字"), ensure_ascii=False).encode()
    )
    job = desk.run()
    assert desk.outcomes() == {"a": "succeeded", "b": "succeeded"}
    assert job.parts[0].plan.bytes > 0


def test_a_spend_cap_stops_with_its_own_message(desk: Desk) -> None:
    """A spend cap is not waited for; later the same command goes on with the same job."""
    desk.write(2)
    desk.site.sandbox.spend_cap(method="POST", path=CREATE)
    with pytest.raises(CallFailed, match="spend cap is reached: waiting does not help"):
        desk.run()
    assert desk.creates() == 1
    desk.site.sandbox.lift_faults()
    desk.run()
    assert len(desk.rows()) == 2
    assert len(desk.batches()) == 1


def test_a_rate_limit_is_waited_for(desk: Desk) -> None:
    """A 429 with `retry-after` delays a create; it was not carried out, so it is sent again."""
    desk.site.sandbox.rate_limit_next(count=2, method="POST", path=CREATE)
    desk.write(2)
    desk.run()
    assert len(desk.batches()) == 1
    assert [part.attempt for part in desk.jobs()[0].parts] == [3]


def test_an_outage_while_waiting_is_waited_out(desk: Desk) -> None:
    """Failing answers between create and end do not lose the job."""
    desk.write(2)
    desk.site.sandbox.fail_next(503, count=5, method="GET", path=f"{CREATE}/*")
    desk.run()
    assert len(desk.rows()) == 2


def test_results_that_break_off_are_read_again(desk: Desk) -> None:
    """A download that ends early is repeated, and no row is lost or doubled."""
    desk.write(30)
    desk.site.sandbox.cut_next("before", count=2, method="GET", path=f"{CREATE}/*/results")
    desk.run()
    assert len(desk.outcomes()) == 30


def test_out_is_tried_before_anything_is_sent(desk: Desk) -> None:
    """Results that could not be written are a usage error at the start."""
    desk.write(1)
    with pytest.raises(UsageError, match="cannot write"):
        operations.run(
            desk.site.world(), "summarizer", desk.file, desk.site.folder / "no" / "folder.jsonl", desk.progress
        )
    assert desk.creates() == 0


def test_canceling_keeps_what_ended(desk: Desk) -> None:
    """A canceled job sends nothing more, and its results tell which requests were canceled."""
    desk.site.sandbox.configure(batch_seconds=3600)
    desk.write(3)
    job = desk.submit()
    canceled = operations.cancel(desk.site.world(), job.id)
    assert canceled.state == "canceled"
    desk.resume(job)
    assert desk.outcomes() == {"r1": "canceled", "r2": "canceled", "r3": "canceled"}
    assert desk.creates() == 1


def test_a_result_of_the_future_is_kept_and_told(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """A result type or an error type that this version does not know is written as it came, counted and logged."""
    desk.plan({"r1": "other:postponed", "r2": "errored:a_new_error"})
    desk.write(3)
    stats = desk.stats(desk.run())
    assert desk.outcomes() == {"r1": "postponed", "r2": "errored:a_new_error", "r3": "succeeded"}
    assert stats.outcomes == {"postponed": 1, "errored:a_new_error": 1, "succeeded": 1}
    assert desk.creates() == 1
    told = [record.getMessage().rpartition(": ")[2] for record in caplog.records if "does not know" in record.msg]
    assert sorted(told) == ["errored:a_new_error", "postponed"]


@pytest.mark.slow
def test_a_long_file_is_split(desk: Desk) -> None:
    """More requests than a batch holds go out as two batches, and come back as one file in order."""
    message = [{"role": "user", "content": "x"}]
    with desk.file.open("w") as file:
        for number in range(100_002):
            request = {"custom_id": f"r{number}", "params": {"max_tokens": 1, "messages": message}}
            file.write(json.dumps(request) + "\n")
    job = desk.run()
    assert [(part.plan.positions, part.plan.requests) for part in job.parts] == [
        ("1-100000", 100_000),
        ("100001-100002", 2),
    ]
    with desk.out.open() as results:
        assert all(f'"custom_id":"r{number}"' in row for number, row in enumerate(results))
    assert desk.stats(job).outcomes == {"succeeded": 100_002}


def test_an_api_that_cannot_be_asked_is_not_a_model_that_is_not_served(desk: Desk) -> None:
    """On grace the gate passes and the batch cannot be judged: could not know (3), never a definite no (1)."""
    desk.site.asks(summarizer=MODEL, policy={"grace_hours": 24})
    desk.site.preflight()
    desk.site.outage("/v1/models*")
    desk.write(1)
    with pytest.raises(CouldNotKnow, match="the API cannot serve: HTTP 503"):
        desk.run()
    assert desk.jobs() == []


def test_a_dry_run_says_what_would_become_of_the_job(desk: Desk) -> None:
    """A finished job would be written again, and nothing sent; with `--again` all would be sent."""
    desk.write(1)
    job = desk.run()
    world = desk.site.world()
    going_on = operations.preview(world, "summarizer", desk.file)
    assert f"{job.id} is finished: run would write its results and send nothing" in preview_text(going_on, None, PLAIN)
    assert operations.preview(world, "summarizer", desk.file, again=True).job is None


def test_paths_are_shown_harmless(desk: Desk) -> None:
    """Whoever named the file of requests does not write on the terminal of whoever looks at the job."""
    hostile = desk.site.folder / "\x1b[31mrequests.jsonl"
    desk.write(1)
    desk.file.rename(hostile)
    job = operations.submit(desk.site.world(), "summarizer", hostile, desk.progress)
    assert r"\x1b[31mrequests.jsonl" in job_text(job, PLAIN)


def test_results_that_are_gone_are_not_promised(desk: Desk) -> None:
    """After 29 days the account does not speak of days that are left."""
    desk.write(1)
    stats = desk.stats(desk.run())
    assert "can be read for 28 more days" in statistics_text(stats, PLAIN)
    assert "can no longer be read" in statistics_text(replace(stats, results_expire_in_days=-1), PLAIN)


@pytest.mark.parametrize("collected", [False, True])
def test_results_that_nobody_can_read_any_more_are_told(desk: Desk, collected: bool) -> None:
    """29 days after its creation a batch has no results: that is said, whether they were read before or not."""
    desk.write(1)
    job = desk.run() if collected else desk.submit()
    desk.site.sandbox.advance(30 * 86400)
    with pytest.raises(CouldNotKnow, match="can no longer be read: 29 days have passed"):
        desk.resume(job)


def test_a_file_of_another_format_is_told_in_one_line(desk: Desk) -> None:
    """UTF-16, as PowerShell's `>` writes it, and OpenAI's format are told as that, whatever their lines hold."""
    desk.write(2)
    desk.file.write_bytes(desk.file.read_text().encode("utf-16"))
    with pytest.raises(UsageError, match="is UTF-16") as told:
        desk.run()
    assert told.value.hint == "save it as UTF-8"
    desk.file.write_text('{"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": {}}\n' * 9)
    with pytest.raises(BadRequests) as foreign:
        desk.run()
    assert [problem.line for problem in foreign.value.problems] == [1]
    assert desk.batches() == []


def test_what_is_not_known_is_warned_of_once(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """A key of tomorrow is sent, and told once with the first line that has it."""
    desk.write([request(f"r{number}", tomorrow=1) for number in range(5)])
    desk.run()
    said = f"{desk.file}:1: params.tomorrow is not known here, and sent as it is"
    assert [record.getMessage() for record in caplog.records if "tomorrow" in record.getMessage()] == [said]
