"""A deployment as it happens: the manifests' own command lines, an application behind them, and people."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import manifests
from support.commands import in_process

from modelgate.sandbox.server import API_KEY, Sandbox

GATE = str(Path(sys.executable).with_name("modelgate"))
ALIAS, OLD, NEW = "claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "claude-sonnet-4-5-20261101"
APPLICATION = [sys.executable, "-c", "from modelgate import pinned; print(pinned()['summarizer'])"]


@dataclass
class Pod:
    """One pod of deploy/kubernetes/deployment.yaml: its init container, its application, the volume between them."""

    folder: Path
    environ: dict[str, str]

    def gate(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command to its end, in this process; those that are waited for or signalled have one of their own."""
        return in_process(*arguments, folder=self.folder.parent, environ=self.environ)

    def init_arguments(self, *, wait: bool) -> list[str]:
        """What the manifest's init container runs, with its volume in this pod's folder."""
        lines = dict(manifests.command_lines())
        arguments = lines["deployment.yaml: Deployment: modelgate"]
        arguments = [word.replace("/run/modelgate", str(self.folder)) for word in arguments]
        return arguments if wait else arguments[: arguments.index("--wait")]

    def start(self) -> tuple[int, str]:
        """The init container's exit code, and what the application prints: the kubelet starts it only after a 0."""
        init = self.gate(*self.init_arguments(wait=False))
        if init.returncode:
            return init.returncode, ""
        environ = {"MODELGATE_PINS_FILE": str(self.folder / "pins.json")}
        done = subprocess.run(APPLICATION, env=environ, capture_output=True, text=True, check=True, timeout=120)
        return 0, done.stdout.strip()

    def last_run(self) -> str:
        """The run ID of a check, as the hint of its refusal names it."""
        return str(json.loads(self.gate("check", "-e", "prod", "--format", "json").stdout)["run_id"])


@pytest.fixture
def pod(tmp_path: Path, modelgate_sandbox: Sandbox, request: pytest.FixtureRequest) -> Pod:
    """A pod whose old ID was approved before the alias moved to a new one; on SQLite, unless a test asks for more."""
    settings, volume = tmp_path / "config", tmp_path / "volume"
    settings.mkdir()
    volume.mkdir()
    (settings / "prod.toml").write_text(f'service = "checkout"\n[slots.summarizer]\nmodel = "{ALIAS}"\n')
    environ = {
        "PATH": os.environ["PATH"],
        "ANTHROPIC_BASE_URL": modelgate_sandbox.url,
        "ANTHROPIC_API_KEY": API_KEY,
        "MODELGATE_CONFIG_DIR": str(settings),
        "MODELGATE_DATABASE_URL": request.getfixturevalue(getattr(request, "param", "sqlite_url")),
    }
    pod = Pod(volume, environ)
    assert pod.gate("accept", "--all", "-e", "prod", "--reason", "what we run").returncode == 0
    assert pod.start() == (0, OLD)
    modelgate_sandbox.add_model(NEW, like=OLD)
    modelgate_sandbox.move_alias(ALIAS, NEW)
    (volume / "pins.json").unlink()  # each pod has a new, empty volume
    return pod


@pytest.mark.parametrize("pod", ["sqlite_url", "postgresql_url"], indirect=True)
def test_refused_then_accepted_then_rolled_back(pod: Pod) -> None:
    """A moved alias: no start, no file; after `accept --run` the new ID; after `rollback` the old one, and it stays."""
    assert (pod.start(), list(pod.folder.iterdir())) == ((1, ""), [])

    accept = ["accept", "--run", pod.last_run(), "-e", "prod", "--reason", "evaluated"]
    assert pod.gate(*accept).returncode == 0
    assert pod.start() == (0, NEW)

    rollback = ["rollback", "summarizer", "-e", "prod", "--reason", "INC-42", "--yes"]
    assert pod.gate(*rollback).returncode == 0
    assert [pod.start(), pod.start()] == [(0, OLD), (0, OLD)]


def test_a_waiting_pod_starts_by_itself_after_the_approval(pod: Pod) -> None:
    """The init container with `--wait` is still there after a refusal, and ends well once somebody approves."""
    command = [GATE, *pod.init_arguments(wait=True)]
    with subprocess.Popen(command, env=pod.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as init:
        assert init.stderr is not None
        assert init.stderr.readline() == "waiting: REFUSE drift.alias-moved summarizer\n"
        assert list(pod.folder.iterdir()) == []
        assert pod.gate("accept", "--all", "-e", "prod", "--reason", "evaluated").returncode == 0
        assert init.wait(timeout=60) == 0
    assert json.loads((pod.folder / "pins.json").read_text())["models"]["summarizer"]["id"] == NEW


def test_a_waiting_pod_that_is_taken_away_leaves_nothing(pod: Pod) -> None:
    """SIGTERM while it waits: 143, no file, no traceback."""
    command = [GATE, *pod.init_arguments(wait=True)]
    with subprocess.Popen(command, env=pod.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as init:
        assert init.stderr is not None
        init.stderr.readline()
        init.send_signal(signal.SIGTERM)
        assert (init.wait(timeout=60), list(pod.folder.iterdir())) == (143, [])
        assert "Traceback" not in init.stderr.read()


def test_as_an_entrypoint_a_refusal_starts_nothing(pod: Pod, tmp_path: Path) -> None:
    """With `-- CMD`: refused, CMD never runs and nothing is on standard output; approved, it is CMD's process."""
    trace = tmp_path / "started"
    script = f"touch {shlex.quote(str(trace))}; echo $$ $MODELGATE_MODEL_SUMMARIZER; kill -TERM $$"
    entrypoint = [GATE, "preflight", "-e", "prod", "--", "sh", "-c", script]
    refused = subprocess.run(entrypoint, env=pod.environ, capture_output=True, text=True, check=False, timeout=120)
    assert (refused.returncode, refused.stdout, trace.exists()) == (1, "", False)

    assert pod.gate("accept", "--all", "-e", "prod", "--reason", "evaluated").returncode == 0
    with subprocess.Popen(
        entrypoint, env=pod.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as app:
        output, _ = app.communicate(timeout=120)
        assert (output, app.returncode) == (f"{app.pid} {NEW}\n", -signal.SIGTERM)
