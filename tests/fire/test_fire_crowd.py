"""A fleet that starts at once against an API that fails one request in three."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from commands import end, start
from scene import ALIASED, DATABASES, Place, reasons

from modelgate.domain.report import Report
from modelgate.sandbox import Sandbox

GATES, PROCESSES, AT_ONCE = 500, 10, 50


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("database", DATABASES)
def test_a_crowd_of_gates(database: str, place: Place, request: pytest.FixtureRequest) -> None:
    """Every gate passes, or could not know because of the API; each is in the store once, and the store is whole."""
    whole = request.config.getoption("--fire", default=False)
    gates, processes = (GATES - PROCESSES, PROCESSES) if whole else (38, 2)
    seconds = 120 if whole else 30
    with Sandbox() as sandbox:
        scene = place.scene(database, sandbox.url, ALIASED, deadline_seconds=seconds)
        before = scene.store().verify(scene.scope).rows
        sandbox.fail_fraction(1 / 3, seed=7)
        started = [start(scene.folder, scene.environ, "preflight", "-e", "prod") for _ in range(processes)]
        with ThreadPoolExecutor(AT_ONCE) as crowd:
            reports = list(crowd.map(lambda _: scene.run(), range(gates)))
        codes = [end(process).code for process in started]
    assert set(codes) <= {0, 3}
    for report in reports:
        assert (report.exit_code, _why(report)) in ((0, []), (3, ["api.unreachable"]))
        assert (report.finished_at - report.started_at).total_seconds() < seconds + 30
    verified = scene.store().verify(scene.scope)
    heads = {report.audit_head for report in reports}
    assert (verified.intact, len(heads), None in heads) == (True, gates, False)
    assert verified.rows > before + 3 * gates
    assert reports[0].models or reports[0].exit_code == 3


def _why(report: Report) -> list[str]:
    return sorted({finding.id for finding in reasons(report)})
