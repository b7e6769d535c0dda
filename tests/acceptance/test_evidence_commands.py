"""`evidence` as somebody types it: what is recorded of a result file, and which files are none."""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path

import pytest
from support.commands import Shell
from support.sites import NEW

FILES = Path(__file__).parents[1] / "suite_files"
ADD = ("evidence", "add", "summarizer", "-e", "prod", "--suite", "quality", "--id", NEW)
CANARY = "canary-prompt-7f3a"


def listed(shell: Shell) -> list[dict[str, object]]:
    """What `evidence list` says, as JSON."""
    found: list[dict[str, object]] = json.loads(shell.run("evidence", "list", "-e", "prod", "--format", "json").stdout)
    return found


def test_a_suite_is_recorded_as_counts_and_a_digest(shell: Shell) -> None:
    """Counts, format, the file's SHA-256, the origin of the API and who: the file itself is left where it is."""
    file = FILES / "promptfoo-failed.json"
    added = shell.run(*ADD, str(file))
    [row] = listed(shell)
    assert (added.returncode, row["outcome"], row["passed"], row["failed"], row["file_format"]) == (
        0, "failed", 1, 1, "promptfoo",
    )  # fmt: skip
    assert row["file_digest"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert (row["origin"], row["actor"], row["id"]) == (shell.site.sandbox.url, "ada", NEW)
    assert "quality failed on claude-sonnet-5 for summarizer: 1 passed, 1 failed" in added.stdout
    assert "note: the file names another model than claude-sonnet-5: echo" in added.stdout


@pytest.mark.parametrize("name", ["junit-passed.xml", "promptfoo-passed.json", "inspect-passed.json"])
def test_the_files_of_real_tools_are_taken(shell: Shell, name: str) -> None:
    """JUnit XML, promptfoo's JSON and inspect_ai's JSON log, as the tools themselves write them."""
    shell.run(*ADD, str(FILES / name))
    table = shell.run("evidence", "list", "summarizer", "-e", "prod")
    assert [(row["outcome"], row["passed"]) for row in listed(shell)] == [("passed", 1)]
    assert "1 passed, 0 failed" in table.stdout


def test_evidence_stands_in_the_chain(shell: Shell) -> None:
    """The row is verified and exported as any."""
    shell.run(*ADD, str(FILES / "junit-passed.xml"))
    verified = shell.run("audit", "verify", "-e", "prod")
    exported = shell.run("audit", "export", "-e", "prod")
    assert (verified.returncode, verified.stdout.splitlines()[0]) == (0, "1 rows of checkout/prod fit")
    assert json.loads(exported.stdout)["row"]["table"] == "evidence"


def test_nothing_is_asked_of_the_api(shell: Shell) -> None:
    """Neither a key nor an API is needed to record what ran elsewhere."""
    shell.site.environ.pop("ANTHROPIC_API_KEY")
    assert shell.run(*ADD, str(FILES / "junit-passed.xml")).returncode == 0
    assert shell.site.sandbox.requests() == []
    assert listed(shell)[0]["origin"] == shell.site.sandbox.url


BOMB = f'<!DOCTYPE t [<!ENTITY a "{CANARY}"><!ENTITY b "&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>'
HOSTILE = {
    "bomb.xml": (BOMB.encode(), "declares a document type"),
    "deep.xml": (b"<testsuite>" * 100_000, "nest too deep"),
    "deep.json": (b'{"results":' * 100_000, "neither XML nor JSON"),
    "utf16.json": (f'{{"a": "{CANARY}"}}'.encode("utf-16"), "neither JUnit XML"),
    "odd.xml": (b'<?xml version="1.0" encoding="utf-7"?><testsuite/>', "encoding is not known"),
    "zipped.eval": (gzip.compress(CANARY.encode()), "neither XML nor JSON"),
    "boast.json": (b'{"results": {"stats": {"successes": 1%s, "failures": 0, "errors": 0}}}' % (b"0" * 30), "it says"),
    "empty.xml": (b"<testsuites/>", "no test ran"),
}  # fmt: skip


@pytest.mark.parametrize("name", list(HOSTILE))
def test_a_hostile_file_is_told_and_nothing_recorded(shell: Shell, name: str) -> None:
    """Bombs, depth, odd encodings and boasts end with 2 and say why, without a word of the file."""
    content, why = HOSTILE[name]
    (shell.site.folder / name).write_bytes(content)
    told = shell.run(*ADD, name)
    assert (told.returncode, why in told.stderr, CANARY in told.stderr + told.stdout) == (2, True, False), told.stderr
    assert listed(shell) == []


def test_a_file_of_100_mb_is_not_read(shell: Shell) -> None:
    """Reading ends at the bound, wherever the file ends."""
    with (shell.site.folder / "huge.json").open("wb") as file:
        file.truncate(100 * 2**20)
    told = shell.run(*ADD, "huge.json")
    assert (told.returncode, "larger than" in told.stderr) == (2, True), told.stderr


def test_what_is_no_file_is_told(shell: Shell) -> None:
    """A folder, a pipe without a writer and a missing file keep nobody waiting."""
    import os

    os.mkfifo(shell.site.folder / "pipe")
    assert [shell.run(*ADD, name).returncode for name in ("config", "pipe", "missing.xml")] == [2, 2, 2]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("summarizer", "--suite", "probe", "--id", NEW), "a probe is made by `modelgate probe`"),
        (("summarizer", "--suite", "probe-live", "--id", NEW), "a probe-live is made by"),
        (("summarizer", "--suite", "a b", "--id", NEW), "--suite: 'a b'"),
        (("summarizer", "--suite", "", "--id", NEW), "is empty"),
        (("summarizer", "--suite", "quality", "--id", "sk-ant-1"), "--id: looks like an API key"),
        (("sumarizer", "--suite", "quality", "--id", NEW), "did you mean summarizer?"),
    ],
)
def test_wrong_words_are_told(shell: Shell, words: tuple[str, ...], why: str) -> None:
    """A probe is not claimed by a file, and names are names."""
    told = shell.run("evidence", "add", *words, str(FILES / "junit-passed.xml"), "-e", "prod")
    assert (told.returncode, why in told.stderr) == (2, True), told.stderr


def test_an_origin_that_is_not_approved_is_refused(shell: Shell) -> None:
    """Evidence about an API that nobody believes ends with 1, as in every command."""
    shell.site.asks(summarizer=NEW, more='[api]\norigins = ["https://api.anthropic.com"]\n')
    assert shell.run(*ADD, str(FILES / "junit-passed.xml")).returncode == 1


def test_no_evidence_is_said(shell: Shell) -> None:
    """An empty list is a sentence for people and an empty array for programs."""
    told = shell.run("evidence", "list", "-e", "prod")
    assert (told.stdout, listed(shell)) == ("no evidence was recorded\n", [])
