"""How a failed command is told: one line and the next step, on standard error."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import click

from modelgate.cli.terminal import style_of
from modelgate.domain.errors import CouldNotKnow, ModelgateError, SettingsError, Unproved, UsageError
from modelgate.domain.text import printable
from modelgate.render.style import Style


def told(error: Exception) -> int:
    """Tells why a command failed, and returns its exit code. Whatever is nobody's doing is told as a defect."""
    match error:
        case click.exceptions.NoArgsIsHelpError():
            _show_help(error)
            return UsageError.exit_code
        case click.ClickException():
            _show(error)
            return UsageError.exit_code
        case ModelgateError():
            tell(error)
            return error.exit_code
    _defect(error)
    return ModelgateError.exit_code


def tell(error: ModelgateError) -> None:
    """What went wrong and what to do. Of an unknown, its check ID too, for `modelgate explain`."""
    style = style_of(sys.stderr, os.environ)
    problem = error.problem if isinstance(error, CouldNotKnow) else None
    named = f"{problem.check}: " if problem else ""
    request = f" ({printable(problem.request_id, 40)})" if problem and problem.request_id else ""
    said = error.message.splitlines() if isinstance(error, SettingsError) else [error.message]
    message = "\n".join(printable(line, 500) for line in said)  # settings have a line for each thing that is wrong
    lines = [f"{style.paint('error', 'red')}: {named}{message}{request}"]
    for lack in error.findings if isinstance(error, Unproved) else ():
        lines.append(f"  {lack.id} {lack.slot}: {printable(lack.message, 100)}")
        lines += _next(lack.hint, lack.commands, "    ", style)
    lines += _next(error.hint, error.commands, "  ", style)
    _say(style.fit("\n".join(lines)))


def _next(hint: str, commands: Sequence[str], indent: str, style: Style) -> list[str]:
    """What comes next: the hint, and each command alone on its line."""
    told = [printable(each, 500) for each in (hint, *commands) if each]
    marks = ("→ ", *("  " if hint else "→ " for _ in told[1:]))
    return [f"{indent}{mark}{style.paint(each, 'cyan')}" for mark, each in zip(marks, told, strict=False)]


def _defect(error: Exception) -> None:
    """A defect of modelgate: where it is, and no word that could hold a secret, unless somebody debugs."""
    if os.environ.get("MODELGATE_DEBUG"):
        traceback.print_exception(error)
        return
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{os.path.basename(frames[-1].filename)}:{frames[-1].lineno}" if frames else "nowhere"
    _say(
        f"error: a defect of modelgate: {type(error).__name__} at {place}\n"
        "  → run it again with MODELGATE_DEBUG=1 for the whole trace, and report it"
    )


def _show(error: click.ClickException) -> None:
    """What click found wrong with the command line, told as any other failure; and where the right way is told."""
    found = " ".join(error.format_message().split()).rstrip(".")  # it has lines where there is much to choose from
    context = getattr(error, "ctx", None)  # of wrong usage alone
    place = context.command_path if context else "modelgate"
    tell(UsageError(found[:1].lower() + found[1:], hint=f"{place} --help"))


def _show_help(error: click.ClickException) -> None:
    """The help that click shows where a group is given nothing to do."""
    with _the_exit_code_tells():
        error.show()


def _say(text: str) -> None:
    with _the_exit_code_tells():
        print(text, file=sys.stderr, flush=True)


@contextmanager
def _the_exit_code_tells() -> Iterator[None]:
    """Also where standard error is full or gone."""
    try:
        yield
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
