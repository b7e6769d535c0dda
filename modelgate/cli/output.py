"""Writing what a command found: to standard output, to files, and to a job's summary."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modelgate.cli.terminal import style_of
from modelgate.domain.errors import UsageError
from modelgate.domain.text import printable
from modelgate.render import FORMATS, last_line, render

if TYPE_CHECKING:
    from modelgate.domain.report import Report


def say(text: str, *, err: bool = False) -> None:
    """Prints `text` in the characters that the stream can take. A reader who left does not change the exit code.

    Raises UsageError where the stream takes nothing, such as on a full disk.
    """
    stream = sys.stderr if err else sys.stdout
    fitting = style_of(stream, os.environ).fit(text)
    try:
        stream.write(fitting if fitting.endswith("\n") else fitting + "\n")
        stream.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())  # where the rest goes when the process ends
        if not isinstance(error, BrokenPipeError):
            hint = "what was done stands; only its output is lost"
            raise UsageError(f"cannot write the output: {error.strerror}", hint=hint) from None


def say_json(value: Any) -> None:
    """Prints `value` as JSON."""
    say(json.dumps(value, indent=2))


def tell(output_format: str, value: Any, text: str) -> None:
    """What a command found, as `--format` wants it: `value` as JSON, or the same as text."""
    say_json(value) if output_format == "json" else say(text)


def need_place(path: Path) -> None:
    """What cannot be written is told before anybody is asked. Raises UsageError."""
    from modelgate.whole_file import may_write

    if not may_write(path):
        raise UsageError(f"cannot write {path}: {_why_not(path)}", hint="name another file")


def _why_not(path: Path) -> str:
    if os.path.isdir(path):
        return "it is a folder"
    folder = path.absolute().parent
    return "its folder does not exist" if not os.path.isdir(folder) else "its folder cannot be written to"


def parse_reports(wanted: Sequence[str]) -> list[tuple[str, Path]]:
    """`sarif=out.sarif` into format and path. Raises UsageError for anything else."""
    parsed = []
    for word in wanted:
        output_format, equals, path = word.partition("=")
        if not equals or not path or output_format not in FORMATS:
            raise UsageError(f"--report takes F=FILE, not {word[:60]!r}", hint=f"F is one of {', '.join(FORMATS)}")
        parsed.append((output_format, Path(path)))
    need_apart(path for _, path in parsed)
    return parsed


def need_apart(paths: Iterable[Path]) -> None:
    """Raises UsageError where two of the files are one: the later would take the place of the earlier."""
    places = [os.path.realpath(path) for path in paths]
    if twice := next((place for place in places if places.count(place) > 1), None):
        raise UsageError(f"{printable(twice)} would be written twice", hint="name a file of its own for each")


def put_out(
    report: Report,
    output_format: str,
    reports: Sequence[tuple[str, Path]] = (),
    *,
    err: bool = False,
    again: bool = False,
) -> None:
    """The report on standard output (or error), into files, and into GitHub's job summary where there is one.

    `again`: text was printed before, and is not repeated but for the verdict.
    What cannot be written is told on the other stream: it is output, and changes neither the verdict nor the exit code.
    """
    lost: list[UsageError] = []
    for file_form, path in reports:
        lost += _tried(write, path, render(report, file_form))
    if output_format == "github" and (summary := os.environ.get("GITHUB_STEP_SUMMARY")):
        lost += _tried(_append, summary, render(report, "markdown"))
    stream = sys.stderr if err else sys.stdout
    style = style_of(stream, os.environ)
    told = last_line(report, style) if again else render(report, output_format, style=style)
    printed = _tried(say, told, err=err)
    for error in [*lost, *printed]:
        _tried(say, f"warning: {printable(error.message, 500)}", err=not err if printed else True)


def _tried(work: Callable[..., None], *arguments: object, **named: object) -> list[UsageError]:
    """What went wrong with it, if something did."""
    try:
        work(*arguments, **named)
    except UsageError as error:
        return [error]
    return []


def _append(path: str, text: str) -> None:
    try:
        with open(path, "a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UsageError(
            f"cannot write $GITHUB_STEP_SUMMARY: {error.strerror}", hint="does its folder exist?"
        ) from None


def write(path: Path, text: str) -> None:
    """Writes a file whole. Raises UsageError where that is impossible."""
    from modelgate.whole_file import write_whole

    try:
        write_whole(path, text)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}", hint="name a file in a folder that exists") from None


report_formats = click.option(
    "--format",
    "output_format",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="Of standard output.",
)
report_files = click.option(
    "--report", "reports", multiple=True, metavar="F=FILE", help="Write the report in another format too."
)
