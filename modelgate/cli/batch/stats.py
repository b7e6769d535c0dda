"""modelgate batch stats"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from modelgate.cli.batch import shared
from modelgate.cli.command import Command
from modelgate.cli.options import data_format, job_argument, scoped

if TYPE_CHECKING:
    from modelgate.gate.context import Context


@click.command("stats", cls=Command)
@job_argument
@scoped
@data_format
def command(context: Context, job_id: str, form: str) -> int:
    """Show how a job went, or has gone so far: outcomes, tokens, cost, time.

    Example: modelgate batch stats job_3f9a2c1b00d14e77 -e prod
    """
    from modelgate.batches.ledger import Ledger

    shared.show_statistics(context, Ledger(context, read_only=True).job(job_id), form)
    return 0
