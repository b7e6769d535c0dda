"""docs/adopt.md, line by line, with real FastAPI applications of the two kinds that it shows."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from support.page_reader import Reader, blocks

from modelgate.sandbox import Sandbox

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "adopt.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent
STEPS, SHORT_WAY = PAGE.split("\n## In one pull request\n")


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
    reader.follow(STEPS)
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
