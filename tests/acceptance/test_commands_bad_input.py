"""Bad input gets one clear error and loses nothing."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command_page import commands
from support.commands import Shell, files
from support.sites import ALIAS

from modelgate.domain.errors import ModelgateError

SETTINGS = 'service = "checkout"\n[slots.summarizer]\nmodel = {}\n'


def wrong(shell: Shell, *words: str, code: int = 2, **options: object) -> str:
    """The one error on standard error; nothing on standard output, no trace, no file."""
    done = shell.run(*words, **options)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    assert "Traceback" not in done.stderr
    assert (done.stderr.startswith("error: "), done.stderr.count("rror: ")) == (True, 1)
    assert files(shell.site.folder) == set()
    return done.stderr


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_wrong_usage_is_told_in_one_style(shell: Shell, name: str) -> None:
    """Of every command: one line that says what is wrong, one that says where the right way is told."""
    words = name.split()[1:]
    told = wrong(shell, *words, "--xq")
    assert told == f"error: no such option '--xq'\n  → {name} --help\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("service = ", "prod.toml:1"),
        ("[slots.summarizer\n", "prod.toml:1"),
        ("\x00", "prod.toml"),
        (
            SETTINGS.format('"claude\\u001b[31m"'),
            r"prod.toml:3: slots.summarizer.model: 'claude\x1b[31m' is no model name",
        ),
        (SETTINGS.format('"' + "a" * 10_000 + '"'), "has 10000 characters, more than 256"),
        (SETTINGS.format('"../../etc/passwd"'), "is no model name"),
        (SETTINGS.format('""'), "is empty"),
        (SETTINGS.format("7"), "prod.toml:3"),
        ('[slots.Bad-Name]\nmodel = "a"\n', "lower snake case"),
        ('[slots.a]\nmodel = "a"\nmodle = "b"\n', "did you mean"),
        ('[policy]\nfirst_use = "maybe"\n', "prod.toml:2"),
        ('[[waivers]]\ncheck = "drift.unpinned"\nuntil = 2030-01-01\nreason = "x"\n', "drift.unpinned"),
    ],
)
def test_settings_that_cannot_be_used(storeless: Shell, text: str, told: str) -> None:
    """Exit 2, the file and the line; the store is not even made."""
    (storeless.site.config / "prod.toml").write_text(text)
    assert told in wrong(storeless, "check", "-e", "prod")
    assert not (storeless.site.folder / "modelgate.db").exists()


@pytest.mark.parametrize("environment", ["../prod", "/etc/passwd", "prod.lock", "default", "nope", "a\nb", "p" * 5000])
def test_environments_that_are_none(shell: Shell, environment: str) -> None:
    """A path is no environment; the ones that there are stand in the error."""
    assert "there are prod" in wrong(shell, "check", "-e", environment)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("check", "-e", "prod", "--as-of", "yesterday"), "is no time"),
        (("check", "-e", "prod", "--as-of", "9999-12-31T23:59:59-14:00"), "is no time"),
        (("preflight", "-e", "prod", "--wait", "soon"), "is no duration"),
        (("preflight", "-e", "prod", "--wait", "99999999999999d"), "is no duration"),
        (("check", "-e", "prod", "--report", "pdf=x"), "--report takes F=FILE"),
        (("accept", "-e", "prod", "--all"), "--reason"),
        (("accept", "-e", "prod", "--reason", "x"), "name the slots, or say --all"),
        (("accept", "nope", "-e", "prod", "--reason", "x"), "has no slot nope"),
        (
            ("rollback", "summarizer", "-e", "prod", "--reason", "x", "--yes", "--to", "a", "--to-revision", "1"),
            "exclude",
        ),
        (
            (
                "rollback",
                "summarizer",
                "-e",
                "prod",
                "--reason",
                "x",
                "--yes",
                "--to",
                "a",
                "--expires",
                "99999999999d",
            ),
            "is no time",
        ),
        (
            ("rollback", "summarizer", "-e", "prod", "--reason", "x", "--yes", "--to", "a", "--expires", "2020-01-01"),
            "has passed",
        ),
        (("release", "summarizer", "-e", "prod", "--reason", "x"), "--keep or --accept"),
        (("explain", "no.such-check"), "no.such-check"),
        (("audit", "verify", "-e", "prod", "--expect", "x"), "is no head"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, tuple) else "",
)
def test_words_that_make_no_sense(approved: Shell, words: tuple[str, ...], told: str) -> None:
    """Exit 2 and one error that says how it is written; nothing is pinned."""
    pins = approved.site.pins()
    assert told in " ".join(wrong(approved, *words).split())
    assert approved.site.pins() == pins


@pytest.mark.parametrize("words", [("accept", "summarizer"), ("rollback", "summarizer", "--to", "claude-x", "--yes")])
def test_hostile_words_are_shown_and_not_obeyed(approved: Shell, words: tuple[str, ...]) -> None:
    """A terminal escape in a reason is kept as it is and never printed raw."""
    done = approved.run(*words, "-e", "prod", "--reason", "\x1b[2J\nforged: line")
    assert "\x1b" not in done.stdout + done.stderr
    history = approved.run("history", "-e", "prod")
    assert "\x1b" not in history.stdout
    assert not any(line.startswith("forged") for line in history.stdout.splitlines())


@pytest.mark.parametrize(
    ("url", "code", "told"),
    [
        ("nonsense", 2, "must be a URL such as sqlite"),
        ("mysql://h/d", 2, "must be a URL such as sqlite"),
        ("sqlite://", 2, "would forget everything"),
        ("sqlite:////proc/nowhere/x.db", 3, "store.unreachable"),
        ("sqlite:///config", 3, "store.unreachable"),
        ("postgresql://nobody:canary@127.0.0.1:9/x", 3, "store.unreachable"),
    ],
)
def test_databases_that_cannot_be_used(shell: Shell, url: str, code: int, told: str) -> None:
    """A URL that makes no sense is exit 2; a place that cannot be had is exit 3, in the report."""
    shell.site.asks(policy={"deadline_seconds": 2}, summarizer=ALIAS)
    done = shell.run("check", "-e", "prod", environ={"MODELGATE_DATABASE_URL": url})
    assert done.returncode == code
    assert told in done.stdout + done.stderr
    assert "canary" not in done.stdout + done.stderr


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")
def test_a_full_disk_loses_nothing(approved: Shell, tmp_path: Path) -> None:
    """The store cannot grow: exit 3 and why, no file, nothing started, and the store is whole."""
    head = approved.site.store().head(approved.site.scope())
    size = (tmp_path / "modelgate.db").stat().st_size

    def limit() -> Callable[[], None]:
        return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    for _ in range(8):  # free pages in the file take some rows
        done = approved.run(
            "preflight", "-e", "prod", "--emit-env", "models.env", "--", "echo", "started", preexec_fn=limit()
        )
        if done.returncode:
            break
    assert (done.returncode, done.stdout) == (3, "")
    assert "store.unreachable" in done.stderr
    store = approved.site.store()
    assert store.verify(approved.site.scope(), expect=head).intact
    assert approved.run("preflight", "-e", "prod", "--", "echo", "started").stdout == "started\n"


def test_our_errors_are_one_line_and_a_hint() -> None:
    """What a person reads first is short."""
    error = ModelgateError("something", hint="do this")
    assert (str(error), error.hint, error.exit_code) == ("something", "do this", 4)


@pytest.mark.parametrize("group", [(), ("audit",), ("batch",), ("db",)])
def test_a_group_without_a_command_shows_its_commands(shell: Shell, group: tuple[str, ...]) -> None:
    """The help that `--help` shows, line by line, as an error: nothing was done."""
    done = shell.run(*group)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == shell.run(*group, "--help").stdout
    assert "\nCommands:\n" in done.stderr
