"""Grace: how far old answers carry a deployment through an outage, and where they end. On both databases."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from commands import run
from scene import ALIASED, DATABASES, Place, Scene, reasons
from support.fault_server import ALIAS, CANONICAL, Fault, FaultServer, Wire, answer, error, healthy, model

from modelgate.domain.findings import Finding
from modelgate.domain.report import Report
from modelgate.gate.handoff import json_text

SECOND = "claude-second"
NOWHERE = "http://127.0.0.1:9"
DOWN = Fault("down", lambda wire: wire.send(answer(503, b"", x_should_retry="false")))
WORDS = re.compile(r"verified .*Z, good for ([0-9.]+) more hours")


def grace(report: Report, check: str) -> Finding:
    """The warning about grace of a report that passed."""
    assert report.exit_code == 0, report.findings
    (found,) = [finding for finding in report.findings if finding.id == check]
    return found


def hours_left(finding: Finding) -> float:
    """What its countdown says."""
    match = WORDS.fullmatch(finding.message)
    assert match, finding.message
    return float(match[1])


def verified(place: Place, database: str, base_url: str, **policy: object) -> Scene:
    """A scene with 4 hours of grace that has just passed, and an API that is down since."""
    scene = place.scene(database, base_url, ALIASED, deadline_seconds=4, grace_hours=4, **policy)
    assert scene.run().exit_code == 0
    scene.base_url = NOWHERE if not policy.get("fallback_file") else base_url
    return scene


@pytest.mark.parametrize("database", DATABASES)
def test_it_counts_down_is_never_renewed_and_ends(database: str, place: Place) -> None:
    """Four hours from the run that asked, however many runs pass on it, and then none does."""
    with FaultServer() as server:
        scene = verified(place, database, server.base_url, reuse_seconds=60)
        origin = scene.base_url
        server.fault = DOWN
        scene.base_url = server.base_url
        scene.clock.ahead = timedelta(minutes=2)
        assert hours_left(grace(scene.run(), "api.grace")) == pytest.approx(4.0, abs=0.15)
        for hour in (1, 2, 3):
            scene.clock.ahead = timedelta(hours=hour)
            assert hours_left(grace(scene.run(), "api.grace")) == pytest.approx(4.0 - hour, abs=0.15)
        scene.clock.ahead = timedelta(hours=4, minutes=1)
        over = scene.run()
    assert origin == NOWHERE
    assert (over.exit_code, [finding.id for finding in reasons(over)]) == (3, ["api.unreachable"])
    assert scene.is_whole()


@pytest.mark.parametrize("database", DATABASES)
def test_a_time_in_the_future_is_not_young(database: str, place: Place) -> None:
    """Facts of a clock that ran ahead stand in for nothing."""
    with FaultServer() as server:
        scene = verified(place, database, server.base_url)
        scene.base_url = server.base_url
        server.fault = DOWN
        scene.clock.ahead = -timedelta(hours=1)
        assert scene.run().exit_code == 3


@pytest.mark.parametrize("database", DATABASES)
def test_a_refusal_in_a_partial_answer_stays_one(database: str, place: Place) -> None:
    """One name cannot be asked for and stands on old facts; another is denied for certain: no old fact covers that."""

    def play(wire: Wire) -> None:
        if wire.request.target.endswith(SECOND):
            wire.send(answer(503, b"", x_should_retry="false") if denies else answer(200, model(CANONICAL)))
        else:
            wire.send(answer(404, error("not_found_error")) if denies else healthy(wire.request))

    denies: list[str] = []
    with FaultServer(Fault("partial", play), at="retrieve") as server:
        scene = place.scene(
            database, server.base_url, ALIASED | {"second": (SECOND, CANONICAL)}, deadline_seconds=4, grace_hours=4
        )
        assert scene.run().exit_code == 0
        denies.append(ALIAS)
        refused = scene.run()
    assert (refused.exit_code, [f.id for f in reasons(refused)]) == (1, ["catalogue.unknown-model"])
    assert "api.grace" in [finding.id for finding in refused.findings]


@pytest.mark.parametrize("database", DATABASES)
def test_status_shows_who_runs_on_grace(database: str, place: Place) -> None:
    """The last start was unverified: `status` says so, as text and as JSON."""
    with FaultServer() as server:
        scene = verified(place, database, server.base_url)
        scene.base_url = server.base_url
        server.fault = DOWN
        grace(scene.run(), "api.grace")
    told = run(scene.folder, scene.environ, "status", "-e", "prod")
    data = run(scene.folder, scene.environ, "status", "-e", "prod", "--format", "json")
    assert "it ran on grace" in told.out
    assert json.loads(data.out)["last_preflight"]["unverified"] is True


@pytest.mark.parametrize("database", DATABASES)
def test_an_unverified_rollback_starts_on_grace_alone_if_it_was_verified(database: str, place: Place) -> None:
    """In an outage: the rollback says that the gate will start it, and until when; it does, and then no more."""
    with FaultServer() as server:
        scene = verified(place, database, server.base_url)
        scene.base_url = server.base_url
        server.fault = DOWN
        command = ("rollback", "main", "--to", CANONICAL, "--unverified", "--yes", "--reason", "INC-42", "-e", "prod")
        held = run(scene.folder, scene.environ, *command)
        assert held.code == 0, held.printed
        assert "while the API is down the gate starts on what was verified before" in held.out
        assert "will pass" in held.out
        started = scene.run()
        assert started.models["main"] == CANONICAL
        grace(started, "api.grace")
        scene.clock.ahead = timedelta(hours=5)
        assert scene.run().exit_code == 3


@pytest.mark.parametrize("database", DATABASES)
def test_the_fallback_file_stands_in_for_the_store(database: str, place: Place, tmp_path: Path) -> None:
    """The store is away and the API is there: the file's pins start, counted down, until it is too old."""
    fallback = tmp_path / "pins.json"
    with FaultServer() as server:
        scene = verified(place, database, server.base_url, fallback_file=str(fallback))
        report = scene.run()
        fallback.write_text(json_text(report, f"{report.finished_at:%Y-%m-%dT%H:%M:%S.%fZ}"))
        scene.database_url = "postgresql://gate@127.0.0.1:9/audit"
        assert hours_left(grace(scene.run(), "store.grace")) == pytest.approx(4.0, abs=0.15)
        scene.clock.ahead = timedelta(hours=3)
        assert hours_left(grace(scene.run(), "store.grace")) == pytest.approx(1.0, abs=0.15)
        scene.clock.ahead = timedelta(hours=5)
        over = scene.run()
        assert (over.exit_code, [f.id for f in reasons(over)]) == (3, ["store.unreachable"])
        scene.clock.ahead = -timedelta(hours=1)
        assert scene.run().exit_code == 3
