"""Which proofs an approval lacks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from modelgate.domain.evidence import Evidence, EvidenceRow, Subject, lacking

NOW = datetime(2026, 11, 26, tzinfo=UTC)
ROW = EvidenceRow("grader", "claude-haiku-5", "quality", "passed", "https://api.anthropic.com")
SUBJECT = Subject("grader", "claude-haiku-5", "https://api.anthropic.com")


def proof(days_ago: float = 1, **row: object) -> Evidence:
    """Evidence about the subject, so many days old."""
    return Evidence(replace(ROW, **row), NOW - timedelta(days=days_ago), "ann@ci")  # type: ignore[arg-type]  # of any


def kinds(needs: tuple[str, ...], *evidence: Evidence, days: float = 30) -> list[tuple[str, str]]:
    """Check ID and need of each lack."""
    return [(lack.check, lack.need) for lack in lacking(needs, SUBJECT, evidence, days=days, now=NOW)]


def test_a_passed_proof_of_that_very_id_is_enough() -> None:
    """Nothing is lacking where each need has its young, passed proof."""
    assert kinds(("quality", "probe"), proof(), proof(suite="probe")) == []


def test_nothing_is_lacking_where_nothing_is_needed() -> None:
    """Without needs there is nothing to prove."""
    assert kinds(()) == []


@pytest.mark.parametrize(
    "other",
    [
        {"slot": "summarizer"},
        {"model_id": "claude-haiku-4-5-20251001"},
        {"origin": "https://gateway.example"},
        {"workspace_id": "wrkspc_1"},
        {"suite": "speed"},
    ],
)
def test_a_proof_of_something_else_counts_for_nothing(other: dict[str, object]) -> None:
    """Another slot, ID, origin, workspace or suite proves nothing here."""
    assert kinds(("quality",), proof(**other)) == [("evidence.missing", "quality")]


def test_a_proof_grows_old() -> None:
    """A proof is good for so many days and that very instant, not longer."""
    assert kinds(("quality",), proof(30)) == []
    assert kinds(("quality",), proof(30.001)) == [("evidence.stale", "quality")]


def test_the_newest_proof_counts() -> None:
    """A failure after a pass is a failure; a pass after a failure is a pass."""
    assert kinds(("quality",), proof(2), proof(1, outcome="failed")) == [("evidence.failed", "quality")]
    assert kinds(("quality",), proof(1), proof(2, outcome="failed")) == []


def test_a_live_probe_is_a_probe_and_not_the_other_way_round() -> None:
    """Whoever answered a message has counted its tokens, too."""
    assert kinds(("probe",), proof(suite="probe-live")) == []
    assert kinds(("probe-live",), proof(suite="probe")) == [("evidence.missing", "probe-live")]


def test_a_proof_of_a_clock_ahead_is_young() -> None:
    """The store's time may be a moment ahead of ours: that makes no proof old."""
    assert kinds(("quality",), proof(-0.01)) == []
