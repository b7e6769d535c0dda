"""check and preflight as processes: exit codes, what stands where, what is handed over."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from support.commands import MODELGATE, Shell, files
from support.sites import ALIAS, OLD

PYTHON = sys.executable
SAYS = "import os, sys; print(os.environ.get('MODELGATE_MODEL_SUMMARIZER')); sys.exit({})"


def python(code: str) -> tuple[str, ...]:
    """A command for `preflight --`."""
    return ("--", PYTHON, "-c", code)


def test_a_refused_start_starts_nothing_and_writes_no_file(shell: Shell, tmp_path: Path) -> None:
    """Exit 1, the report on standard error, and neither the application nor a file."""
    refused = shell.run("preflight", "-e", "prod", "--emit-env", "models.env", *python(SAYS.format(0)))
    assert (refused.returncode, refused.stdout, files(tmp_path)) == (1, "", set())
    assert "drift.unpinned" in refused.stderr


def test_the_exit_code_is_the_verdict(shell: Shell) -> None:
    """1 refused, 0 passed, 3 could not know, 0 where the policy only observes."""
    assert shell.run("check", "-e", "prod").returncode == 1
    shell.site.accept("summarizer")
    assert shell.run("check", "-e", "prod").returncode == 0
    shell.site.outage()
    assert shell.run("check", "-e", "prod").returncode == 3
    shell.site.asks(policy={"enforce": False}, summarizer=ALIAS)
    observed = shell.report("check", "-e", "prod")
    assert (observed["verdict"], observed["enforced"], observed["exit_code"]) == ("unknown", False, 0)


def test_observing_starts_the_application_as_without_a_gate(shell: Shell, tmp_path: Path) -> None:
    """Refused, told, and started: on the reference as the settings have it, whatever an earlier start left behind."""
    shell.site.asks(policy={"enforce": False}, summarizer=ALIAS)
    started = shell.run(
        "preflight", "-e", "prod", "--emit-env", "models.env", *python(SAYS.format(7)),
        environ={"MODELGATE_MODEL_SUMMARIZER": "as-before"},
    )  # fmt: skip
    assert (started.returncode, started.stdout) == (7, f"{ALIAS}\n")
    assert "drift.unpinned" in started.stderr
    assert files(tmp_path) == {"models.env"}


def test_the_command_is_the_same_process(approved: Shell) -> None:
    """An exec: the same process ID, its own exit code, its own standard input and output."""
    code = "import os, sys; print(os.getpid(), sys.stdin.read()); sys.exit(42)"
    with approved.start("preflight", "-e", "prod", *python(code), stdin=subprocess.PIPE) as process:
        out, err = process.communicate("for the application")
    assert (process.returncode, out) == (42, f"{process.pid} for the application\n")
    assert "PASS checkout/prod" in err


def test_signals_are_the_commands_own(approved: Shell) -> None:
    """SIGTERM reaches its handler; without one the signal ends it; SIGPIPE has its default again."""
    handled = (
        "import signal, sys, time; signal.signal(15, lambda *_: sys.exit(9)); print('up', flush=True); time.sleep(60)"
    )
    bare = "import time; print('up', flush=True); time.sleep(60)"
    for code, ends in ((handled, 9), (bare, -signal.SIGTERM)):
        with approved.start("preflight", "-e", "prod", *python(code)) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "up\n"
            process.terminate()
            assert process.wait(30) == ends
    piped = approved.run("preflight", "-e", "prod", "--", "sh", "-c", "trap; yes | head -1")
    assert (piped.returncode, piped.stdout) == (0, "y\n")


def test_the_application_finds_its_pins(approved: Shell, tmp_path: Path) -> None:
    """Variables and the file's name are set; those of an earlier start are not passed on."""
    approved.site.asks(more='export_as = "GRADER_MODEL"\n', summarizer=ALIAS)
    code = (
        "import os, modelgate; print(modelgate.pinned(), "
        "sorted(name for name in os.environ if 'MODEL' in name and 'DATABASE' not in name))"
    )
    started = approved.run(
        "preflight", "-e", "prod", "--emit-json", "pins.json", *python(code),
        environ={"MODELGATE_MODEL_GONE": "x", "MODELGATE_PINS_FILE": "/nowhere"},
    )  # fmt: skip
    names = ["GRADER_MODEL", "MODELGATE_MODEL_SUMMARIZER", "MODELGATE_PINS_FILE"]
    assert started.stdout == f"{{'summarizer': '{OLD}'}} {names}\n"


def test_a_command_that_cannot_be_started_is_wrong_usage(approved: Shell) -> None:
    """Exit 2 and one line, after the report."""
    started = approved.run("preflight", "-e", "prod", "--", "no-such-command")
    assert (started.returncode, started.stdout) == (2, "")
    assert "error: cannot start no-such-command: No such file or directory" in started.stderr


@pytest.mark.parametrize("place", ["no/such/folder/report.json", "config"])
def test_a_report_that_cannot_be_written_keeps_no_application_from_starting(approved: Shell, place: str) -> None:
    """A report is output: that it is lost is told, and the application starts on what was handed over."""
    started = approved.run("preflight", "-e", "prod", "--report", f"json={place}", *python(SAYS.format(0)))
    assert (started.returncode, started.stdout) == (0, f"{OLD}\n")
    assert f"cannot write {place}" in started.stderr


def test_emitted_files_are_for_other_users_and_whole(approved: Shell, tmp_path: Path) -> None:
    """Mode 0644 whatever the umask; a shell reads the lines; no half-written file is left beside them."""
    (tmp_path / "models.env").write_text("an earlier start")
    options = {"umask": 0o077} if os.name == "posix" else {}
    done = approved.run("preflight", "-e", "prod", "--emit-env", "models.env", "--emit-json", "pins.json", **options)
    assert done.returncode == 0
    assert files(tmp_path) == {"models.env", "pins.json"}
    assert {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in files(tmp_path)} == {0o644}
    script = ". ./models.env; echo $MODELGATE_MODEL_SUMMARIZER"
    sourced = subprocess.run(["sh", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert sourced.stdout == f"{OLD}\n"
    content = json.loads((tmp_path / "pins.json").read_text())
    assert sorted(content) == ["environment", "handed_at", "models", "run_id", "schema", "service"]


def test_a_start_on_the_fallback_file_does_not_renew_it(approved: Shell, tmp_path: Path) -> None:
    """A file written while the store was away is as old as the one that stood in: or grace would have no end."""
    policy = {"grace_hours": 4, "fallback_file": "pins.json", "deadline_seconds": 4}
    approved.site.asks(policy=policy, summarizer=ALIAS)
    emit = ("preflight", "-e", "prod", "--emit-json", "pins.json")
    assert approved.run(*emit).returncode == 0
    before = json.loads((tmp_path / "pins.json").read_text())
    away = {"MODELGATE_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/nothing"}
    assert "store.grace" in approved.run(*emit, environ=away).stdout
    assert json.loads((tmp_path / "pins.json").read_text()) == {**before, "run_id": None}


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can become another user")
def test_another_user_reads_the_emitted_file(approved: Shell, tmp_path: Path) -> None:
    """The application's user is not the init step's."""
    os.chmod(tmp_path, 0o755)
    target = Path("/tmp") / f"modelgate-{os.getpid()}.json"
    try:
        assert approved.run("preflight", "-e", "prod", "--emit-json", str(target)).returncode == 0
        read = subprocess.run(
            ["cat", str(target)], user=65534, group=65534, capture_output=True, text=True, check=False
        )
        assert json.loads(read.stdout)["models"]["summarizer"]["id"] == OLD
    finally:
        target.unlink(missing_ok=True)


def test_a_device_is_written_to_and_not_replaced(approved: Shell) -> None:
    """`--emit-env /dev/stdout` prints; `/dev/full` is told, and is a device still."""
    printed = approved.process(
        "preflight", "-e", "prod", "--emit-env", "/dev/stdout", "--format", "junit", "--", "true"
    )
    assert printed.stdout == f"MODELGATE_MODEL_SUMMARIZER='{OLD}'\n"
    full = approved.run("check", "-e", "prod", "--report", "json=/dev/full")
    assert full.returncode == 0
    assert full.stderr.startswith("warning: cannot write /dev/full: No space left on device")
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


def test_waiting_ends_with_a_signal(shell: Shell) -> None:
    """130 for Ctrl-C and 143 for SIGTERM, at once, with a clean standard output."""
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        with shell.start("preflight", "-e", "prod", "--wait", "10m") as process:
            assert process.stderr is not None
            assert process.stderr.readline() == "waiting: REFUSE drift.unpinned summarizer\n"
            process.send_signal(number)
            out, _ = process.communicate(timeout=30)
        assert process.returncode == code
        assert out.splitlines()[-1].startswith("REFUSE checkout/prod: 1 refused")


def test_waiting_starts_after_an_accept(shell: Shell) -> None:
    """The pod that waits starts by itself; the whole report was told once, then a line a change, then the verdict."""
    with shell.start("preflight", "-e", "prod", "--wait", "2m", *python(SAYS.format(0))) as process:
        assert process.stderr is not None
        told = []
        while not told or not told[-1].startswith("waiting"):
            told.append(process.stderr.readline())
        shell.site.accept("summarizer")
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, f"{OLD}\n")
    assert (told[0].split()[0], sum(line.startswith("SLOT") for line in told)) == ("SLOT", 1)
    assert told[-1] == "waiting: REFUSE drift.unpinned summarizer\n"
    assert [line.split(":")[0] for line in err.splitlines()] == ["PASS checkout/prod"]


def test_a_program_that_reads_the_report_of_a_wait_gets_one(shell: Shell) -> None:
    """In every format but text standard output is one report, of the last try."""
    process = shell.start("preflight", "-e", "prod", "--wait", "2m", "--format", "json")
    with process:
        assert process.stderr is not None
        process.stderr.readline()
        shell.site.accept("summarizer")
        out, _ = process.communicate(timeout=60)
    assert json.loads(out)["verdict"] == "pass"


NOISE = [
    {"PYTHONWARNINGS": "error"},
    {"PYTHONWARNINGS": "default", "PYTHONDEVMODE": "1"},
    {"ANTHROPIC_LOG": "debug", "MODELGATE_DEBUG": "1"},
]


@pytest.mark.parametrize("noise", NOISE, ids=["warnings are errors", "warnings are shown", "logs"])
def test_standard_output_and_files_are_the_report_alone(approved: Shell, tmp_path: Path, noise: dict[str, str]) -> None:
    """No log and no warning gets into the report, or changes the exit code."""
    done = approved.process(
        "--log-level", "debug", "check", "-e", "prod", "--format", "json", "--report", "json=report.json", environ=noise
    )
    assert done.returncode == 0
    assert json.loads(done.stdout) == json.loads((tmp_path / "report.json").read_text())
    assert json.loads(done.stdout)["verdict"] == "pass"
    assert "Traceback" not in done.stderr


def test_every_format_at_once(shell: Shell, tmp_path: Path) -> None:
    """`--report` writes each of them, whole, beside what is printed; GitHub's summary is added to."""
    forms = ("text", "json", "sarif", "junit", "github", "markdown")
    (tmp_path / "summary.md").write_text("before\n")
    reports = [word for form in forms for word in ("--report", f"{form}=out.{form}")]
    done = shell.run(
        "check", "-e", "prod", "--format", "github", *reports, environ={"GITHUB_STEP_SUMMARY": "summary.md"}
    )
    assert done.returncode == 1
    written = {form: (tmp_path / f"out.{form}").read_text() for form in forms}
    assert done.stdout == written["github"]
    assert written["github"].startswith("::error ")
    assert "drift.unpinned" in written["text"]
    assert json.loads(written["json"])["findings"][-1]["id"] == "drift.unpinned"
    assert json.loads(written["sarif"])["version"] == "2.1.0"
    assert ElementTree.fromstring(written["junit"]).tag == "testsuites"
    assert (tmp_path / "summary.md").read_text() == "before\n" + written["markdown"]


def test_a_dry_run_and_an_offline_check_touch_nothing(approved: Shell, tmp_path: Path) -> None:
    """The store is as it was, and offline not even the API is asked."""
    before = (tmp_path / "modelgate.db").read_bytes()
    assert approved.report("check", "-e", "prod", "--dry-run")["dry_run"] is True
    as_of = approved.report("check", "-e", "prod", "--as-of", "2030-01-01")
    assert (as_of["dry_run"], as_of["as_of"], as_of["run_id"]) == (True, "2030-01-01T00:00:00.000000Z", None)
    approved.site.sandbox.forget_requests()
    offline = approved.report("check", "-e", "prod", "--offline", environ={"ANTHROPIC_API_KEY": ""})
    assert [finding["id"] for finding in offline["findings"]] == ["settings.offline"]
    assert approved.site.sandbox.counters() == {}
    assert (tmp_path / "modelgate.db").read_bytes() == before


def test_a_reader_who_leaves_early_changes_nothing(approved: Shell) -> None:
    """`modelgate models | head -1`: no trace, and the exit code is the command's."""
    for words in (("models", "-e", "prod", "--format", "json"), ("check", "-e", "prod")):
        reader, writer = os.pipe()
        with approved.start(*words, stdout=writer) as process:
            os.close(writer)
            os.close(reader)
            _, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")


def test_the_module_is_the_command(approved: Shell) -> None:
    """`python -m modelgate` and the script are one."""
    by_module = approved.run("--version", command=(PYTHON, "-m", "modelgate"))
    assert by_module.stdout == approved.run("--version", command=(MODELGATE,)).stdout


def test_two_gates_that_start_together_make_one_pin(shell: Shell) -> None:
    """First use accepted by the policy, by two processes at once: both pass, one pin."""
    shell.site.asks(policy={"first_use": "accept"}, summarizer=ALIAS)
    both = [shell.start("preflight", "-e", "prod", "--format", "json") for _ in range(2)]
    reports = [json.loads(process.communicate(timeout=60)[0]) for process in both]
    assert [report["slots"][0]["handed_off"] for report in reports] == [OLD, OLD]
    assert shell.site.pins() == [("first-use", ALIAS, OLD)]
