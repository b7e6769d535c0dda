"""docs/adopt.md, line by line, with real FastAPI applications of the two kinds that it shows, and without them."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import in_process
from support.page_reader import Reader, blocks

from modelgate.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adopt.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent
STEPS, SHORT_WAY = PAGE.split("\n## In one pull request\n")


class Typist(Reader):
    """Types what is a command of the gate alone in this process."""

    def run(self, words: list[str]) -> subprocess.CompletedProcess[str]:
        """A command, ended."""
        if words[0] == "modelgate" and "--" not in words:
            return in_process(*words[1:], folder=self.folder, environ=self.environ)
        return super().run(words)


class Onlooker(Typist):
    """Looks at what the application would be handed, and starts none."""

    def serve(self, command: str, expected: str) -> None:
        """The gate's half of the line."""
        words = shlex.split(command)
        done = self.run([*words[: words.index("--")], "--emit-env", "handed.env"])
        handed = (self.folder / "handed.env").read_text().splitlines()
        for slot, model_id in json.loads(expected).items():
            assert f"MODELGATE_MODEL_{slot.upper()}='{model_id}'" in handed, f"{command}\n{done.stdout}{done.stderr}"
        self.served.append(expected)


@pytest.fixture
def environ(tmp_path: Path, modelgate_sandbox: Sandbox) -> dict[str, str]:
    """With the SDK's credentials, and `modelgate_pins` as the page installs it."""
    return {
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT / "pins"),
        "ANTHROPIC_BASE_URL": modelgate_sandbox.url,
        "ANTHROPIC_API_KEY": "sandbox-key",
    }


@pytest.mark.slow
def test_whoever_follows_the_page_gets_there(tmp_path: Path, environ: dict[str, str]) -> None:
    """From observing to a release: every line works, and the application runs what the page says."""
    reader = Reader(tmp_path, environ)
    reader.follow(STEPS)
    assert len(reader.served) == 7


def test_each_start_of_the_page_is_handed_what_it_says(tmp_path: Path, environ: dict[str, str]) -> None:
    """From observing to a release: every line works, and hands over what the application is to run."""
    reader = Onlooker(tmp_path, environ)
    reader.follow(STEPS)
    assert len(reader.served) == 7


def test_a_fresh_clone_is_gated_by_init_two_edits_and_one_pull_request(
    tmp_path: Path, environ: dict[str, str], modelgate_sandbox: Sandbox
) -> None:
    """Every line of the short way works; afterwards an alias that moved is refused, and the start stands on its ID."""
    reader = Typist(tmp_path, environ)
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
