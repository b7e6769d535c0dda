"""Starting and stopping sandboxes: in a thread, as a whole process, and by the pytest fixtures."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping

import anthropic
import pytest
from anthropic import Anthropic
from freezegun import freeze_time

from modelgate.domain.errors import UsageError
from modelgate.sandbox import Sandbox, SandboxControl
from modelgate.sandbox.server import API_KEY

SERVE = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a test run in the background would leave ignored
from modelgate.sandbox import serve
serve(0)
"""


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    """A process that serves a sandbox and nothing else."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as run:
        yield run
        run.kill()


@pytest.mark.parametrize("port", [-1, 65_536])
def test_no_port_is_an_error(port: int) -> None:
    """A number that is no port is wrong usage."""
    with pytest.raises(UsageError, match="cannot listen"):
        Sandbox(port)


def test_a_taken_port_is_an_error(modelgate_sandbox: Sandbox) -> None:
    """A sandbox does not share a port."""
    with pytest.raises(UsageError, match="in use"):
        Sandbox(int(modelgate_sandbox.url.rsplit(":", 1)[1]))


def test_a_stopped_sandbox_answers_no_more() -> None:
    """Leaving the with block closes the port, at once, even under a request that hangs."""
    with Sandbox() as sandbox:
        sandbox.configure(latency_ms=60_000)
        address = ("127.0.0.1", int(sandbox.url.rsplit(":", 1)[1]))
        hanging = socket.create_connection(address)
        hanging.sendall(b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n")
        while not sandbox.requests():
            pass
    with hanging:
        assert hanging.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address)


def test_sandboxes_run_side_by_side(modelgate_sandbox: Sandbox) -> None:
    """Two sandboxes in one process share nothing."""
    with Sandbox() as other, Anthropic(base_url=other.url, api_key="any", max_retries=0) as client:
        modelgate_sandbox.retire("claude-opus-5")
        assert client.models.retrieve("claude-opus-5").lifecycle == "active"


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_serve_says_how_to_use_it_and_ends_quietly(process: subprocess.Popen[str], stop: signal.Signals) -> None:
    """The command prints the URL and two variables, is driven from elsewhere, and dies of the signal without a log."""
    assert process.stdout is not None
    announced = [process.stdout.readline().strip() for _ in range(3)]
    url = announced[1].removeprefix("export ANTHROPIC_BASE_URL=")
    assert url in announced[0]
    assert announced[2] == f"export ANTHROPIC_API_KEY={API_KEY}"
    SandboxControl(url).move_alias("claude-new", "claude-opus-5")
    with Anthropic(base_url=url, api_key="any", max_retries=0) as client:
        assert client.models.retrieve("claude-new").id == "claude-opus-5"
        process.send_signal(stop)
        rest, errors = process.communicate(timeout=20)
        with pytest.raises(anthropic.APIConnectionError):
            client.models.list()
    assert rest == ""
    assert process.returncode in (-stop, 128 + stop, 1)
    assert errors == "" or errors.rstrip().endswith("KeyboardInterrupt")


def test_the_fixture_sets_the_sdk_up(modelgate_sandbox: Sandbox) -> None:
    """An application's own client finds the sandbox by the environment."""
    with Anthropic() as client:
        assert str(client.base_url).rstrip("/") == modelgate_sandbox.url
        assert client.models.retrieve("claude-haiku-4-5").id == "claude-haiku-4-5-20251001"


def test_pins_are_handed_over_by_variables(
    modelgate_pins: Callable[[Mapping[str, str]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exactly the given slots are set, and a pins file is out of the way."""
    monkeypatch.setenv("MODELGATE_PINS_FILE", "/nowhere")
    monkeypatch.setenv("MODELGATE_MODEL_OTHER", "claude-opus-5")
    modelgate_pins({"summarizer": "claude-sonnet-4-6"})
    ours = {
        name: value for name, value in os.environ.items() if name.startswith(("MODELGATE_MODEL_", "MODELGATE_PINS"))
    }
    assert ours == {"MODELGATE_MODEL_SUMMARIZER": "claude-sonnet-4-6"}


def test_the_plugin_imports_no_server() -> None:
    """A test run that does not use the sandbox does not pay for it."""
    heavy = "{'uvicorn', 'starlette', 'anthropic', 'sqlalchemy', 'pydantic'}"
    code = f"import sys, modelgate.sandbox.pytest_plugin; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


def test_a_sandbox_lives_in_frozen_time() -> None:
    """With the process's clock frozen a sandbox starts, answers by that clock, and stops."""
    with freeze_time("2031-05-01T12:00:00Z"), Sandbox() as sandbox:
        assert sandbox.state()["now"] == "2031-05-01T12:00:00+00:00"
        (deprecated,) = [model for model in sandbox.state()["models"] if model["lifecycle"] == "deprecated"]
        sandbox.advance(60)
        assert sandbox.state()["now"] == "2031-05-01T12:01:00+00:00"
    assert deprecated["retires_at"] == "2031-11-17T00:00:00Z"
