"""Every option of every command with words that nobody means: an answer of ours, and never a defect."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from support.command_page import commands
from support.commands import Shell
from support.sites import ALIAS, Site

from modelgate.sandbox import Sandbox

ODD = (
    *("nan", "inf", "-1", "0", "1e400", "9" * 20, "x" * 5000, "é" * 300, "🙂", "\u202e", "\x1b[31m", "a\nb", "a=b"),
    *("2026-13-45", "0001-01-01T00:00+23:59", "9999-12-31T23:59:59Z", "999999999d", "0s", "now", "…", "../..", ":::"),
    *("requests.jsonl", "config", "claude-3-opus-20240229", "sarif=/dev/full", "summarizer", "/dev/null"),
    "checkout/prod:1:" + "0" * 64,
)
NEEDED = {
    "--reason": "x", "--out": "results.jsonl", "--slot": "summarizer", "--suite": "quality", "--id": "claude-sonnet-5",
    "REQUESTS": "requests.jsonl", "FILE": "result.xml", "SLOT": "summarizer", "JOB": "job_0000000000000000",
    "BEFORE": "prod", "AFTER": "prod", "--before": "2026-01-01", "--to-time": "2026-01-01",
}  # fmt: skip
LEFT_OUT = {"serve", "sandbox", "demo"}
"""They go on until they are stopped; `--every` and `--wait` do, too."""


def places() -> list[tuple[str, str]]:
    """Every command with each of its options that take a value."""
    found = []
    for name, command in commands():
        words = name.split()[1:]
        if words[0] in LEFT_OUT or isinstance(command, click.Group):
            continue
        for param in command.params:
            takes = isinstance(param, click.Option) and not param.is_flag and not param.count
            if takes and param.opts[0] not in ("--every", "--wait", "--help"):
                found.append((" ".join(words), param.opts[-1]))
    return found


def line(command: click.Command, option: str) -> list[str]:
    """What the command needs beside the option."""
    words: list[str] = []
    for param in command.params:
        name = (
            param.opts[-1]
            if isinstance(param, click.Option)
            else (param.metavar or param.name or "").strip("[].").upper()
        )
        if param.required and option not in param.opts:
            value = NEEDED.get(name, "prod")
            words += [name, value] if isinstance(param, click.Option) else [value]
    for usual, value in (("--reason", "x"), ("--environment", "prod")):
        if any(usual in param.opts for param in command.params) and option not in ("-e", usual) and usual not in words:
            words += [usual, value]
    return words


@pytest.mark.parametrize(("words", "option"), places(), ids=[" ".join(each) for each in places()])
def test_no_word_behind_an_option_is_a_defect(
    tmp_path: Path, modelgate_sandbox: Sandbox, sqlite_url: str, words: str, option: str
) -> None:
    """Exit 0 to 3, no trace; one error at the most, in our style."""
    site = Site(tmp_path, modelgate_sandbox, sqlite_url)
    site.asks(summarizer=ALIAS)
    site.accept("summarizer")
    request = {"custom_id": "a", "params": {"max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}}
    (tmp_path / "requests.jsonl").write_text(json.dumps(request) + "\n")
    (tmp_path / "result.xml").write_text('<testsuite tests="1"><testcase name="a"/></testsuite>')
    command = next(each for name, each in commands() if name.split()[1:] == words.split())
    for odd in ODD:
        done = Shell(site).run(*words.split(), *line(command, option), option, odd)
        assert done.returncode in range(4), (odd[:60], done.stderr[:500])
        assert ("Traceback" in done.stderr, done.stderr.count("error: ") > 1) == (False, False), odd[:60]
