"""Every failure of the API, at every call the gate makes, on both databases, for both verbs: 3, with the cause."""

from __future__ import annotations

from itertools import product

import pytest
from scene import DATABASES, SLOTS, VERBS, Place, reasons
from support.fault_server import REQUEST_ID
from support.faults import FAULTS, Fault, FaultServer

from modelgate.api import import_sdk
from modelgate.domain.findings import Level, Verdict
from modelgate.domain.settings import Verb

PATIENCE = 1.5
"""Seconds of deadline where the gate tries until it passes."""
HANGING = 10.0
"""Seconds past the deadline after which a run counts as hanging; what is late by less is a slow machine."""


def _matrix() -> list[object]:
    """Every fault at every call, on every database, for every verb. The bounded part has each fault once, somewhere."""
    params = []
    for number, (name, fault) in enumerate(FAULTS.items()):
        everywhere = list(product(fault.calls, DATABASES, VERBS))
        chosen = number * 5 % len(everywhere)
        for position, (call, database, verb) in enumerate(everywhere):
            marks = [pytest.mark.fault("API, at a call")] + ([] if position == chosen else [pytest.mark.whole])
            params.append(pytest.param(fault, call, database, verb, marks=marks, id=f"{name}-{call}-{database}-{verb}"))
    return params


@pytest.fixture(autouse=True, scope="module")
def _imported() -> None:
    """The SDK's import is not what these deadlines measure."""
    import_sdk()


@pytest.mark.parametrize(("fault", "call", "database", "verb"), _matrix())
def test_a_fault_of_the_api_is_could_not_know(fault: Fault, call: str, database: str, verb: Verb, place: Place) -> None:
    """Exit code 3 with one finding that names the cause and the request; recorded, and nothing is handed over."""
    seconds = PATIENCE if fault.lasting else 30.0
    with FaultServer(fault, at=call) as server:
        scene = place.scene(database, server.base_url, SLOTS[call], deadline_seconds=seconds)
        report = scene.run(verb)
    assert (report.exit_code, report.verdict, report.models) == (3, Verdict.UNKNOWN, {})
    (finding,) = reasons(report)
    assert (finding.id, finding.level) == (fault.check, Level.UNKNOWN)
    assert (f"({REQUEST_ID})" in finding.message) == fault.request_id
    assert 0 < len(finding.message) < 80
    assert finding.hint
    assert (report.finished_at - report.started_at).total_seconds() < seconds + HANGING
    assert report.audit_head is not None
    assert scene.is_whole()
