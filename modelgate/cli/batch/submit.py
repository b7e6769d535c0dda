"""modelgate batch submit"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelgate.cli.batch import shared
from modelgate.cli.command import Command
from modelgate.cli.options import data_format, scoped
from modelgate.cli.output import say, say_json

if TYPE_CHECKING:
    from modelgate.gate.context import Context


@click.command("submit", cls=Command)
@shared.requests_file
@shared.slot
@shared.key
@shared.again
@shared.betas
@scoped
@data_format
def command(
    context: Context,
    requests: Path,
    slot: str,
    key: str | None,
    again: bool,
    betas: tuple[str, ...],
    output_format: str,
) -> int:
    """Send a file of requests on a slot's approved ID, and print the job.

    Example: modelgate batch submit -e prod --slot summarizer requests.jsonl
    """
    from modelgate import batches
    from modelgate.batches import render
    from modelgate.batches.job import typed

    try:
        with shared.progress() as progress:
            job = batches.submit(slot, requests, key=key, again=again, betas=betas, progress=progress, context=context)
    except batches.BadRequests as error:
        shared.show_problems(error, requests)
        raise
    if output_format == "json":
        say_json(render.job_json(job))
        return 0
    say(job.id)
    if job.over:
        say(f"it is {job.state}: nothing was sent; --again makes a new job", err=True)
    elif waiting := len(job.in_state("planned")):
        resume = typed(context.scope, "resume", job.id, "--out FILE")
        say(f"{waiting} more batch{'es' * (waiting != 1)} will be sent by `{resume}`, as others end", err=True)
    return 0
