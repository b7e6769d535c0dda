"""The report of a run: exit codes, and what the library raises."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from modelgate.domain.errors import CouldNotKnow, Refused
from modelgate.domain.findings import Finding, Level, Verdict, verdict_of
from modelgate.domain.report import Report, SlotReport
from modelgate.domain.source import DEFAULT

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MOVED = Finding("drift.alias-moved", Level.REFUSE, "means b now; pinned: a", "modelgate accept", "summarizer")
WAIVED = Finding("drift.not-promoted", Level.REFUSE, "staging has not", "deploy it", "grader", waived=True)
OUTAGE = Finding("api.unreachable", Level.UNKNOWN, "connection refused", "try again")
DEPRECATED = Finding("catalogue.deprecated", Level.WARN, "a is deprecated", "plan the move", "summarizer")


def report(*findings: Finding, enforced: bool = True) -> Report:
    """A preflight with these findings."""
    verdict = verdict_of(findings)
    handed = "a" if verdict is Verdict.PASS and enforced else None
    slots = (SlotReport("summarizer", "a", DEFAULT, handed_off=handed), SlotReport("grader", "a", DEFAULT))
    return Report("preflight", "checkout", "prod", verdict, enforced, NOW, NOW, NOW, slots, findings)


@pytest.mark.parametrize(
    ("findings", "verdict", "code"),
    [
        ((), Verdict.PASS, 0),
        ((DEPRECATED, WAIVED), Verdict.PASS, 0),
        ((OUTAGE, DEPRECATED), Verdict.UNKNOWN, 3),
        ((OUTAGE, WAIVED), Verdict.UNKNOWN, 3),
        ((OUTAGE, MOVED), Verdict.REFUSE, 1),
    ],
)
def test_exit_codes(findings: tuple[Finding, ...], verdict: Verdict, code: int) -> None:
    """A definite refusal beats an unknown, what is waived does not count, and observing is always 0."""
    assert report(*findings).verdict is verdict
    assert report(*findings).exit_code == code
    assert report(*findings, enforced=False).exit_code == 0


def test_a_refusal_is_raised_with_what_decided_it() -> None:
    """The exception names the deciding findings and the first hint, nothing waived, and carries the exit code."""
    with pytest.raises(Refused, match=r"^checkout/prod: summarizer: means b now; pinned: a$") as raised:
        report(DEPRECATED, WAIVED, OUTAGE, MOVED).raise_for_refusal()
    assert (raised.value.hint, raised.value.exit_code) == ("modelgate accept", 1)


def test_an_unknown_is_raised_even_while_observing() -> None:
    """Could not know is an exception of its own, whether the policy enforces or not."""
    with pytest.raises(CouldNotKnow, match="checkout/prod: connection refused") as raised:
        report(DEPRECATED, OUTAGE, enforced=False).raise_for_refusal()
    assert raised.value.exit_code == 3


def test_a_pass_raises_nothing_and_tells_the_models() -> None:
    """Of a passing report the models are what was handed over, and only that."""
    passing = report(DEPRECATED)
    passing.raise_for_refusal()
    assert passing.models == {"summarizer": "a"}
    assert report(MOVED).models == {}
