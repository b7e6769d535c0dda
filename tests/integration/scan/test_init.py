"""init: trees that look like people's own become settings that load, and that `check` observes."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.commands import MODELGATE, in_process

from modelgate.sandbox import Sandbox
from modelgate.settings import load

TREES: dict[str, tuple[dict[str, str], dict[str, dict[str, str]]]] = {
    "django": (
        {
            "manage.py": "import os\n",
            "site/settings.py": 'CLAUDE_MODEL = os.environ.get("CLAUDE_MODEL", "claude-sonnet-4-5")\n'
            'CACHE_KEY = "claude-cache-v2"\n',
            "site/tasks.py": 'CHEAP = "claude-haiku-4-5"\n# claude-3-opus-20240229 was here\n',
            "site/tests/test_tasks.py": 'assert model == "claude-opus-5"\n',
        },
        {"prod": {"main": "$CLAUDE_MODEL", "haiku_4_5": "claude-haiku-4-5"}},
    ),
    "fastapi with pydantic-settings": (
        {
            "app/config.py": "from pydantic_settings import BaseSettings\n\nclass Settings(BaseSettings):\n"
            '    anthropic_model: str = "claude-sonnet-4-5"\n    judge_model: str = Field("claude-opus-5")\n',
            ".env.example": "ANTHROPIC_MODEL=claude-sonnet-4-6\n",
        },
        {"prod": {"main": "$ANTHROPIC_MODEL", "judge": "$JUDGE_MODEL"}},
    ),
    "langchain": (
        {
            "chain.py": 'from langchain_anthropic import ChatAnthropic as Chat\nllm = Chat(model="claude-sonnet-4-6")\n'
            'fast = Chat(model_name="claude-haiku-4-5-20251001", temperature=0)\n',
            "notebook.ipynb": json.dumps({"cells": [{"source": ['ChatAnthropic(model="claude-sonnet-4-6")']}]}),
        },
        {"prod": {"sonnet_4_6": "claude-sonnet-4-6", "haiku_4_5": "claude-haiku-4-5-20251001"}},
    ),
    "next.js": (
        {
            "lib/ai.ts": 'export const model = process.env.SUMMARY_MODEL ?? "claude-sonnet-5";\n'
            'const routed = "anthropic/claude-sonnet-4.5:beta";\n',
            "lib/ai.test.ts": 'expect(model).toBe("claude-opus-5");\n',
            ".github/workflows/review.yml": "with:\n  model: claude-sonnet-4-20250514\n",
        },
        {"prod": {"summary": "$SUMMARY_MODEL"}},
    ),
    "helm": (
        {
            "values.yaml": "model: claude-haiku-4-5-20251001\nbedrock: us.anthropic.claude-3-haiku-20240307-v1:0\n",
            "values-prod.yaml": "model: claude-sonnet-4-6\n",
            "values-staging.yaml": "model: claude-sonnet-5\n",
        },
        {
            "prod": {"haiku_4_5": "claude-haiku-4-5-20251001", "sonnet_4_6": "claude-sonnet-4-6"},
            "staging": {"haiku_4_5": "claude-haiku-4-5-20251001", "sonnet_5": "claude-sonnet-5"},
        },
    ),
    "kubernetes": (
        {
            "k8s/worker.yaml": "spec:\n  containers:\n    - env:\n        - name: GRADER_MODEL\n"
            '          value: "claude-opus-5"\n        - name: DRAFT_MODEL  # low\n          value: claude-sonnet-5\n',
            "render.yaml": "envVars:\n  - key: CLAUDE_MODEL\n    value: claude-haiku-4-5-20251001\n",
        },
        {"prod": {"grader": "$GRADER_MODEL", "draft": "$DRAFT_MODEL", "main": "$CLAUDE_MODEL"}},
    ),
    "compose": (
        {
            "compose.yaml": "services:\n  web:\n    environment:\n      GRADER_MODEL: claude-opus-5\n"
            "      - DRAFT_MODEL=${DRAFT_MODEL:-claude-sonnet-4-5}\n",
        },
        {"prod": {"grader": "$GRADER_MODEL", "draft": "$DRAFT_MODEL"}},
    ),
    "terraform": (
        {
            "main.tf": 'variable "model" {\n  default = "claude-sonnet-5"\n}\n',
            "prod.tfvars": 'model = "claude-opus-5"\n',
        },
        {"prod": {"sonnet_5": "claude-sonnet-5", "opus_5": "claude-opus-5"}},
    ),
}


@pytest.fixture
def environ(modelgate_sandbox: Sandbox) -> dict[str, str]:
    """Of somebody with a key."""
    kept = {name: os.environ[name] for name in ("PATH",)}
    return kept | {"ANTHROPIC_BASE_URL": modelgate_sandbox.url, "ANTHROPIC_API_KEY": "k"}


def plant(folder: Path, files: dict[str, str]) -> Path:
    """The tree, in a folder of its own."""
    for name, text in files.items():
        path = folder / "shop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "shop"


def slots(tree: Path, environment: str) -> dict[str, str]:
    """Slot to reference, or `$` and the variable that holds it."""
    found = load(environment=environment, config_dir=tree / "config", environ={})
    asked = {slot.name: slot.reference for slot in found.slots}
    return asked | {slot.name: f"${slot.variable}" for slot in found.unset}


@pytest.mark.parametrize(("files", "expected"), TREES.values(), ids=TREES.keys())
def test_a_tree_becomes_settings_that_a_check_observes(
    tmp_path: Path, environ: dict[str, str], files: dict[str, str], expected: dict[str, dict[str, str]]
) -> None:
    """The draft loads without an error; `check` runs on it, asks the API and changes nothing: exit code 0."""
    tree = plant(tmp_path, files)
    done = in_process("init", "--yes", folder=tree, environ=environ)
    assert done.returncode == 0, done.stderr
    assert {name: slots(tree, name) for name in expected} == expected
    for name, asked in expected.items():
        run = in_process("check", "-e", name, "--format", "json", folder=tree, environ=environ)
        report: dict[str, Any] = json.loads(run.stdout)
        assert (run.returncode, report["service"], report["enforced"]) == (0, "shop", False)
        assert [s["slot"] for s in report["slots"]] == [s for s, of in asked.items() if of[0] != "$"]


def test_a_tree_that_names_no_model_gets_an_example(tmp_path: Path, environ: dict[str, str]) -> None:
    """The settings load; what is to be filled in stands there as a comment."""
    tree = plant(tmp_path, {"main.py": "print(1)\n"})
    done = in_process("init", "--yes", folder=tree, environ=environ)
    assert (done.returncode, "no name of a model was found" in done.stdout) == (0, True)
    assert "Give it a slot in config/default.toml first; then:\n  modelgate check" in done.stdout
    assert slots(tree, "prod") == {}
    assert "# [slots.summarizer]\n" in (tree / "config" / "default.toml").read_text()


def test_it_ends_with_the_next_three_commands(tmp_path: Path, environ: dict[str, str]) -> None:
    """Which work as they stand, and lead to a start on what was approved."""
    tree = plant(tmp_path, TREES["langchain"][0])
    done = in_process("init", "--yes", "-e", "prod", folder=tree, environ=environ)
    told = [line.strip() for line in done.stdout.split("Written. Next:\n")[1].splitlines()]
    assert told == [
        "modelgate check -e prod",
        'modelgate accept --all -e prod --reason "as it runs today"',
        "modelgate preflight -e prod -- CMD",
    ]
    accept = ("accept", "--all", "-e", "prod", "--reason", "as it runs today")
    assert in_process(*accept, folder=tree, environ=environ).returncode == 0
    draft = tree / "config" / "default.toml"
    draft.write_text(draft.read_text().replace("enforce = false", "enforce = true"))
    assert in_process("check", "-e", "prod", folder=tree, environ=environ).returncode == 0
    assert in_process("preflight", "-e", "prod", folder=tree, environ=environ).returncode == 0


def test_what_becomes_of_a_name_stands_beside_it(
    tmp_path: Path, environ: dict[str, str], modelgate_sandbox: Sandbox
) -> None:
    """By the list of the API; without a key it is not asked, and the draft is the same but for that."""
    modelgate_sandbox.deprecate("claude-sonnet-4-5-20250929", retires_in_days=4)
    tree = plant(tmp_path, {"a.py": 'A = "claude-sonnet-4-5"\nB = "claude-3-opus-20240229"\nC = "claude-sonet-4-6"\n'})
    in_process("init", "--yes", "-e", "prod", folder=tree, environ=environ)
    text = (tree / "config" / "default.toml").read_text()
    assert "[slots.sonnet_4_5]\n# a.py:1:6\n# retires in " in text
    assert "# retired: requests that name it fail\nmodel = " in text
    assert "# no model is listed by this name\nmodel = " in text
    again = plant(tmp_path / "again", {"a.py": 'A = "claude-sonnet-4-5"\n'})
    bare = {name: value for name, value in environ.items() if name == "PATH"}
    done = in_process("init", "--yes", "--offline", folder=again, environ=bare)
    assert "the Models API was not asked" in done.stdout
    assert "# retires" not in (again / "config" / "default.toml").read_text()


def test_nothing_that_is_there_is_overwritten(tmp_path: Path, environ: dict[str, str]) -> None:
    """Another environment is added beside what there is; with nothing to add it is wrong usage."""
    tree = plant(tmp_path, TREES["langchain"][0])
    in_process("init", "--yes", "-e", "prod", folder=tree, environ=environ)
    before = {path.name: path.read_bytes() for path in (tree / "config").iterdir()}
    assert in_process("init", "--yes", "-e", "prod", folder=tree, environ=environ).returncode == 2
    added = in_process("init", "--yes", "-e", "prod", "-e", "staging", folder=tree, environ=environ)
    assert "stays as it is: config/default.toml" in added.stdout
    after = {path.name: path.read_bytes() for path in (tree / "config").iterdir()}
    assert {name: after[name] for name in before} == before
    assert sorted(after) == ["default.toml", "prod.toml", "staging.toml"]


def test_off_a_terminal_it_needs_yes(tmp_path: Path, environ: dict[str, str]) -> None:
    """And writes nothing without."""
    tree = plant(tmp_path, TREES["langchain"][0])
    assert in_process("init", folder=tree, environ=environ).returncode == 2
    assert not (tree / "config").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="no pseudo-terminals there")
@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1)])
def test_on_a_terminal_it_asks(tmp_path: Path, environ: dict[str, str], answer: str, code: int) -> None:
    """It shows the plan first, and writes on a yes alone."""
    tree = plant(tmp_path, TREES["langchain"][0])
    ours, theirs = pty.openpty()
    words = [MODELGATE, "init", "--offline"]
    with subprocess.Popen(words, cwd=tree, env=environ, stdin=theirs, stdout=subprocess.PIPE, text=True) as process:
        os.write(ours, answer.encode())
        out, _ = process.communicate(timeout=120)
    os.close(theirs)
    os.close(ours)
    assert (process.returncode, "to write: config/default.toml" in out) == (code, True)
    assert (tree / "config" / "default.toml").exists() is (code == 0)


@pytest.mark.parametrize("words", [["-e", ""], ["-s", ""], ["-e", "default"], ["-s", "a/b"], ["no-such-folder"]])
def test_wrong_usage_is_told(tmp_path: Path, environ: dict[str, str], words: list[str]) -> None:
    """And nothing is written."""
    tree = plant(tmp_path, {"main.py": "print(1)\n"})
    assert in_process("init", "--yes", *words, folder=tree, environ=environ).returncode == 2
    assert not (tree / "config").exists()


def test_a_variable_that_means_something_else_is_never_handed_over(tmp_path: Path, environ: dict[str, str]) -> None:
    """Its value counts as a name."""
    tree = plant(tmp_path, {".env": "PYTHON_MODEL=claude-opus-5\nMODELGATE_X=claude-sonnet-5\n"})
    assert in_process("init", "--yes", folder=tree, environ=environ).returncode == 0
    assert slots(tree, "prod") == {"opus_5": "claude-opus-5", "sonnet_5": "claude-sonnet-5"}
