"""Waiting for a pass: `preflight --wait` tries again until it passes or the time is up."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

from modelgate import gate
from modelgate.clock import Deadline
from modelgate.domain.findings import Verdict
from modelgate.domain.report import Report
from modelgate.judgement import Judgement
from modelgate.surroundings import Surroundings

PAUSE_SECONDS = (2.0, 5.0)
"""Between tries: a pod starts seconds after an accept. It never grows, as a back-off would keep pods waiting then."""

Signature = tuple[object, ...]


def preflight(world: Surroundings, wait: timedelta, progress: Callable[[Report], None] | None = None) -> Report:
    """Preflight, again and again while it does not pass and there is time. Only changes of verdict are recorded."""
    patience = Deadline.after(wait.total_seconds(), world.clock)
    seen: list[Signature] = []

    def is_news(judgement: Judgement) -> bool:
        news = not seen or seen[-1] != _signature(judgement)
        if news:
            seen.append(_signature(judgement))
        return news

    while True:
        report = gate.run(world, "preflight", gate.Options(worth_recording=is_news))
        pause = random.uniform(*PAUSE_SECONDS)  # noqa: S311 # jitter, not a secret
        if report.verdict is Verdict.PASS or not report.enforced or pause >= patience.remaining:
            return report
        if progress:
            progress(report)
        world.clock.sleep(pause)


def _signature(judgement: Judgement) -> Signature:
    found = tuple((f.id, f.level, f.slot, f.waived) for f in judgement.findings)
    return (judgement.verdict, tuple(view.hand_over for view in judgement.views), found)
