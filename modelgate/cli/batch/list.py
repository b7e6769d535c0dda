"""modelgate batch list"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from modelgate.cli.command import Command
from modelgate.cli.options import data_format, scoped
from modelgate.cli.output import tell
from modelgate.cli.terminal import style_of

if TYPE_CHECKING:
    from modelgate.gate.context import Context


@click.command("list", cls=Command)
@scoped
@data_format
def command(context: Context, output_format: str) -> int:
    """List the jobs of an environment, newest first.

    Example: modelgate batch list -e prod
    """
    from modelgate.batches import render
    from modelgate.batches.python import jobs

    found = jobs(context=context)
    tell(
        output_format,
        [render.job_json(job) for job in found],
        render.jobs_text(found, style_of(sys.stdout, os.environ)),
    )
    return 0
