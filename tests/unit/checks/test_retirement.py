"""The days before a model retires: where each threshold begins, to the microsecond."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from check_scenes import DAY, Names, Scenes
from support.judgement_world import NOW

from modelgate.checks.judgement import judge
from modelgate.domain.settings import Policy, Verb

TICK = timedelta(microseconds=1)


def levels(left: timedelta, verb: Verb = "check", **policy: int) -> list[tuple[str, str]]:
    """What is said of a model that retires so long from now."""
    scene = Scenes(Names()).of_a(Policy(**policy), retires_at=NOW + left)  # type: ignore[arg-type]  # days alone
    findings = judge(replace(scene, verb=verb)).findings
    return [(finding.id, finding.level.value) for finding in findings]


SOON, OVERDUE = "catalogue.retires-soon", "catalogue.retirement-overdue"


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (91 * DAY, []),
        (91 * DAY - TICK, [(SOON, "warn")]),
        (90 * DAY, [(SOON, "warn")]),
        (15 * DAY, [(SOON, "warn")]),
        (15 * DAY - TICK, [(SOON, "refuse")]),
        (14 * DAY, [(SOON, "refuse")]),
        (TICK, [(SOON, "refuse")]),
        (0 * DAY, [(OVERDUE, "refuse")]),
        (-400 * DAY, [(OVERDUE, "refuse")]),
    ],
)
def test_a_threshold_includes_its_day(left: timedelta, said: list[tuple[str, str]]) -> None:
    """Days are whole and rounded down: 14 days and 23 hours are 14, which a threshold of 14 includes; overdue is 0."""
    assert levels(left) == said


def test_time_alone_does_not_keep_a_pod_from_starting() -> None:
    """What CI refuses is a warning at preflight."""
    assert levels(DAY, "preflight") == [(SOON, "warn")]
    assert levels(-DAY, "preflight") == [(OVERDUE, "warn")]


def test_a_threshold_of_no_days_refuses_on_the_last_day() -> None:
    """0 includes the last 24 hours and all that comes after."""
    assert levels(DAY, retires_warn_days=0, retires_refuse_days=0) == []
    assert levels(DAY - TICK, retires_warn_days=0, retires_refuse_days=0) == [(SOON, "refuse")]
    assert levels(-DAY, retires_warn_days=0, retires_refuse_days=0) == [(OVERDUE, "refuse")]
