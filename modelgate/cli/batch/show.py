"""modelgate batch show"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from modelgate.cli.command import Command
from modelgate.cli.options import data_format, job_argument, scoped
from modelgate.cli.output import tell
from modelgate.cli.terminal import style_of

if TYPE_CHECKING:
    from modelgate.gate.context import Context


@click.command("show", cls=Command)
@job_argument
@scoped
@data_format
def command(context: Context, job_id: str, output_format: str) -> int:
    """Show a job and its batches, as the ledger has them.

    Example: modelgate batch show job_3f9a2c1b00d14e77 -e prod
    """
    from modelgate.batches import operations, render

    job = operations.job(context, job_id)
    tell(output_format, render.job_json(job), render.job_text(job, style_of(sys.stdout, os.environ)))
    return 0
