"""What is meant for one origin reaches no other: keys, custom headers, bodies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands import run
from scene import ALIASED, LEFT_BEHIND, Place, Scene, reasons
from support.fault_server import CALLS, CANONICAL, Fault, FaultServer, Wire, answer

from modelgate.domain.errors import SettingsError
from modelgate.domain.findings import Level

REDIRECTS = (301, 302, 303, 307, 308)
BATCH = {
    "id": "msgbatch_1",
    "type": "message_batch",
    "processing_status": "ended",
    "request_counts": {"processing": 0, "succeeded": 1, "errored": 0, "canceled": 0, "expired": 0},
    "created_at": "2026-11-22T00:00:00Z",
    "expires_at": "2026-11-23T00:00:00Z",
    "ended_at": "2026-11-22T01:00:00Z",
    "archived_at": None,
    "cancel_initiated_at": None,
}


def more(scene: Scene, table: str) -> None:
    """Adds to the settings."""
    with (scene.config / "prod.toml").open("a") as file:
        file.write(f"\n{table}\n")


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.fault("origin")
def test_no_redirect_takes_anything_elsewhere(call: str, status: int, place: Place) -> None:
    """Whatever redirects, nothing arrives there: could not know."""
    with FaultServer() as elsewhere:
        trap = Fault(
            "trap", lambda wire: wire.send(answer(status, b"", location=elsewhere.base_url + wire.request.target))
        )
        with FaultServer(trap, at=call) as server:
            scene = place.scene("sqlite", server.base_url, LEFT_BEHIND if call == "retired" else ALIASED)
            report = scene.run()
        (finding,) = reasons(report)
        assert (report.exit_code, finding.id) == (3, "api.untrusted-answer")
        assert f"redirect ({status}) to {elsewhere.base_url}" in finding.message
        assert (elsewhere.connections, elsewhere.requests) == (0, [])


def _results_elsewhere(elsewhere: FaultServer) -> Fault:
    def play(wire: Wire) -> None:
        place = f"{elsewhere.base_url}/v1/messages/batches/msgbatch_1/results"
        wire.send(answer(200, BATCH | {"results_url": place}))

    return Fault("results elsewhere", play)


def _redirected(elsewhere: FaultServer) -> Fault:
    return Fault(
        "redirected", lambda wire: wire.send(answer(307, b"", location=elsewhere.base_url + wire.request.target))
    )


@pytest.mark.parametrize("lure", [_results_elsewhere, _redirected], ids=["results-url", "redirect"])
@pytest.mark.fault("origin")
def test_batches_stay_at_their_origin(lure: object, place: Place) -> None:
    """Neither the requests, nor the key for the results, go where an answer points."""
    with FaultServer() as elsewhere, FaultServer(lure(elsewhere), at="batches") as server:
        scene = place.scene("sqlite", server.base_url)
        (scene.folder / "requests.jsonl").write_text(
            json.dumps({"custom_id": "r1", "params": {"max_tokens": 9, "messages": [{"role": "user", "content": "x"}]}})
        )
        environ = scene.environ | {"ANTHROPIC_CUSTOM_HEADERS": "X-Gateway-Token: secret"}
        command = ("batch", "run", "requests.jsonl", "--slot", "main", "--out", "results.jsonl", "-e", "prod")
        ended = run(scene.folder, environ, *command)
        assert any("batches" in request.target for request in server.requests), ended.printed
        assert (elsewhere.connections, elsewhere.requests) == (0, [])
    assert ended.code == 3, ended.printed
    assert "Traceback" not in ended.printed
    assert not (scene.folder / "results.jsonl").exists()


@pytest.mark.parametrize("way", ["variable", "setting"])
def test_an_origin_that_is_not_approved_is_not_even_called(way: str, place: Place) -> None:
    """`api.origins` without this server: refused, and no connection is made."""
    with FaultServer() as server:
        scene = place.scene("sqlite", server.base_url)
        more(scene, '[api]\norigins = ["https://api.anthropic.com"]')
        if way == "setting":
            more(scene, f'base_url = "{server.base_url}"')
        report = scene.run()
        (finding,) = reasons(report)
        assert (report.exit_code, finding.id, finding.level) == (1, "api.origin-not-approved", Level.REFUSE)
        assert server.connections == 0


def test_an_origin_that_is_approved_passes(place: Place) -> None:
    """The server itself among `api.origins`: it is asked, and believed."""
    with FaultServer() as server:
        scene = place.scene("sqlite", server.base_url)
        more(scene, f'[api]\norigins = ["https://api.anthropic.com", "{server.base_url}"]')
        assert scene.run().exit_code == 0


def test_a_pin_of_another_origin_is_told(place: Place) -> None:
    """What was verified at one origin and is asked for at another: a warning that names the check."""
    with FaultServer() as first, FaultServer() as second:
        scene = place.scene("sqlite", first.base_url, {"main": (CANONICAL, CANONICAL)}, first_use="accept")
        scene.service += "-unpinned"
        scene.write()
        assert scene.run().exit_code == 0
        scene.base_url = second.base_url
        report = scene.run()
    assert (report.exit_code, [f.id for f in report.findings]) == (0, ["drift.origin-changed"])


@pytest.mark.parametrize("host", ["example.invalid", "10.255.255.1", "127.0.0.1.example.invalid"])
def test_no_plain_http_beyond_loopback(host: str, place: Place) -> None:
    """The key would be read by everybody on the way: wrong settings, before any connection."""
    scene = place.scene("sqlite", f"http://{host}")
    with pytest.raises(SettingsError, match="plain http"):
        scene.run()


def test_a_base_url_holds_no_password(place: Place, tmp_path: Path) -> None:
    """User and password in the base URL are refused, and not repeated."""
    scene = place.scene("sqlite", "http://ada:secret@127.0.0.1:9")
    ended = run(scene.folder, scene.environ, "check", "-e", "prod")
    assert (ended.code, "secret" in ended.printed) == (2, False)
