"""Entry and end of a command's process: what only a process that is ours alone may do to itself."""

from __future__ import annotations

import atexit
import gc
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from modelgate.cli.start import interrupts
from modelgate.domain.errors import Interrupted

_NEW_OBJECTS = 300_000
"""Between two searches for garbage. What imports make stays: at Python's own 700 a gate took a third more CPU time.

A gate makes 120,000, so that it never searches: one search of them took 46 ms (measured on Python 3.15).
"""


def main() -> NoReturn:
    """The `modelgate` command: runs it and ends the process with the contract's exit code."""
    try:
        code = _to_the_end()
    except Interrupted as interrupted:
        code = interrupted.exit_code
    _leave(code)


def _to_the_end() -> int:
    try:
        interrupts.handle()
        _start_light()
        code = run()
        interrupts.no_longer_handle()
        atexit._run_exitfuncs()  # what a library collected may wait there to be sent; multiprocessing ends so, too
    except Exception:  # also of an import: Python makes a RuntimeError of what a `__set_name__` raises
        interrupts.raise_again()
        raise
    return code


def _start_light() -> None:
    from modelgate.cli.start.by_name import open_by_name

    gc.set_threshold(_NEW_OBJECTS)
    open_by_name()


def run(arguments: Sequence[str] | None = None) -> int:
    """Runs a command, by default the one that was typed, and returns the contract's exit code. Raises Interrupted."""
    code = _run(arguments)
    if logs := sys.modules.get("modelgate.cli.logs"):  # else nothing was asked
        logs.sum_up()
    return code


def _run(arguments: Sequence[str] | None) -> int:
    import click

    from modelgate.cli.group import cli

    _open_streams()
    output = sys.stdout
    try:
        code = cli.main(arguments, prog_name="modelgate", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as end:
        return end.exit_code
    except SystemExit as leaving:  # click ends so: with another output in its place where its help's reader has left,
        if sys.stdout is not output:
            return 0
        if isinstance(leaving.code, int):  # and after what a shell's completion asked for
            return leaving.code
        raise
    except click.Abort:
        raise Interrupted(signal.SIGINT) from None
    except Exception as error:
        if not isinstance(error, click.ClickException):
            interrupts.raise_again()
        from modelgate.cli.failure import told  # of a command that failed alone

        return told(error)


def _open_streams() -> None:
    """Whoever starts a command with its output closed wants the exit code alone: what is said goes nowhere."""
    import os

    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 # as long as the process


def _leave(code: int) -> NoReturn:
    """Ends at once: threads that wait for a server must not hold it back.

    Python would take apart every module first: 12 to 18 ms of a gate (measured).
    """
    import os

    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):  # there is none, it takes nothing, it is closed
            continue
    os._exit(code)
