"""modelgate batch stats"""

from __future__ import annotations

import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING

import click

from modelgate.cli.batch import shared
from modelgate.cli.command import Command
from modelgate.cli.options import Instant, data_format, optional_job, scoped
from modelgate.cli.output import tell
from modelgate.cli.terminal import style_of
from modelgate.domain.errors import UsageError

if TYPE_CHECKING:
    from modelgate.batches.sums import By
    from modelgate.gate.context import Context


@click.command("stats", cls=Command)
@optional_job
@click.option("--since", type=Instant(), metavar="T", help="Only jobs that were created since then.")
@click.option("--by", type=click.Choice(["day", "slot", "model"]), help="Sums for each; days are UTC's.")
@shared.strict
@scoped
@data_format
def command(
    context: Context, job_id: str | None, since: datetime | None, by: By | None, strict: bool, output_format: str
) -> int:
    """Show how a job went, or has gone so far; without JOB, how all jobs of the environment went.

    Outcomes, tokens, cost, time. Exit code 1 only with --strict, if an answer was refused or cut.

    Example: modelgate batch stats -e prod --since 2026-11-01 --by model
    """
    from modelgate import batches
    from modelgate.batches import render_account

    if job_id is None:
        found = batches.stats(since=since, by=by, context=context)
        text = render_account.summary_text(found, style_of(sys.stdout, os.environ))
        tell(output_format, render_account.summary_json(found), text)
        return int(strict and bool(found.whole.refused or found.whole.cut))
    if since or by:
        raise UsageError("--since and --by are for all jobs", hint="leave JOB out")
    account = batches.stats(job_id, context=context)
    shared.show_statistics(account, output_format)
    return int(strict and bool(account.refused or account.cut))
