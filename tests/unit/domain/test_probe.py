"""What a probe sends, and what its answers show."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from modelgate.domain.prices import Price
from modelgate.domain.probe import (
    Answered,
    Failed,
    Probed,
    acts_outside,
    cost,
    judge,
    least_max_tokens,
    to_count,
    to_send,
)
from modelgate.domain.problems import Problem

SAMPLE: dict[str, Any] = {
    "messages": [{"role": "user", "content": "Hello"}],
    "max_tokens": 32_000,
    "metadata": {"user_id": "u"},
    "thinking": {"type": "adaptive"},
    "betas": ["a"],
    "stream": False,
}
OUTAGE = Failed(Problem("api.unreachable", "no answer in time", "try again"))


def probed(*answers: Answered | Failed, limit: int | None = None, deprecated: bool = False) -> Probed:
    """The probe of one slot that got these answers."""
    return judge("grader", "claude-haiku-5", list(answers), live=False, limit=limit, deprecated=deprecated)


def test_a_count_takes_what_counting_takes() -> None:
    """Nothing of the sample but what count_tokens knows, and the ID that is probed."""
    assert to_count(SAMPLE, "claude-haiku-5") == {
        "model": "claude-haiku-5",
        "messages": SAMPLE["messages"],
        "thinking": {"type": "adaptive"},
    }


def test_a_message_costs_as_little_as_its_body_allows() -> None:
    """One token, streamed; all that is the API's is sent as it is, and what is the SDK's is not."""
    assert to_send(SAMPLE, "claude-haiku-5") == {
        "messages": SAMPLE["messages"],
        "metadata": {"user_id": "u"},
        "thinking": {"type": "adaptive"},
        "model": "claude-haiku-5",
        "max_tokens": 1,
        "stream": True,
    }


@pytest.mark.parametrize(
    ("thinking", "expected"),
    [(None, 1), ({"type": "enabled", "budget_tokens": 2048}, 2049), ({"budget_tokens": "many"}, 1), ("odd", 1)],
)
def test_a_budget_of_thinking_is_left_room_for(thinking: object, expected: int) -> None:
    """max_tokens has to be more than the budget."""
    assert least_max_tokens({"thinking": thinking}) == expected


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ({"tools": [{"name": "look_up", "input_schema": {}}, {"type": "custom", "name": "b"}]}, ""),
        ({"tools": [{"name": "a"}, {"type": "web_search_20260209", "name": "web_search"}]}, "tools[1]"),
        ({"tools": [{"type": "tool_of_tomorrow"}]}, "tools[0]"),
        ({"mcp_servers": [{"url": "https://a"}]}, "mcp_servers"),
        ({"container": "c"}, "container"),
        ({"tools": "odd"}, ""),
    ],
)
def test_what_acts_outside_is_told(sample: dict[str, Any], expected: str) -> None:
    """Server tools, MCP and containers do more than answer; a tool that nobody here knows is taken for one."""
    assert acts_outside(sample) == expected


def test_the_longest_request_is_told() -> None:
    """Of several requests that were counted, the one with most tokens."""
    found = probed(Answered(7), Answered(9, request_id="req_9"), Answered(8), limit=9)
    assert (found.verdict, found.input_tokens, found.request_id) == ("shown", 9, "req_9")


@pytest.mark.parametrize(
    ("answer", "check", "verdict"),
    [
        (Answered(11), "probe.too-long", "refused"),
        (Answered(1, 1, "claude-opus-5"), "probe.served-other", "refused"),
        (Failed(OUTAGE.problem, 400, "invalid_request_error"), "probe.refused", "refused"),
        (Failed(OUTAGE.problem, 403, "permission_error"), "probe.refused", "refused"),
        (Failed(OUTAGE.problem, 404, "not_found_error"), "probe.refused", "refused"),
        (Failed(OUTAGE.problem, 413, None), "probe.refused", "refused"),
        (Failed(Problem("api.untrusted-answer", "somebody else"), 404, None), "api.untrusted-answer", "unknown"),
        (Failed(Problem("api.rate-limited", "spend cap"), 429, "rate_limit_error"), "api.rate-limited", "unknown"),
        (OUTAGE, "api.unreachable", "unknown"),
    ],
)
def test_each_answer_shows_its_own(answer: Answered | Failed, check: str, verdict: str) -> None:
    """What comes again is a refusal; what may pass, and what the API itself did not say, is not known."""
    found = probed(answer, limit=10)
    assert (found.check, found.verdict) == (check, verdict)


def test_a_refusal_beats_what_is_not_known() -> None:
    """Of the requests of one sample, one definite no is enough."""
    refusal = Failed(OUTAGE.problem, 400, "invalid_request_error")
    assert [probed(OUTAGE, Answered(1), refusal).verdict, probed(OUTAGE, Answered(1)).verdict] == ["refused", "unknown"]


def test_a_deprecated_model_is_closed_to_new_adopters() -> None:
    """A model that the list holds and a message does not find has words of its own."""
    found = probed(Failed(OUTAGE.problem, 404, "not_found_error"), deprecated=True)
    assert found.message == "not found for this key: a deprecated model is closed to new adopters"


def test_what_is_not_known_proves_nothing() -> None:
    """An outage is no evidence, neither for nor against."""
    assert probed(OUTAGE).evidence("https://a", "") is None


def test_evidence_has_no_word_of_the_api_or_the_sample() -> None:
    """The API's own reason is shown and never recorded."""
    found = probed(Failed(OUTAGE.problem, 400, "invalid_request_error", "CANARY", "req_1"))
    row = found.evidence("https://a", "wrkspc_1")
    assert row is not None
    assert (row.outcome, row.status, row.error_type, row.request_id) == (
        "failed",
        400,
        "invalid_request_error",
        "req_1",
    )
    assert "CANARY" not in repr(row)


def test_cost_in_dollars() -> None:
    """Prices are per million tokens; without one nothing is made up."""
    assert cost(1_000_000, 1, Price(Decimal("1.5"), Decimal("7.5"))) == Decimal("1.5000075")
    assert cost(1, 1, None) is None
