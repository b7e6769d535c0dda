"""modelgate evidence add"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelgate.cli import complete
from modelgate.cli.command import Command
from modelgate.cli.options import data_format, scoped
from modelgate.cli.output import say, say_json
from modelgate.domain.text import printable

if TYPE_CHECKING:
    from modelgate.gate.context import Context


@click.command("add", cls=Command)
@click.argument("slot", shell_complete=complete.slots)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--suite", required=True, metavar="NAME", help="Of the evaluation, as accept_needs says it.")
@click.option("--id", "model_id", required=True, metavar="ID", help="The model ID that it ran on.")
@scoped
@data_format
def command(context: Context, slot: str, file: Path, suite: str, model_id: str, output_format: str) -> int:
    """Record that a suite ran on an ID: JUnit XML, promptfoo's --output JSON or inspect_ai's JSON log.

    Of the file its counts and its digest are kept, nothing else.

    Example: modelgate evidence add summarizer -e prod --suite quality --id claude-sonnet-5 results.xml
    """
    from modelgate.operations.evidence import add, row_json

    added = add(context, slot, suite, model_id, file)
    row = added.row
    if output_format == "json":
        say_json({**row_json(row), "notes": list(added.notes), "head": str(added.head)})
        return 0
    skipped = f", {added.results.skipped} skipped" if added.results.skipped else ""
    counts = f"{row.passed} passed, {row.failed} failed{skipped}"
    lines = [f"{row.suite} {row.outcome} on {printable(row.model_id)} for {row.slot}: {counts}"]
    lines += [f"note: {note}" for note in added.notes]
    say("\n".join([*lines, f"recorded as {added.head}"]))
    return 0
