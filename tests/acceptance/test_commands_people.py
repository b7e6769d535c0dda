"""What people meet in the first week and at three in the morning."""

from __future__ import annotations

import contextlib
import json
import os
import termios
from xml.etree import ElementTree

import pytest
from support.commands import Shell
from support.sites import ALIAS, NEW, OLD

from modelgate.library import check

REASON = ("--reason", "INC-42: loops")


def test_an_unchanged_check_of_two_slots_prints_at_most_ten_lines(shell: Shell) -> None:
    """Nothing is longer for who knows it; the store and the API are named in it."""
    shell.site.asks(summarizer=ALIAS, grader=NEW)
    shell.site.accept(everything=True)
    lines = shell.run("check", "-e", "prod").stdout.splitlines()
    assert len(lines) <= 10
    assert lines[-2] == f"store {shell.site.folder / 'modelgate.db'} · API {shell.site.sandbox.url}"


def test_twelve_slots_are_approved_with_one_command(shell: Shell) -> None:
    """The report's own line is pasted, and the check passes."""
    shell.site.asks(**{f"slot_{number}": ALIAS for number in range(12)})
    report = shell.run("check", "-e", "prod").stdout
    (line,) = [line.strip() for line in report.splitlines() if "modelgate accept" in line]
    assert " --all --run run_" in line
    words = line.removeprefix("modelgate ").replace('"…"', "tried").split()
    assert shell.run(*words).returncode == 0
    assert shell.run("check", "-e", "prod").returncode == 0


def test_release_shows_first_and_asks(approved: Shell) -> None:
    """Without a terminal it needs --yes; --dry-run shows what the next preflight will do, and writes nothing."""
    approved.site.rollback("summarizer", to=OLD)
    before = approved.site.pins()
    words = ("release", "summarizer", "-e", "prod", "--keep", *REASON)
    refused = approved.run(*words)
    assert (refused.returncode, "add --yes" in refused.stderr) == (2, True)
    shown = approved.run(*words, "--dry-run")
    assert (shown.returncode, approved.site.pins()) == (0, before)
    assert f"hand over summarizer = {OLD}" in shown.stdout
    assert approved.run(*words, "--yes").returncode == 0
    assert approved.site.pins()[-1][0] == "release"


def test_a_reason_that_is_the_hints_own_is_refused(approved: Shell) -> None:
    """Whoever pastes a hint as it stands has not said why."""
    done = approved.run("rollback", "summarizer", "-e", "prod", "--to", OLD, "--yes", "--reason", "…")
    assert (done.returncode, "only stands for the reason" in done.stderr) == (2, True)


@pytest.mark.parametrize("words", [(), ("--check",)])
def test_a_lock_that_nothing_reads_is_not_written(shell: Shell, words: tuple[str, ...]) -> None:
    """It says what reads it and what approves here; --force writes it all the same."""
    done = shell.run("lock", "-e", "prod", *words)
    assert (done.returncode, "nothing reads the lock of checkout/prod" in done.stderr) == (2, True)
    assert list(shell.site.config.glob("*.lock.toml")) == []
    assert shell.run("lock", "-e", "prod", "--force").returncode == 0


@pytest.mark.parametrize("words", [("diff", "prod", "staging"), ("settings", "-e", "prod"), ("status", "-e", "prod")])
def test_wrong_settings_are_json_of_every_command(shell: Shell, words: tuple[str, ...]) -> None:
    """Whoever reads a command's JSON reads why there is none."""
    shell.site.asks(more='[slots.grader]\nmodle = "x"\n')
    done = shell.run(*words, "--format", "json")
    assert (done.returncode, json.loads(done.stdout)["schema"]) == (2, "modelgate.error/1")
    assert done.stderr.startswith("error: config/prod.toml:5: slots.grader.modle")


def test_wrong_settings_are_annotations_junit_and_json(shell: Shell) -> None:
    """A build server shows them beside the line, as it shows findings."""
    shell.site.asks(more='[slots.grader]\nmodle = "x"\n[polisy]\nx = 1\n')
    check = ("check", "-e", "prod", "--format")
    error = json.loads(shell.run(*check, "json").stdout)
    assert (error["schema"], error["exit_code"]) == ("modelgate.error/1", 2)
    assert {"source": "config/prod.toml:5", "message": "slots.grader.modle: unknown key, did you mean 'model'?"} in (
        error["errors"]
    )
    annotations = shell.run(*check, "github").stdout.splitlines()
    assert len(annotations) == len(error["errors"])
    assert "::error file=config/prod.toml,line=5,title=settings::slots.grader.modle: unknown key" in "".join(
        annotations
    )
    cases = ElementTree.fromstring(shell.run(*check, "junit").stdout).iter("error")
    assert len(list(cases)) == len(error["errors"])


def test_preflight_promises_no_command_that_is_not_there(approved: Shell) -> None:
    """A `--` with nothing behind it is a mistake, not a start of nothing."""
    done = approved.run("preflight", "-e", "prod", "--")
    assert (done.returncode, "there is no command after --" in done.stderr) == (2, True)


def test_a_new_store_is_told_once_with_the_two_ways_out(storeless: Shell) -> None:
    """In CI on an empty disk: which store knows nothing, and where approvals may be instead."""
    for words in (("--dry-run",), ()):
        report = storeless.report("check", "-e", "prod", *words)
        (created,) = [f for f in report["findings"] if f["id"] == "store.created"]
        for said in (str(storeless.site.folder / "modelgate.db"), "MODELGATE_DATABASE_URL", 'pins_from = "lock"'):
            assert said in created["hint"]
        assert report["audit"]["store"] == str(storeless.site.folder / "modelgate.db")


def test_the_library_takes_a_folder_as_text(approved: Shell) -> None:
    """`check(config_dir="config")` is what one types."""
    site = approved.site
    assert check("prod", config_dir=str(site.config), environ=site.environ).verdict == "pass"


def test_status_is_a_table_where_it_fits_and_blocks_where_not(approved: Shell) -> None:
    """At 80 columns no ID, hash or run is broken, and nothing is left out."""
    assert approved.site.preflight().verdict == "pass"
    narrow = on_a_terminal(approved, 80, "status", "-e", "prod")
    assert narrow[:3] == ["summarizer", f"    reference    {ALIAS}", f"    may run      {OLD}"]
    assert [line for line in narrow if len(line) > 80] == []
    wide = on_a_terminal(approved, 140, "status", "-e", "prod")
    assert wide[0].split() == [
        "SLOT",
        "REFERENCE",
        "MAY",
        "RUN",
        "SINCE",
        "BY",
        "HELD",
        "DAYS",
        "LEFT",
        "HANDED",
        "OVER",
    ]
    assert wide[1].split()[:3] == ["summarizer", ALIAS, OLD]


def test_status_lists_a_slot_whose_variable_is_not_set(shell: Shell) -> None:
    """It is a slot of the settings: what it asks for is not known, and which variable says it is told."""
    shell.site.asks(summarizer=ALIAS, more='[slots.grader]\nmodel_from = "GRADER_MODEL"\n')
    shown = shell.run("status", "-e", "prod").stdout.splitlines()
    assert [line.split()[:5] for line in shown if line.startswith("grader")] == [
        ["grader", "?", "($GRADER_MODEL)", "nothing", "-"]
    ]


def test_no_id_or_head_is_broken_at_80_columns(approved: Shell) -> None:
    """What history, rollback and release print fits, and is broken between words alone."""
    assert approved.site.preflight().verdict == "pass"
    told = on_a_terminal(approved, 80, "rollback", "summarizer", "--to", OLD, "-e", "prod", *REASON, "--yes")
    told += on_a_terminal(approved, 80, "history", "-e", "prod")
    told += on_a_terminal(approved, 80, "release", "summarizer", "--keep", "-e", "prod", *REASON, "--dry-run")
    head = approved.site.store().head(approved.site.scope())
    assert [line for line in told if len(line) > 80 and " " in line.strip()] == []
    assert any(str(head) in line for line in told)


def test_a_question_mark_is_what_nobody_knows(approved: Shell) -> None:
    """Where the API is away: no tick, no dash and no claim, in text, at both widths, and in Markdown."""
    approved.site.asks(summarizer=ALIAS, grader=NEW)
    approved.site.accept("grader")
    approved.site.outage()
    shown = approved.run("check", "-e", "prod").stdout.splitlines()
    assert [line.split() for line in shown[1:3]] == [
        ["?", "summarizer", ALIAS, "?", OLD, "?"],
        ["?", "grader", NEW, "?", "=", "?"],
    ]
    narrow = approved.run("check", "-e", "prod", environ={"COLUMNS": "80"}).stdout
    assert "✓" not in "\n".join(shown) + narrow
    table = approved.run("check", "-e", "prod", "--format", "markdown").stdout
    assert f"| unknown | `grader` | `{NEW}` | `?` | `{NEW}` | ? |" in table


def test_the_pin_that_exists_is_shown_though_the_reference_changed(approved: Shell) -> None:
    """In brackets, as it is for another reference."""
    approved.site.asks(summarizer=NEW)
    shown = approved.run("check", "-e", "prod").stdout.splitlines()
    assert shown[1].split() == ["✗", "summarizer", NEW, "=", f"({OLD})", "active"]


def test_nothing_is_said_of_what_preflight_will_pin_where_nothing_was_resolved(shell: Shell) -> None:
    """The policy accepts a first use: of what, nobody knows while the API is away."""
    shell.site.asks(summarizer=ALIAS, policy={"first_use": "accept"})
    shell.site.outage()
    assert "preflight pins" not in shell.run("check", "-e", "prod").stdout


def test_a_retry_is_silent_where_a_person_watches(approved: Shell) -> None:
    """Above the report stands nothing of calls that were tried again, below it a line; who asks for the log gets it."""
    approved.site.sandbox.fail_next(503, count=2)
    shown = on_a_terminal(approved, 120, "check", "-e", "prod")
    assert shown[0].split()[0] == "SLOT"
    assert [line.split()[1:4] for line in shown if "503" in line] == [["INFO", "calls", "failed"]]
    approved.site.sandbox.fail_next(503, count=2)
    shown = on_a_terminal(approved, 120, "--log-level", "warning", "check", "-e", "prod")
    assert [line for line in shown if "status=503" in line] != []


def test_off_a_terminal_a_retry_is_one_line_a_cause_after_all(approved: Shell) -> None:
    """JSON lines off a terminal: why, how often and for how long; who asks for the log gets each call instead."""
    approved.site.sandbox.fail_next(503, count=2)
    approved.site.sandbox.fail_next(429, headers={"retry-after": "0"})
    told = [json.loads(line) for line in approved.run("check", "-e", "prod").stderr.splitlines()]
    shown = [[line[key] for key in ("level", "message", "status", "calls")] for line in told]
    assert sorted(shown, key=lambda line: str(line[2])) == [
        ["info", "calls failed", 429, 1],
        ["info", "calls failed", 503, 2],
    ]
    assert all(line["seconds"] >= 0 and line["failure_reason"] for line in told)
    approved.site.sandbox.fail_next(503, count=2)
    logged = approved.run("--log-level", "warning", "check", "-e", "prod").stderr.splitlines()
    assert [json.loads(line)["message"] for line in logged] == ["claude call"] * 2


def test_a_model_that_is_not_there_is_told_by_the_report_alone(shell: Shell) -> None:
    """No warning above a report that says so."""
    shell.site.asks(summarizer="claude-nobody-9")
    done = shell.run("check", "-e", "prod")
    assert (done.returncode, done.stderr) == (1, "")
    assert "catalogue.unknown-model" in done.stdout


@pytest.mark.parametrize("words", [("check", "-e", "prod"), ("resolve", NEW, "-e", "prod"), ("models",)])
def test_who_was_asked_is_named(approved: Shell, words: tuple[str, ...]) -> None:
    """What is told of an API that cannot be asked names its host."""
    approved.site.outage()
    done = approved.run(*words, environ={"COLUMNS": "1000"})
    assert done.returncode == 3
    assert f"→ asked {approved.site.sandbox.url}; try again" in done.stdout + done.stderr


def on_a_terminal(shell: Shell, columns: int, *words: str) -> list[str]:
    """What a terminal so wide shows of a command, without its colours."""
    told, read = os.openpty()
    termios.tcsetwinsize(told, (50, columns))
    with shell.start(*words, stdin=read, stdout=read, stderr=read, environ={"NO_COLOR": "1", "TERM": "xterm"}) as ran:
        os.close(read)
        shown = b""
        with contextlib.suppress(OSError):  # how Linux says that the other end is closed
            while part := os.read(told, 65_536):
                shown += part
        ran.wait(60)
    os.close(told)
    return shown.decode().replace("\r\n", "\n").splitlines()
