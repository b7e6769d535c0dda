"""modelgate evidence list"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from modelgate.cli import complete
from modelgate.cli.command import Command
from modelgate.cli.options import data_format, scoped
from modelgate.cli.output import say, say_json
from modelgate.cli.terminal import style_of
from modelgate.domain.text import printable
from modelgate.domain.times import to_the_minute
from modelgate.render.table import table

if TYPE_CHECKING:
    from modelgate.domain.evidence import Evidence
    from modelgate.gate.context import Context


@click.command("list", cls=Command)
@click.argument("slot", required=False, shell_complete=complete.slots)
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=50, show_default=True, help="How many at the most.")
@scoped
@data_format
def command(context: Context, slot: str | None, limit: int, output_format: str) -> int:
    """List the evidence of a slot or of all, newest first.

    Example: modelgate evidence list summarizer -e prod
    """
    from modelgate.operations.evidence import evidence_json, recorded

    found = recorded(context, slot, limit)
    if output_format == "json":
        say_json([evidence_json(each) for each in found])
        return 0
    headings = ["slot", "id", "suite", "outcome", "", "recorded", "by", "commit"]
    lines = table(headings, [_cells(each) for each in found], style_of(sys.stdout, os.environ), expendable=["commit"])
    say("\n".join(lines) or f"no evidence was recorded{f' of {printable(slot)}' if slot else ''}")
    return 0


def _cells(each: Evidence) -> list[str]:
    row = each.row
    commit = (each.commit_sha or "-")[:12]
    return [
        row.slot, row.model_id, row.suite, row.outcome, row.told, to_the_minute(each.recorded_at), each.actor, commit,
    ]  # fmt: skip
