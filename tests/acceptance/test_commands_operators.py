"""The operators' commands as processes: what they ask, what they show, and what a terminal changes."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
from datetime import timedelta

import pytest
from support.commands import Shell
from support.sites import ALIAS, NEW, OLD

from modelgate.cli.group import COMMANDS, cli
from modelgate.domain.times import to_the_minute

posix = pytest.mark.skipif(os.name != "posix", reason="a pty is POSIX's")


@pytest.fixture
def moved(approved: Shell) -> Shell:
    """The slot ran OLD, then NEW."""
    approved.site.preflight()
    approved.site.sandbox.move_alias(ALIAS, NEW)
    approved.site.accept("summarizer")
    approved.site.preflight()
    return approved


def at_a_terminal(
    shell: Shell, *words: str, answer: str = "", output: int | None = None, **environ: str
) -> tuple[int, str]:
    """Exit code and what the terminal showed; the answer is typed once a question ends. `output`: a redirection."""
    import fcntl
    import pty
    import termios

    def own_terminal() -> None:  # as a login does: Ctrl-C then reaches the process
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    terminal, inner = pty.openpty()
    ends = {"stdin": inner, "stdout": inner if output is None else output, "stderr": inner, "preexec_fn": own_terminal}
    with shell.start(*words, **ends, environ={"TERM": "xterm", **environ}) as process:
        os.close(inner)
        shown = ""
        while data := _read(terminal):
            shown += data
            if answer and shown.endswith("]: "):
                os.write(terminal, answer.encode())
                answer = ""
        process.terminate()  # of no effect, unless it hangs
        code = process.wait(30)
    os.close(terminal)
    return code, shown


def _read(terminal: int) -> str:
    """What is shown next; nothing at the end, or after a minute of silence."""
    if not select.select([terminal], [], [], 60)[0]:
        return ""
    try:
        return os.read(terminal, 65536).decode()
    except OSError:  # the other end is closed
        return ""


ROLLBACK = ("rollback", "summarizer", "-e", "prod", "--reason", "INC-42: loops")


@posix
def test_a_rollback_asks_before_it_does_it(moved: Shell) -> None:
    """The question shows old → new and the outlook; "n" changes nothing and is exit 1, "y" does it."""
    code, shown = at_a_terminal(moved, *ROLLBACK, answer="n\n")
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert code == 1
    assert re.search(rf"{NEW}\s+→\s+{OLD}", plain)
    assert "The next preflight will pass" in plain
    assert "Do it? [y/N]: " in plain
    assert "nothing was changed" in plain
    assert len(moved.site.pins()) == 2
    code, shown = at_a_terminal(moved, *ROLLBACK, answer="y\n")
    assert code == 0
    assert "kubectl rollout restart" in shown
    assert moved.site.pins()[-1] == ("rollback", ALIAS, OLD)


@posix
def test_the_question_is_seen_where_the_output_is_kept(moved: Shell) -> None:
    """With the output in a file the terminal still shows what would change, and asks."""
    kept = moved.site.folder / "kept.txt"
    with kept.open("w") as file:
        code, shown = at_a_terminal(moved, *ROLLBACK, answer="y\n", output=file.fileno())
    assert code == 0
    assert "The next preflight will " in shown
    assert "Do it? [y/N]: " in shown
    assert "kubectl rollout restart" in kept.read_text()


@posix
def test_ctrl_c_at_the_question_is_130(moved: Shell) -> None:
    """Nobody said yes."""
    code, _ = at_a_terminal(moved, *ROLLBACK, answer="\x03")
    assert (code, len(moved.site.pins())) == (130, 2)


@posix
def test_colour_is_for_terminals_that_want_it(approved: Shell) -> None:
    """Colour on a terminal, none with NO_COLOR, none in a pipe."""
    assert "\x1b[" in at_a_terminal(approved, "check", "-e", "prod")[1]
    assert "\x1b[" not in at_a_terminal(approved, "check", "-e", "prod", NO_COLOR="1")[1]
    assert "\x1b[" not in approved.run("check", "-e", "prod", environ={"TERM": "xterm"}).stdout


def test_without_a_terminal_yes_must_be_said(moved: Shell) -> None:
    """Exit 2 with the hint and nothing written; with --yes it is done, and --dry-run only shows."""
    refused = moved.run(*ROLLBACK)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "add --yes" in refused.stderr
    shown = moved.run(*ROLLBACK, "--dry-run", "--format", "json")
    assert (shown.returncode, json.loads(shown.stdout)["recorded"]) == (0, False)
    assert len(moved.site.pins()) == 2
    done = json.loads(moved.run(*ROLLBACK, "--yes", "--format", "json", "--expires", "24h").stdout)
    (change,) = done["changes"]
    assert (change["before"], change["after"], change["revokes"]) == (NEW, OLD, 2)
    assert done["next_preflight"] == "pass"


def test_of_very_many_slots_a_sentence_names_the_first(shell: Shell) -> None:
    """Those that were changed come first; the rest is counted, approved or refused."""
    names = [f"slot_{number:02}" for number in range(13)]
    shell.site.asks(**dict.fromkeys(names, ALIAS))
    accept = ("accept", "-e", "prod", "--reason", "x")
    one = shell.run(*accept, "slot_12").stdout
    assert "  drift.unpinned slot_09: " in one
    assert "  … and 2 more: modelgate check -s checkout -e prod\n" in one
    shell.site.accept(*names[:5])
    rest = shell.run(*accept, "--all").stdout
    assert f"nothing to do, approved already: {', '.join((*names[:5], names[12]))}\n" in rest
    (ahead,) = [line for line in rest.splitlines() if line.startswith("The next preflight will pass and hand over ")]
    assert ahead.startswith(f"The next preflight will pass and hand over slot_05 = {OLD}, slot_06")
    assert ahead.endswith(" and 3 more")


def test_an_observing_gate_hands_over_what_the_settings_say(shell: Shell) -> None:
    """With enforce = false preflight hands over what the settings say, and approves nothing: so the outlook says."""
    shell.site.asks(policy={"enforce": False}, summarizer=ALIAS)
    done = shell.run("accept", "--all", "-e", "prod", "--reason", "x").stdout
    assert "the policy only observes, and hands over what the settings and holds say" in done
    assert shell.report("preflight", "-e", "prod")["slots"][0]["handed_off"] == ALIAS


def test_who_did_it_is_kept(moved: Shell) -> None:
    """The actor, the CI's commit and run, and the reason stand in the store."""
    ci = {
        "MODELGATE_ACTOR": "", "GITHUB_ACTOR": "octo", "GITHUB_SHA": "c0ffee", "GITHUB_RUN_ID": "7",
        "GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/shop", "POD_NAME": "pod-1",
    }  # fmt: skip
    assert moved.run(*ROLLBACK, "--yes", environ=ci).returncode == 0
    last = moved.site.store().revisions(moved.site.scope())[-1]
    assert (last.actor, last.reason) == ("octo", "INC-42: loops")
    run = moved.report("check", "-e", "prod", environ=ci)["run_id"]
    stored = moved.site.store().run(run)
    assert stored is not None
    author = stored.envelope.author
    assert (author.commit_sha, author.host) == ("c0ffee", "pod-1")
    assert author.ci_run == "https://github.com/acme/shop/actions/runs/7"


def test_a_hold_that_is_over_is_not_said_to_last(moved: Shell) -> None:
    """Status says until when a hold lasts, and then that it expired: preflight warns of it, check refuses."""
    moved.site.clock.ahead -= timedelta(days=2)
    ends = moved.site.clock.now() + timedelta(days=1)
    moved.site.rollback("summarizer", expires_at=ends)
    assert f"  expired {to_the_minute(ends)}  " in moved.run("status", "-e", "prod").stdout
    moved.site.rollback("summarizer", to=NEW, expires_at=ends + timedelta(days=2))
    assert f"  until {to_the_minute(ends + timedelta(days=2))}  " in moved.run("status", "-e", "prod").stdout


def test_a_slot_without_history_is_named(approved: Shell) -> None:
    """A slip of the keyboard is seen at once."""
    assert approved.run("history", "sumarizer", "-e", "prod").stdout == "nothing was recorded of sumarizer\n"


def test_a_head_of_another_chain_is_wrong_usage(approved: Shell) -> None:
    """Exit 2 that names both chains."""
    approved.site.asks("staging", summarizer=ALIAS)
    head = approved.run("audit", "head", "-e", "prod").stdout.strip()
    for option in ("--expect", "--after"):
        wrong = approved.run("audit", "verify", "-e", "staging", option, head)
        assert (wrong.returncode, wrong.stdout) == (2, "")
        assert "that head is of the chain checkout/prod, not of checkout/staging" in wrong.stderr


def test_names_are_resolved_and_models_listed(shell: Shell) -> None:
    """An alias, an ID, a retired name; 1 where one means nothing."""
    resolved = shell.run("resolve", ALIAS, NEW, "-e", "prod")
    assert (resolved.returncode, resolved.stdout) == (0, f"{ALIAS} → {OLD}\n{NEW} is its own ID\n")
    retired = shell.run("resolve", "claude-opus-4-0", "-e", "prod", "--format", "json")
    assert retired.returncode == 1
    assert json.loads(retired.stdout)["answers"][0]["outcome"] == "retired"
    listed = json.loads(shell.run("models", "-e", "prod", "--line", "haiku", "--format", "json").stdout)
    assert [model["id"] for model in listed] == ["claude-haiku-4-5-20251001"]


def test_every_character_set_can_be_written_to(shell: Shell) -> None:
    """A terminal or a pipe that knows ASCII alone gets ASCII."""
    for words in (("resolve", ALIAS, "-e", "prod"), ("check", "-e", "prod"), ("lock", "--force", "-e", "prod")):
        done = shell.run(*words, environ={"PYTHONIOENCODING": "ascii"})
        assert done.returncode in (0, 1), done.stderr
        assert done.stdout.isascii()


@pytest.mark.parametrize(
    "words", [[name] for name in COMMANDS] + [["audit", "verify"], ["db", "upgrade"], ["batch", "run"]]
)
def test_every_command_explains_itself_with_an_example(words: list[str]) -> None:
    """`--help` of each command has a line that can be pasted."""
    from click.testing import CliRunner

    done = CliRunner().invoke(cli, [*words, "--help"], prog_name="modelgate")
    assert done.exit_code == 0
    assert (
        f"Example: modelgate {words[0]}" in " ".join(done.output.split())
        or f"Example: source <(modelgate {words[0]}" in done.output
    )


@pytest.mark.parametrize("shell_name", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: Shell, shell_name: str) -> None:
    """The script of each shell names the command; where that shell is installed it parses."""
    script = shell.run("completion", shell_name).stdout
    assert "_MODELGATE_COMPLETE" in script
    if shell_name == "bash":
        subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_completion_knows_the_commands(shell: Shell) -> None:
    """What the script asks the command for."""
    asked = {"_MODELGATE_COMPLETE": "bash_complete", "COMP_WORDS": "modelgate rel", "COMP_CWORD": "1"}
    assert shell.run(environ=asked).stdout == "plain,release\n"


def test_a_command_that_is_nearly_right_is_suggested(shell: Shell) -> None:
    """Wrong words are exit 2, with what was meant, and without a trace."""
    wrong = shell.run("chekc")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "did you mean check?" in wrong.stderr
    assert shell.run("check", "--no-such-option").returncode == 2
    assert sys.executable not in wrong.stderr
