"""modelgate batch cancel"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from modelgate.cli.command import Command
from modelgate.cli.options import data_format, job_argument, scoped
from modelgate.cli.output import say, say_json

if TYPE_CHECKING:
    from modelgate.gate.context import Context


@click.command("cancel", cls=Command)
@job_argument
@click.option("--adopted", is_flag=True, help="Also a batch that was only found in a list: it may be somebody else's.")
@scoped
@data_format
def command(context: Context, job_id: str, adopted: bool, output_format: str) -> int:
    """Cancel what has not ended of a job; nothing more of it is sent.

    Example: modelgate batch cancel job_3f9a2c1b00d14e77 -e prod
    """
    from modelgate import batches
    from modelgate.batches import render
    from modelgate.batches.job import typed

    job = batches.cancel(job_id, adopted=adopted, context=context)
    if output_format == "json":
        say_json(render.job_json(job))
    else:
        resume = typed(context.scope, "resume", job.id, "--out FILE")
        say(f"{job.id} is being canceled; `{resume}` collects what ended before")
    return 0
