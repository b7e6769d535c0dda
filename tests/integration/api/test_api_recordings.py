"""Recorded answers of the real API, replayed over a socket."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from asked import ask_at
from support.fault_server import Fault, FaultServer

from modelgate.domain.catalogue import Outcome

RECORDINGS = Path(__file__).parents[4] / "shared" / "api"
LISTS = sorted(RECORDINGS.glob("recordings/models_list__200__*[0-9].json"))
ERRORS = sorted(path for path in RECORDINGS.glob("errors/*.json") if not path.name.endswith(".meta.json"))
needs_recordings = pytest.mark.skipif(not LISTS, reason="the recordings are not beside this checkout")


def _replay(status: int, path: Path) -> Fault:
    body = path.read_bytes()
    return Fault(path.stem, lambda wire: wire.answer(status, body))


@needs_recordings
@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_a_recorded_list_is_believed(path: Path) -> None:
    """Lists of 2024 to 2026 are read; what they lack is unknown."""
    recorded = json.loads(path.read_text())
    if recorded["has_more"]:
        pytest.skip(reason="recorded as one page of several")
    ids = [entry["id"] for entry in recorded["data"]]
    with FaultServer(_replay(200, path)) as server:
        facts = ask_at(server.base_url, *ids)
    assert facts.problem is None
    assert {answer.outcome for answer in facts.answers.values()} == {Outcome.RESOLVED}
    assert list(facts.entries) == ids
    assert {entry.lifecycle for entry in facts.entries.values()} == {None}
    assert {entry.line_known for entry in facts.entries.values()} == {False}


@needs_recordings
def test_recorded_capabilities_are_read() -> None:
    """The nested capabilities of 2026 become dotted paths."""
    path = next(path for path in LISTS if "ellmer" in path.stem and b"capabilities" in path.read_bytes())
    with FaultServer(_replay(200, path)) as server:
        entry = ask_at(server.base_url, "claude-opus-5").entries["claude-opus-5"]
    assert entry.capabilities["thinking.types.adaptive"] is True
    assert entry.capabilities["thinking.types.enabled"] is False
    assert entry.capabilities["effort.high"] is True
    assert (entry.max_input_tokens, entry.max_tokens) == (1_000_000, 128_000)


EXPECTED = {
    403: "api.credentials",
    404: "api.untrusted-answer",
    413: "api.untrusted-answer",
    429: "api.rate-limited",
    500: "api.unreachable",
    529: "api.unreachable",
}


@needs_recordings
@pytest.mark.parametrize("path", ERRORS, ids=lambda path: path.stem)
def test_a_recorded_error_is_told_rightly(path: Path) -> None:
    """Each recorded error body is a problem with its request ID."""
    status = int(path.name[:3])
    with FaultServer(_replay(status, path)) as server:
        problem = ask_at(server.base_url, "claude-opus-5", seconds=1.5).problem
    assert problem is not None
    assert problem.check == EXPECTED[status]
    assert problem.request_id is not None
