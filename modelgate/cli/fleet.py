"""modelgate fleet"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelgate.cli.command import Command
from modelgate.cli.options import everywhere
from modelgate.cli.output import need_place, say, write
from modelgate.cli.terminal import style_of
from modelgate.domain.errors import UsageError
from modelgate.render.style import PLAIN, Style

if TYPE_CHECKING:
    from modelgate.domain.fleet import Fleet
    from modelgate.gate.context import Context

PART = 1000
"""Lines that are printed at a time."""
FORMATS = ("text", "json", "markdown", "openmetrics", "ics")


@click.command("fleet", cls=Command)
@click.option("--model", metavar="ID", help="Only who may run it, was handed it, or asks for it.")
@click.option("--due", type=click.IntRange(0, 36600), metavar="DAYS", help="Only what retires within so many days.")
@click.option(
    "--format", "output_format", type=click.Choice(FORMATS), default="text", show_default=True, help="Of the output."
)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="A file that appears whole, or not.")
@everywhere
def command(context: Context, model: str | None, due: int | None, output_format: str, out: Path | None) -> int:
    """Show every slot of every service and environment: what it runs, for how long yet, and what is held.

    It reads the audit store alone, and needs the settings of no service.

    Example: modelgate fleet --due 30 --format markdown
    """
    from modelgate.fleet.fleet import fleet

    if model == "":
        raise UsageError("--model names no model", hint="modelgate fleet --model ID")
    if out:
        need_place(out)
    found = fleet(context, model=model, due=due)
    drawn = _drawn(found, output_format, model, PLAIN if out else style_of(sys.stdout, os.environ))
    if out:
        write(out, "\n".join(drawn) + "\n")
        return 0
    while part := list(islice(drawn, PART)):
        say("\n".join(part) + "\n")
    return 0


def _drawn(found: Fleet, output_format: str, model: str | None, style: Style) -> Iterator[str]:
    """Lines, which of a large fleet are never held all at once."""
    from modelgate.render import calendar, fleet, openmetrics

    if output_format == "json":
        return fleet.json_lines(found, model)
    if output_format == "text":
        text = fleet.as_text(found, style, model)
    elif output_format == "markdown":
        text = fleet.as_markdown(found, model)
    else:
        text = openmetrics.as_openmetrics(found) if output_format == "openmetrics" else calendar.as_calendar(found)
    return iter(text.removesuffix("\n").split("\n"))
