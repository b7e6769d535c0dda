"""Streams and files that take nothing: the exit code still tells, and nothing is recorded that did not happen."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from support.commands import MODELGATE, SECONDS, Shell

from modelgate.cli.group import COMMANDS

CLOSED = 'exec "$@" >&- 2>&-'

pytestmark = pytest.mark.skipif(os.name != "posix", reason="shells of POSIX close streams like this")


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_starts_as_a_process(command: str) -> None:
    """The installed command, in a process of its own, explains each of its commands; most tests run them in theirs."""
    words = [MODELGATE, command, "--help"]
    done = subprocess.run(words, env={}, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: modelgate {command} ")


def code_of(shell: Shell, script: str, *words: str) -> tuple[int, str]:
    """The exit code of the command as a shell starts it, and what it told on standard error."""
    with shell.start(*words, command=("sh", "-c", script, "sh", MODELGATE), stdout=subprocess.DEVNULL) as process:
        _, err = process.communicate(timeout=SECONDS)
    return process.returncode, err


@pytest.mark.parametrize(("command", "code"), [("status", 0), ("check", 1)])
def test_closed_streams_leave_the_exit_code(shell: Shell, command: str, code: int) -> None:
    """Whoever closes standard output and standard error gets the verdict all the same."""
    assert code_of(shell, CLOSED, command, "-e", "prod") == (code, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_an_output_that_is_full_is_no_defect() -> None:
    """Exit 2 and one line where standard output is full; where standard error is full too, the code alone."""
    environ = {"PATH": os.environ["PATH"]}
    for script, told in (('exec "$@" >/dev/full', "error: cannot write the output"), ('exec "$@" >/dev/full 2>&1', "")):
        words = ["sh", "-c", script, "sh", MODELGATE, "explain", "drift.held"]
        done = subprocess.run(words, env=environ, capture_output=True, text=True, timeout=SECONDS, check=False)
        assert (done.returncode, done.stderr.partition(":")[0]) == (2, told.partition(":")[0])
        assert done.stderr.startswith(told)


@pytest.mark.parametrize(
    "words", [("--emit-env", "no/folder/env"), ("--emit-json", "no/folder/json"), ("--", "no-such-command")]
)
def test_what_cannot_be_handed_over_is_told_first(approved: Shell, words: tuple[str, ...]) -> None:
    """Neither the API is asked nor a run recorded as handed over."""
    site = approved.site
    before = site.store().head(site.scope())
    done = approved.run("preflight", "-e", "prod", *words)
    assert (done.returncode, done.stdout, done.stderr.count("error: cannot ")) == (2, "", 1)
    assert site.store().head(site.scope()) == before


def test_an_export_takes_the_format_that_it_has(approved: Shell) -> None:
    """`--format json` goes with every command that prints data: these are the same lines."""
    plain, asked = (
        approved.run("audit", "export", "-e", "prod"),
        approved.run("audit", "export", "-e", "prod", "--format", "json"),
    )
    assert plain.stdout.count("\n") > 0
    assert (asked.returncode, asked.stdout) == (0, plain.stdout)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize(("script", "code"), [("bogus 2>/dev/full", 2), ("bogus 2>&1 | true", 2), ("--help | true", 0)])
def test_a_wrong_command_line_that_nobody_reads_of(script: str, code: int) -> None:
    """The exit code is the contract's, whoever has left."""
    words = ["bash", "-c", f'"$0" {script}; exit ${{PIPESTATUS[0]}}', MODELGATE]
    assert subprocess.run(words, capture_output=True, timeout=SECONDS, check=False).returncode == code
