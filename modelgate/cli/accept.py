"""modelgate accept"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from modelgate.cli.changes import show
from modelgate.cli.command import Command
from modelgate.cli.options import completed_by, data_format, reason, scoped, slots_argument

if TYPE_CHECKING:
    from modelgate.gate.context import Context


@click.command("accept", cls=Command)
@slots_argument
@click.option("--all", "everything", is_flag=True, help="All slots of the settings.")
@click.option(
    "--run", "run_id", metavar="RUN", help="Pin exactly what that run saw.", shell_complete=completed_by("runs")
)
@click.option("--from", "source", metavar="ENV", help="Pin what that environment runs: a promotion.")
@reason
@scoped
@data_format
def command(
    context: Context,
    slots: tuple[str, ...],
    everything: bool,
    run_id: str | None,
    source: str | None,
    reason: str,
    output_format: str,
) -> int:
    """Approve what the settings resolve to now.

    Each ID is verified live. A held slot is refused: release it.

    Example: modelgate accept summarizer -e prod --reason "evals passed, ABC-123"
    """
    from modelgate.operations.accept import accept

    changed = accept(context, slots, everything=everything, run_id=run_id, source=source, reason=reason)
    show(changed, output_format, "accepted")
    return 0
