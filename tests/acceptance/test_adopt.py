"""docs/adopt.md, line by line, with real FastAPI applications of the two kinds that it shows."""

from __future__ import annotations

import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from modelgate.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adopt.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent
SECONDS = 90


STEPS, SHORT_WAY = PAGE.split("\n## In one pull request\n")


def blocks(text: str) -> Iterator[tuple[str, str]]:
    """Language and text of the blocks, in order."""
    yield from re.findall(r"^```(\w+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@dataclass
class Reader:
    """Somebody who does what the page says, in an empty folder."""

    folder: Path
    environ: dict[str, str]
    served: list[str] = field(default_factory=list)

    def write(self, text: str) -> None:
        """A file, named in the first line of its block."""
        name = text.splitlines()[0].removeprefix("# ")
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def type(self, line: str) -> None:
        """One line, as a shell takes it; its comment says what is to be seen, if it is not an exit code of 0."""
        command, _, told = (part.strip() for part in line.partition("#"))
        if command.startswith("export "):
            name, _, value = command.removeprefix("export ").partition("=")
            self.environ[name] = value
        elif told.startswith("GET /models: "):
            self.serve(command, told.removeprefix("GET /models: "))
        else:
            expected = int(told.removeprefix("exit ")) if told.startswith("exit ") else 0
            done = self.run(shlex.split(command))
            assert done.returncode == expected, f"{line}\n{done.stdout}{done.stderr}"
            if told.startswith("prints "):
                self.served.append(told)
                assert done.stdout.strip() == told.removeprefix("prints "), done.stderr

    def run(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        """A command of its own process."""
        return subprocess.run(
            words, cwd=self.folder, env=self.environ, capture_output=True, text=True, timeout=SECONDS, check=False
        )

    def serve(self, command: str, expected: str) -> None:
        """Starts the application behind the gate, asks it which models it runs, and stops it."""
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        words = shlex.split(command.replace("8000", str(port)))
        with subprocess.Popen(words, cwd=self.folder, env=self.environ, stderr=subprocess.PIPE, text=True) as started:
            try:
                found = _ask(f"http://127.0.0.1:{port}/models", started)
            finally:
                started.terminate()
                said = started.communicate(timeout=SECONDS)[1]
        assert found == json.loads(expected), f"{command}\n{said}"
        self.served.append(expected)


def _ask(url: str, started: subprocess.Popen[str]) -> object:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and started.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return json.load(answer)
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.2)
    return None


@pytest.fixture
def reader(tmp_path: Path, modelgate_sandbox: Sandbox) -> Reader:
    """With the SDK's credentials, and `modelgate_pins` as the page installs it."""
    environ = {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT / "pins"),
        "ANTHROPIC_BASE_URL": modelgate_sandbox.url,
        "ANTHROPIC_API_KEY": "sandbox-key",
    }
    return Reader(tmp_path, environ)


def test_whoever_follows_the_page_gets_there(reader: Reader) -> None:
    """From observing to a release: every line works, and the application runs what the page says."""
    for language, text in blocks(STEPS):
        if language == "sh":
            for line in text.splitlines():
                reader.type(line)
        else:
            reader.write(text)
    assert len(reader.served) == 7


def test_a_fresh_clone_is_gated_by_init_two_edits_and_one_pull_request(
    reader: Reader, modelgate_sandbox: Sandbox
) -> None:
    """Every line of the short way works; afterwards an alias that moved is refused, and the start stands on its ID."""
    who = {"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_CONFIG_GLOBAL": os.devnull}
    reader.environ |= who | {"GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "a@example.com"}
    fresh = True
    for language, text in blocks(SHORT_WAY):
        if language == "sh":
            if fresh:
                for line in ("git init --quiet --initial-branch=main", "git add .", "git commit --quiet -m Start"):
                    reader.type(line)
                fresh = False
            for line in text.splitlines():
                reader.type(line)
        elif language == "diff":
            edits = reader.folder / ".edits"
            edits.write_text(text)
            reader.type("git apply .edits")
            edits.unlink()
        else:
            reader.write(text)
    assert reader.served == ["prints claude-sonnet-4-5-20250929"]
    modelgate_sandbox.move_alias("claude-sonnet-4-5", "claude-sonnet-5")
    refused = reader.run(["modelgate", "check", "-e", "prod", "--no-store"])
    assert (refused.returncode, "drift.alias-moved" in refused.stdout) == (1, True)
