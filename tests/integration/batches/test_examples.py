"""What `docs/batches.md` shows in Python runs, and passes a strict type checker."""

from __future__ import annotations

import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.desk import MODEL, Desk
from support.documents import code_blocks

GRADING, AIRFLOW, CELERY = code_blocks("batches.md", "python")
ANSWERS = 10_000


@pytest.fixture
def grader(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A desk whose slot is `grader`, in the folder where programs run."""
    desk.site.asks(grader=MODEL)
    desk.site.accept("grader")
    desk.site.environ["MODELGATE_CONFIG_DIR"] = str(desk.site.config)
    for name, value in desk.site.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("XDG_STATE_HOME", str(desk.site.folder / "state"))
    monkeypatch.chdir(desk.site.folder)
    desk.site.sandbox.configure(retry_after="1", batch_polls=0)
    return desk


@pytest.mark.slow
def test_ten_thousand_answers_are_graded(grader: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """The example reads its answers, and each has its grade."""
    lines = "".join(f"student {n},answer {n}\n" for n in range(ANSWERS))
    Path("answers.csv").write_text("student,answer\n" + lines)
    known: dict[str, Any] = {}
    exec(GRADING, known)
    assert list(known["grades"]) == [f"student {n}" for n in range(ANSWERS)]
    assert f"{{'succeeded': {ANSWERS}}}" in capsys.readouterr().out


def decorator(**_: object) -> Callable[[Any], Any]:
    """What both libraries have: it takes options, and leaves the function as it is."""
    return lambda function: function


def test_a_task_is_tried_again(grader: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Airflow and Celery call it: once more sends nothing, and another task collects it by its ID."""
    for name, members in {
        "airflow": {}, "airflow.sdk": {"task": decorator}, "celery": {"shared_task": decorator},
    }.items():  # fmt: skip
        module = types.ModuleType(name)
        vars(module).update(members)
        monkeypatch.setitem(sys.modules, name, module)
    known: dict[str, Any] = {}
    exec(AIRFLOW, known)
    exec(CELERY, known)
    job = known["grade"]("2026-11-26")
    assert known["grade"]("2026-11-26") == job
    assert known["collect"](job) == 0
    assert grader.creates() == 1


@pytest.mark.slow
@pytest.mark.parametrize("example", [GRADING, AIRFLOW, CELERY], ids=["grading", "airflow", "celery"])
def test_the_examples_are_typed(example: str, tmp_path: Path) -> None:
    """mypy --strict has nothing to say but of libraries that are not here."""
    (tmp_path / "example.py").write_text(example)
    options = ["--strict", "--ignore-missing-imports", "--allow-untyped-decorators", "--follow-imports=silent"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "--cache-dir", str(tmp_path / "cache"), "example.py"],
        cwd=tmp_path, env={"MYPYPATH": str(Path(__file__).parents[3]), "PATH": ""},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
