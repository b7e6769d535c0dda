"""The account: what answers are worth, what they cost, and why others failed; of one job and of many."""

from __future__ import annotations

import json
import logging
from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal

import pytest
from support.desk import MODEL, Desk, Told, request

from modelgate.batches import operations
from modelgate.batches.job import Job
from modelgate.batches.render_account import statistics_json, statistics_text, summary_json, summary_text
from modelgate.batches.results import Tokens, parse
from modelgate.batches.runner import Again
from modelgate.batches.statistics import cost, percentile, unpriced
from modelgate.batches.tally import Tally
from modelgate.domain.prices import Price
from modelgate.render.style import PLAIN

REFUSED_AND_CUT = {
    "r1": "succeeded:refusal",
    "r2": "succeeded:max_tokens",
    "r3": "succeeded:model_context_window_exceeded",
}


def test_a_refusal_and_an_answer_that_was_cut_are_no_plain_successes(each_desk: Desk) -> None:
    """Stop reasons are told, refusals and cut answers stand beside them, and only what is whole shares the cost."""
    each_desk.plan(REFUSED_AND_CUT)
    each_desk.write(5)
    stats = each_desk.stats(each_desk.run())
    told = statistics_json(stats)
    assert (told["succeeded"], told["refused"], told["cut"]) == (5, 1, 2)
    assert told["stop_reasons"] == {
        "end_turn": 2, "max_tokens": 1, "model_context_window_exceeded": 1, "refusal": 1,
    }  # fmt: skip
    assert stats.cost is not None
    assert stats.cost_per_success == stats.cost / 2
    assert (stats.exit_code(), stats.exit_code(strict=True)) == (0, 1)
    assert "(1 refused, 2 cut)" in statistics_text(stats, PLAIN)


def test_what_is_sent_again_counts_once_in_the_reasons(desk: Desk) -> None:
    """Stop reasons of a finished job are those of its rows."""
    desk.plan({"r1": ["errored:api_error", "succeeded:refusal"]})
    desk.write(2)
    assert desk.stats(desk.run()).stop_reasons == {"end_turn": 1, "refusal": 1}


def test_cached_tokens_have_prices_of_their_own() -> None:
    """Reads and writes of either time are priced; a kind that has no price is named and not made up."""
    usage = {
        "input_tokens": 10, "output_tokens": 20, "cache_read_input_tokens": 300, "cache_creation_input_tokens": 1000,
        "cache_creation": {"ephemeral_5m_input_tokens": 600, "ephemeral_1h_input_tokens": 400},
    }  # fmt: skip
    row = {"custom_id": "a", "result": {"type": "succeeded", "message": {"usage": usage, "stop_reason": "end_turn"}}}
    tokens = parse(json.dumps(row).encode()).tokens
    assert tokens == Tokens(10, 20, 300, 1000, 400)
    one = Decimal(1)
    assert cost(tokens, Price(one, one, 2 * one, 3 * one, 4 * one)) == Decimal(30 + 600 + 1800 + 1600) / 1_000_000
    assert cost(tokens, Price(one, one, cache_read=one)) == Decimal(330) / 1_000_000
    assert unpriced(tokens, Price(one, one, cache_read=one)) == ("cache_write_5m", "cache_write_1h")


def test_a_tally_is_read_by_every_version() -> None:
    """Older ones find the keys that they know, and no more of tokens; what they wrote is read."""
    tally = Tally({"succeeded": 1}, Tokens(1, 2, 3, 4, 5), {}, {"end_turn": 1})
    assert Tally.from_json(tally.to_json()) == tally
    assert set(json.loads(tally.to_json())["tokens"]) == {"input", "output", "cache_read", "cache_written"}
    older = '{"outcomes": {}, "tokens": {"input": 1, "output": 2, "cache_read": 3, "cache_written": 4}, "served": {}}'
    assert Tally.from_json(older).stop_reasons == {}
    assert asdict(Tally.from_json(older).tokens)["cache_written_1h"] == 0


def test_want_of_credit_is_told_as_that(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """A row that only its message tells of is a billing error, and is not sent again by itself."""
    desk.plan({"r2": "errored:out_of_credit"})
    desk.write(2)
    stats = desk.stats(desk.run())
    assert stats.outcomes == {"succeeded": 1, "errored:billing_error": 1}
    assert "errored:billing_error (out of credit)" in caplog.text
    assert desk.creates() == 1


def test_each_cause_is_one_line_of_the_log(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Reason, number and one example, with the fields of the batch; never a line a request."""
    caplog.set_level(logging.INFO, "modelgate")
    desk.plan({f"r{n}": "expired" for n in range(1, 6)} | {"r6": "errored:api_error", "r7": "missing"})
    desk.write(8)
    job = desk.run(resends=0)
    told = [
        vars(record) for record in caplog.records if hasattr(record, "failure_reason") and hasattr(record, "example")
    ]
    assert [(each["failure_reason"], each["requests"]) for each in told] == [
        ("expired", 5), ("api_error", 1), ("no_result", 1),
    ]  # fmt: skip
    assert told[0]["example"] == "r1"
    for each in told:
        assert (each["job_id"], each["slot"], each["model"]) == (job.id, "summarizer", MODEL)
        assert (each["part"], each["batch_id"]) == (1, job.parts[0].batch_id)
    creates = [vars(record) for record in caplog.records if getattr(record, "method", "") == "POST"]
    assert [each["requested_model"] for each in creates] == [MODEL]
    assert not any("secret prompt" in record.getMessage() for record in caplog.records)


def test_no_days_are_made_up_while_it_runs(desk: Desk) -> None:
    """Before a batch has ended nothing is said of how long results can be read."""
    desk.write(1)
    assert desk.stats(desk.submit()).results_expire_in_days is None


def test_the_account_of_a_running_job_has_the_api_s_counts(desk: Desk) -> None:
    """Where the API can be asked; otherwise it is what the ledger knows."""
    desk.site.sandbox.hold_batches()
    desk.write(3)
    job = desk.submit()
    told = operations.stats(desk.site.world(), job.id)
    assert [counts.processing for counts in told.running.values()] == [3]
    assert "0 of 3 have ended" in statistics_text(told, PLAIN)
    desk.site.sandbox.fail_next(403, count=None, path="/v1/messages/batches*")
    assert statistics_json(operations.stats(desk.site.world(), job.id))["parts"][0]["running"] is None


def test_percentiles_are_values_that_were_seen() -> None:
    """The nearest rank; nothing of nothing."""
    assert [percentile([1.0, 2.0, 3.0, 4.0], percent) for percent in (50, 95)] == [2.0, 4.0]
    assert percentile([7.0], 50) == 7.0
    assert percentile([], 95) is None


def test_jobs_are_summed_by_slot_model_and_day(each_desk: Desk) -> None:
    """All jobs of the environment since a time; what has no price is named, and no cost of one answer is made up."""
    desk = each_desk
    desk.plan({"r1": "succeeded:refusal", "r2": "errored:invalid_request_error"})
    desk.write(3)
    desk.run()
    desk.site.sandbox.set_outcomes()
    later = desk.site.clock.now() + timedelta(seconds=1)
    desk.site.clock.sleep(2 * 86400)
    desk.write([request("x"), request("y")])
    desk.run()
    world = desk.site.world()
    whole = summary_json(operations.summary(world, by="day"))
    assert (whole["total"]["jobs"], whole["total"]["requests"], whole["total"]["refused"]) == (2, 5, 1)
    assert whole["total"]["errored"] == {"invalid_request_error": 1}
    assert [group["jobs"] for group in whole["groups"]] == [1, 1]
    assert whole["total"]["wall_seconds"]["p95"] is not None
    assert whole["total"]["cost_usd"] == pytest.approx(sum(group["cost_usd"] for group in whole["groups"]), abs=1e-5)
    since = operations.summary(world, since=later, by="model")
    assert [(group.name, group.requests) for group in since.groups] == [(MODEL, 2)]
    desk.site.asks(summarizer=MODEL)
    without = operations.summary(desk.site.world(), by="slot")
    assert (without.whole.cost, without.whole.cost_per_success, without.whole.unpriced) == (None, None, {MODEL})
    assert f"no price known  {MODEL}" in summary_text(without, PLAIN)


class Counted(Told):
    """Keeps what the account says at every step of a job."""

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.seen: list[dict[str, int]] = []

    def moved(self, job: Job, requests_done: int) -> None:
        """Keeps it, once where nothing changed."""
        super().moved(job, requests_done)
        outcomes = dict(self.desk.stats(job).outcomes)
        if outcomes not in self.seen[-1:]:
            self.seen.append(outcomes)


def test_what_is_sent_again_counts_once_while_the_job_runs(desk: Desk) -> None:
    """By itself, as somebody asked for what failed, for refusals, or for what has no row: never more than there are."""
    desk.plan({
        "r1": ["errored:overloaded_error", "errored:invalid_request_error"],
        "r2": ["errored:out_of_credit"],
        "r3": ["succeeded:refusal", "succeeded:refusal"],
        "r4": ["missing"],
    })  # fmt: skip
    desk.write(6)
    desk.progress = counted = Counted(desk)
    job = desk.run()
    for again in (Again("failed"), Again("missing"), Again("failed", strict=True)):
        desk.resume(job, again=again)
    assert max(sum(outcomes.values()) for outcomes in counted.seen) == 6
    first, *later = counted.seen
    assert first == {}
    assert {"succeeded": 5, "errored:no_result": 1} in later
    assert desk.stats(desk.jobs()[0]).outcomes == {"succeeded": 6}
    assert desk.stats(desk.jobs()[0]).refused == 1
