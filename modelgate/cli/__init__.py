"""The command line: one file a command, loaded when the command is used."""

from __future__ import annotations

import gc
import signal
import sys
from types import FrameType
from typing import NoReturn

from modelgate.cli.group import cli
from modelgate.errors import Interrupted, ModelgateError

__all__ = ["cli", "main"]

_NEW_OBJECTS = 100_000
"""Between two searches for garbage. What imports make stays: at Python's own 700 a gate took a third more CPU time."""


def main() -> NoReturn:
    """The `modelgate` command: runs it and ends the process with the contract's exit code."""
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)
    gc.set_threshold(_NEW_OBJECTS)
    try:
        code = _run()
        gc.freeze()  # the end of the process frees everything anyhow
        sys.exit(code)
    except Interrupted as interrupted:
        _leave(interrupted.exit_code)


def _interrupt(number: int, _frame: FrameType | None) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)  # a second signal must not interrupt the tidying up
    raise Interrupted(number)


def _run() -> int:
    import click

    from modelgate.cli.failure import defect, tell

    try:
        code = cli.main(prog_name="modelgate", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except click.Abort:
        raise Interrupted(signal.SIGINT) from None
    except Interrupted:
        raise
    except ModelgateError as error:
        tell(error)
        return error.exit_code
    except Exception as error:  # whatever it is, it is told in one line, as a defect
        defect(error)
        return ModelgateError.exit_code


def _leave(code: int) -> NoReturn:
    """Ends at once: threads that wait for a server must not hold back the end."""
    import os

    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            continue
    os._exit(code)
