"""modelgate models"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from modelgate.cli.command import Command
from modelgate.cli.options import anywhere, data_format
from modelgate.cli.output import tell
from modelgate.cli.terminal import style_of
from modelgate.domain.catalogue import LIFECYCLES, Entry
from modelgate.domain.codec import entry_to_json
from modelgate.render.table import table

if TYPE_CHECKING:
    from modelgate.gate.context import Context


@click.command("models", cls=Command)
@click.option("--lifecycle", "lifecycles", multiple=True, type=click.Choice(LIFECYCLES), help="Default: not retired.")
@click.option("--line", "lines", multiple=True, metavar="LINE", help="Such as opus; may be repeated.")
@anywhere
@data_format
def command(context: Context, lifecycles: tuple[str, ...], lines: tuple[str, ...], output_format: str) -> int:
    """List what the Models API serves.

    Example: modelgate models -e prod --lifecycle active --line sonnet
    """
    from modelgate.operations.catalogue import models

    found = models(context, lifecycles, lines)
    headings = ["id", "line", "lifecycle", "retires", "input tokens", "output tokens"]
    drawn = table(headings, [_cells(entry) for entry in found], style_of(sys.stdout, os.environ))
    tell(output_format, [entry_to_json(entry) for entry in found], "\n".join(drawn or ["no model is like that"]))
    return 0


def _cells(entry: Entry) -> list[str]:
    limits = (entry.max_input_tokens, entry.max_tokens)
    return [
        entry.id,
        entry.line or ("-" if entry.line_known else "?"),
        entry.lifecycle or "?",
        entry.retires_at.date().isoformat() if entry.retires_at else "-" if entry.retires_known else "?",
        *(str(limit) if limit is not None else "?" for limit in limits),
    ]
