"""How requests are made: side by side, over few connections, until the deadline and no longer."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from asked import ask_at
from support.fault_server import (
    ALIAS,
    ALIAS_ID,
    CANONICAL,
    Fault,
    FaultServer,
    Request,
    Wire,
    answer,
    error,
    healthy,
    model,
)
from support.faults import FAULTS

from modelgate.domain.catalogue import Outcome


def _once(condition: Callable[[], bool]) -> bool:
    """Whether the condition comes true within a minute."""
    for _ in range(6000):
        if condition():
            return True
        time.sleep(0.01)
    return False


def _count(server: FaultServer, call: str) -> int:
    return sum(request.call == call for request in server.requests)


def test_a_known_alias_is_asked_for_while_the_list_is_on_its_way() -> None:
    """The list is only answered once the alias has been asked for: one after the other would never end."""
    seen = []

    def play(wire: Wire) -> None:
        seen.append(_once(lambda: _count(server, "retrieve") == 1))
        wire.send(healthy(wire.request))

    server = FaultServer(Fault("patient list", play), at="list")
    with server:
        facts = ask_at(server.base_url, ALIAS, CANONICAL, known_aliases={ALIAS, "claude-not-asked-for"})
    assert seen == [True]
    assert facts.answers[ALIAS].id == ALIAS_ID
    assert facts.requests == 2


def test_many_aliases_are_one_round_trip() -> None:
    """Twenty names are asked for at once: none is answered before all have arrived."""
    names = [f"alias-{number}" for number in range(20)]

    def play(wire: Wire) -> None:
        assert _once(lambda: _count(server, "retrieve") == len(names))
        wire.answer(200, model(ALIAS_ID))

    server = FaultServer(Fault("patient aliases", play), at="retrieve")
    with server:
        facts = ask_at(server.base_url, *names)
    assert {answer.id for answer in facts.answers.values()} == {ALIAS_ID}
    assert facts.requests == 21


def test_a_connection_is_used_again() -> None:
    """The list, an alias and the list of retired models go over one connection."""
    with FaultServer() as server:
        facts = ask_at(server.base_url, ALIAS, CANONICAL)
        ask_at(server.base_url, "claude-typo")
    assert facts.requests == 2
    assert len(server.requests) == 5
    assert server.connections == 2


def test_the_requests_are_what_the_api_documents() -> None:
    """One page of a thousand, lifecycle[] for retired models among all others, names percent-encoded."""
    with FaultServer() as server:
        ask_at(server.base_url, "claude/odd?name")
    assert [request.target for request in server.requests] == [
        "/v1/models?limit=1000",
        "/v1/models/claude%2Fodd%3Fname",
        "/v1/models?limit=1000&lifecycle%5B%5D=active&lifecycle%5B%5D=deprecated&lifecycle%5B%5D=retired",
    ]
    assert {request.headers["accept-encoding"] for request in server.requests} == {"gzip"}


def _flaky(failures: list[bytes]) -> Callable[[Wire], None]:
    """Each failure once, then health."""

    def play(wire: Wire) -> None:
        wire.send(failures.pop(0) if failures else healthy(wire.request))

    return play


@pytest.mark.parametrize(
    "first",
    [
        answer(409, error("conflict_error")),
        answer(500, b"", retry_after_ms="20"),
        answer(529, error("overloaded_error"), retry_after="0"),
        answer(400, b"", x_should_retry="true"),
        b"",
        b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{",
    ],
)
def test_what_may_pass_is_tried_again(first: bytes) -> None:
    """A failure that may pass costs a request, not the run."""
    with FaultServer(Fault("flaky", _flaky([first])), at="list") as server:
        facts = ask_at(server.base_url, CANONICAL)
    assert facts.answers[CANONICAL].outcome is Outcome.RESOLVED
    assert facts.requests == len(server.requests) == 2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("503-retry-after-an-hour", "the API cannot serve: HTTP 503; asks to wait 3600 s, past the deadline"),
        ("429-retry-after-an-hour", "rate limited: HTTP 429; asks to wait 3600 s, past the deadline"),
        ("529-do-not-retry", "the API cannot serve: HTTP 529"),
        ("429-spend-cap", "the spend cap is reached: waiting does not help"),
        ("401-api", "the API refused the credentials: HTTP 401 authentication_error"),
    ],
)
def test_what_will_not_pass_is_told_at_once(name: str, message: str) -> None:
    """Neither a wish longer than the deadline nor a definite no is tried again."""
    with FaultServer(FAULTS[name]) as server:
        facts = ask_at(server.base_url, CANONICAL)
    assert facts.problem is not None
    assert facts.problem.message == message
    assert len(server.requests) == 1


def test_the_deadline_tells_the_last_cause() -> None:
    """An outage that outlasts the deadline is told as what it was, not as a timeout."""
    with FaultServer(FAULTS["529-api"]) as server:
        facts = ask_at(server.base_url, CANONICAL, seconds=3.0)
    assert facts.problem is not None
    assert facts.problem.message == "the API cannot serve: HTTP 529 overloaded_error"
    assert facts.requests == len(server.requests) >= 1


def test_no_time_at_all_is_no_request() -> None:
    """A deadline that has passed already sends nothing."""
    with FaultServer() as server:
        facts = ask_at(server.base_url, CANONICAL, seconds=0.0)
    assert facts.problem is not None
    assert (facts.problem.check, facts.problem.graceable) == ("api.unreachable", True)
    assert server.requests == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("fault", ["hang-before-headers", "drip-body", "503-bare"])
def test_a_signal_ends_a_waiting_gate(number: signal.Signals, fault: str) -> None:
    """The process ends by the signal while the API hangs, drips or fails: no thread holds it back."""
    program = (
        "import signal, sys; sys.path[:0] = sys.argv[2:]\n"
        "from modelgate.cli.start.by_name import open_by_name; open_by_name()\n"
        "from asked import ask_at\n"
        "for number in (signal.SIGINT, signal.SIGTERM): signal.signal(number, lambda n, _: sys.exit(128 + n))\n"
        "ask_at(sys.argv[1], 'claude-sonnet-4-6', seconds=600.0)\n"
    )
    with FaultServer(FAULTS[fault]) as server:
        command = [sys.executable, "-c", program, server.base_url, *[path for path in sys.path if path]]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as gate:
            assert _once(lambda: bool(server.requests))
            os.kill(gate.pid, number)
            out, err = gate.communicate(timeout=60)
    assert (gate.returncode, out, err) == (128 + number, b"", b"")


def test_only_the_api_that_was_asked_gets_the_key() -> None:
    """Every request carries the key, and none but the API's own paths is asked."""
    with FaultServer() as server:
        ask_at(server.base_url, ALIAS)
    sent: list[Request] = server.requests
    assert {request.headers["authorization"] for request in sent} == {"Bearer sk-ant-canary"}
    assert {request.method for request in sent} == {"GET"}
