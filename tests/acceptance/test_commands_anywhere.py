"""Commands that need neither an environment nor a file, typed in an empty folder."""

from __future__ import annotations

import json

import pytest
from support.commands import Shell
from support.sites import ALIAS, OLD


@pytest.fixture
def nowhere(storeless: Shell) -> Shell:
    """A shell whose folder has no settings, with the SDK's own credentials."""
    for path in storeless.site.config.iterdir():
        path.unlink()
    storeless.site.config.rmdir()
    del storeless.site.environ["MODELGATE_DATABASE_URL"]
    return storeless


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("models", "--line", "sonnet"), OLD),
        (("resolve", ALIAS), f"{ALIAS} → {OLD}"),
        (("explain",), "drift.alias-moved"),
        (("explain", "drift.alias-moved"), "Why it matters."),
        (("settings",), "policy.enforce"),
        (("settings", "--schema"), "model_from"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_it_works_in_an_empty_folder(nowhere: Shell, words: tuple[str, ...], told: str) -> None:
    """Nothing but the command is needed, and it leaves nothing behind."""
    done = nowhere.run(*words)
    assert (done.returncode, done.stderr) == (0, "")
    assert told in done.stdout
    assert list(nowhere.site.folder.glob("*.db")) == []


def test_a_variable_that_names_another_folders_environment_is_no_obstacle(nowhere: Shell) -> None:
    """On call `$MODELGATE_ENVIRONMENT` is set where no settings are; an option that names one is a mistake."""
    assert nowhere.run("resolve", ALIAS, environ={"MODELGATE_ENVIRONMENT": "prod"}).returncode == 0
    assert nowhere.run("resolve", ALIAS, "-e", "prod").returncode == 2


def test_an_environment_that_is_named_is_used(shell: Shell) -> None:
    """Its API is asked, and its settings are shown."""
    shell.site.asks(summarizer=ALIAS, more='[api]\nbase_url = "http://127.0.0.1:9"\n', policy={"deadline_seconds": 2})
    assert shell.run("models", "-e", "prod", "--format", "json").returncode == 3
    shown = json.loads(shell.run("settings", "-e", "prod", "--format", "json").stdout)
    assert {"key": "slots.summarizer.model", "value": ALIAS, "source": "config/prod.toml:6"} in shown


def test_explain_lists_every_check(nowhere: Shell) -> None:
    """Without an ID: all of them, in the order of the page; as JSON with their texts."""
    listed = json.loads(nowhere.run("explain", "--format", "json").stdout)
    lines = nowhere.run("explain").stdout.splitlines()[1:]
    assert [line.split()[0] for line in lines] == [each["id"] for each in listed]


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("check -e ", {"prod"}),
        ("accept -e prod ", {"summarizer"}),
        ("explain drift.al", {"drift.alias-moved"}),
    ],
)
def test_the_shell_completes_what_settings_and_pages_know(shell: Shell, typed: str, offered: set[str]) -> None:
    """Environments, slots and check IDs."""
    assert completed(shell, typed) == offered


def test_the_shell_completes_runs(approved: Shell) -> None:
    """`accept --run` offers the newest runs, newest first."""
    runs = [approved.report("check", "-e", "prod")["run_id"] for _ in range(2)]
    assert completed(approved, "accept -e prod --run ") == set(runs)


def completed(shell: Shell, typed: str) -> set[str]:
    """What click offers after these words."""
    words = typed.split(" ")
    environ = {
        "_MODELGATE_COMPLETE": "bash_complete",
        "COMP_WORDS": f"modelgate {typed}",
        "COMP_CWORD": str(len(words)),
    }
    done = shell.run(environ=environ)
    assert (done.returncode, done.stderr) == (0, "")
    return {line.partition(",")[2] for line in done.stdout.splitlines()}
