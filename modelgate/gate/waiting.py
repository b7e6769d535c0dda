"""Waiting for a pass: `preflight --wait` tries again until it passes or the time is up."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from modelgate.clock import Deadline
from modelgate.domain.findings import Verdict
from modelgate.domain.report import Report
from modelgate.gate.context import Context
from modelgate.gate.handoff import HandOver
from modelgate.gate.run import Options, run_gate

PAUSE_SECONDS = (2.0, 5.0)
"""Between tries: a pod starts seconds after an accept. It never grows, as a back-off would keep pods waiting then."""


def preflight(
    context: Context,
    wait: timedelta,
    progress: Callable[[Report], None] | None = None,
    hand_over: HandOver | None = None,
) -> Report:
    """Preflight, again and again while it does not pass and there is time. Only changes of verdict are recorded.

    Raises UsageError where a pass could not hand over.
    """
    patience = Deadline.after(wait.total_seconds(), context.clock)
    recorded: Report | None = None
    while True:
        report = run_gate(context, "preflight", Options(before=recorded, hand_over=hand_over))
        recorded = report if report.run_id else recorded
        if report.verdict is Verdict.PASS or not report.enforced or not patience.remaining:
            return report
        if progress:
            progress(report)
        pause = random.uniform(*PAUSE_SECONDS)  # noqa: S311 # jitter, not a secret
        context.clock.sleep(min(pause, patience.remaining))
