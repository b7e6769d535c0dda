"""What counts as a hand-over, what the started application inherits, and output that cannot be written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.commands import MODELGATE, Shell, files
from support.sites import ALIAS, OLD

FULL = Path("/dev/full")


def handed_over(shell: Shell) -> list[tuple[str, int, str | None]]:
    """Verdict, exit code and hand-over of each recorded preflight."""
    lines = shell.run("audit", "export", "-e", "prod").stdout.splitlines()
    rows: list[dict[str, Any]] = [json.loads(line)["row"] for line in lines]
    runs = {row["run_id"]: row for row in rows if row["table"] == "runs" and row["command"] == "preflight"}
    return [
        (runs[row["run_id"]]["verdict"], runs[row["run_id"]]["exit_code"], row.get("handed_off_id"))
        for row in rows
        if row["table"] == "resolutions" and row["run_id"] in runs
    ]


def script(folder: Path, text: str, mode: int = 0o755) -> str:
    """A script to be started."""
    file = folder / "start.sh"
    file.write_text(text, newline="")
    file.chmod(mode)
    return "./start.sh"


def test_a_hand_over_that_happened_is_one(approved: Shell) -> None:
    """Files written, command started: recorded as handed over."""
    assert approved.run("preflight", "-e", "prod", "--emit-env", "models.env", "--", "true").returncode == 0
    assert handed_over(approved) == [("pass", 0, OLD)]


def test_a_file_that_cannot_be_written_is_no_hand_over(approved: Shell, tmp_path: Path) -> None:
    """A full disk: exit 2, recorded as failed, nothing that a rollback would count; the other file is gone."""
    done = approved.run("preflight", "-e", "prod", "--emit-json", "pins.json", "--emit-env", "/dev/full")
    assert (done.returncode, "cannot write /dev/full: No space left" in done.stderr) == (2, True)
    assert handed_over(approved) == [("failed", 2, None)]
    assert files(tmp_path) == set()


def test_facts_of_a_failed_hand_over_are_facts(approved: Shell) -> None:
    """What the API said was said: the next run with `reuse_seconds` judges it again, and hands over."""
    approved.site.asks(policy={"reuse_seconds": 600}, summarizer=ALIAS)
    approved.run("preflight", "-e", "prod", "--emit-env", "/dev/full")
    approved.site.sandbox.forget_requests()
    assert approved.run("preflight", "-e", "prod").returncode == 0
    assert approved.site.sandbox.requests() == []


@pytest.mark.parametrize(
    ("text", "mode", "told"),
    [
        ("#!/bin/sh\n", 0o644, "cannot start ./start.sh: Permission denied"),
        ("#!/bin/sh\r\nexit 0\r\n", 0o755, "its interpreter /bin/sh\\r is not there"),
        ("#!/no/such/interpreter -x\n", 0o755, "its interpreter /no/such/interpreter is not there"),
    ],
)
def test_a_command_that_cannot_be_started_is_told_first(
    approved: Shell, tmp_path: Path, text: str, mode: int, told: str
) -> None:
    """Before anything is asked or recorded: exit 2 and what is wrong with it."""
    done = approved.run("preflight", "-e", "prod", "--", script(tmp_path, text, mode))
    assert (done.returncode, told in done.stderr) == (2, True)
    assert handed_over(approved) == []


def test_a_command_that_went_away_meanwhile_is_recorded_as_failed(shell: Shell, tmp_path: Path) -> None:
    """While preflight waits for an approval its command is taken away: that start is no hand-over."""
    command = script(tmp_path, "#!/bin/sh\nexit 0\n")
    words = [MODELGATE, "preflight", "-e", "prod", "--wait", "2m", "--", command]
    with subprocess.Popen(words, cwd=tmp_path, env=shell.environment(), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        process.stderr.readline()  # it waits
        (tmp_path / "start.sh").unlink()
        shell.site.accept("summarizer")
        told = process.communicate(timeout=120)[1]
    assert (process.returncode, "cannot start ./start.sh" in told) == (2, True)
    assert handed_over(shell)[-1] == ("failed", 2, None)


def test_two_files_of_one_name_are_wrong_usage(approved: Shell) -> None:
    """Each would overwrite the other."""
    for words in (
        ("preflight", "-e", "prod", "--emit-env", "a", "--emit-json", "./a"),
        ("preflight", "-e", "prod", "--emit-env", "a", "--report", "json=a"),
        ("check", "-e", "prod", "--report", "json=a", "--report", "sarif=./a"),
        ("scan", "--offline", "--report", "json=a", "--baseline", "a", "--write-baseline"),
    ):
        done = approved.run(*words)
        assert (done.returncode, "would be written twice" in done.stderr) == (2, True)


def test_a_folder_is_no_command(approved: Shell, tmp_path: Path) -> None:
    """Nobody is told to make it executable, which it is."""
    (tmp_path / "app").mkdir()
    done = approved.run("preflight", "-e", "prod", "--", "./app")
    assert (done.returncode, "./app: it is a folder" in done.stderr, handed_over(approved)) == (2, True, [])


@pytest.mark.skipif(not FULL.exists(), reason="no full device")
def test_a_full_standard_error_does_not_keep_an_application_from_starting(approved: Shell) -> None:
    """The report is output: what cannot be written of it is lost, and the start goes on."""
    words = [MODELGATE, "preflight", "-e", "prod", "--report", "json=/dev/full", "--", "echo", "started"]
    with FULL.open("w") as full:
        done = subprocess.run(
            words, cwd=approved.site.folder, env=approved.environment(), stdout=subprocess.PIPE, stderr=full, text=True
        )
    assert (done.returncode, done.stdout.endswith("started\n")) == (0, True)
    assert handed_over(approved) == [("pass", 0, OLD)]


@pytest.mark.parametrize(
    ("words", "environ", "told"),
    [
        (("--report", "json=/dev/full"), {}, "cannot write /dev/full: No space left on device"),
        (("--report", "json=no/folder/x"), {}, "cannot write no/folder/x: No such file or directory"),
        (("--format", "github"), {"GITHUB_STEP_SUMMARY": "/no/folder/x"}, "cannot write $GITHUB_STEP_SUMMARY"),
    ],
)
def test_a_refusal_is_shown_whatever_cannot_be_written(
    shell: Shell, words: tuple[str, ...], environ: dict[str, str], told: str
) -> None:
    """The verdict stands on standard output with its exit code; what was lost is told on standard error."""
    done = shell.run("check", "-e", "prod", *words, environ=environ)
    assert (done.returncode, "drift.unpinned" in done.stdout, told in done.stderr) == (1, True, True)


def test_the_application_does_not_inherit_what_is_the_gates(approved: Shell) -> None:
    """Neither the store's address nor its password; the SDK's variables are its own, and so is what is asked for."""
    code = "import os, json; print(json.dumps(dict(os.environ)))"
    own = {"PGPASSWORD": "for-my-own-database", "ANTHROPIC_CUSTOM_HEADERS": "x-team: a", "MODELGATE_ACTOR": "gate"}
    words = ("preflight", "-e", "prod", "--keep-env", "MODELGATE_SERVICE", "--", sys.executable, "-c", code)
    environ = own | {"MODELGATE_SERVICE": "checkout"}
    has = json.loads(approved.run(*words, environ=environ).stdout)
    gates = {name for name in has if name.startswith("MODELGATE_")}
    assert gates == {"MODELGATE_MODEL_SUMMARIZER", "MODELGATE_SERVICE"}
    assert {name: has.get(name) for name in ("PGPASSWORD", "ANTHROPIC_CUSTOM_HEADERS")} == {
        "PGPASSWORD": "for-my-own-database",  # the store is a file: libpq's variables are the application's
        "ANTHROPIC_CUSTOM_HEADERS": "x-team: a",
    }
    assert "ANTHROPIC_API_KEY" in has or "ANTHROPIC_API_KEY" not in approved.environment()


def test_where_the_store_is_on_a_server_its_client_is_the_gates(approved: Shell, postgresql_url: str) -> None:
    """PGPASSWORD and the like open the audit store: an application that needs one is given it by name."""
    code = "import os; print(sorted(n for n in os.environ if n.startswith('PG')))"
    environ = {"MODELGATE_DATABASE_URL": postgresql_url, "PGPASSWORD": "s", "PGAPPNAME": "x"}
    assert approved.run("accept", "--all", "-e", "prod", "--reason", "first", environ=environ).returncode == 0
    kept = approved.run(
        "preflight", "-e", "prod", "--keep-env", "PGAPPNAME", "--", sys.executable, "-c", code, environ=environ
    )
    assert (kept.returncode, kept.stdout) == (0, "['PGAPPNAME']\n")
