"""modelgate batch run"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelgate.cli.batch import shared
from modelgate.cli.command import Command
from modelgate.cli.options import data_format, scoped
from modelgate.cli.output import say, say_json
from modelgate.cli.terminal import style_of

if TYPE_CHECKING:
    from modelgate.gate.context import Context


@click.command("run", cls=Command)
@shared.requests_file
@shared.slot
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Of the results.")
@shared.resends
@shared.again
@shared.send_again
@shared.strict
@click.option("--dry-run", is_flag=True, help="Check everything; show the split, the bytes and an estimate.")
@scoped
@data_format
def command(
    context: Context,
    requests: Path,
    slot: str,
    out: Path | None,
    resends: int,
    again: bool,
    send_again: bool,
    strict: bool,
    dry_run: bool,
    form: str,
) -> int:
    """Send a file of requests on a slot's approved ID, wait, send again what is worth it, and write the results.

    Given again, it goes on with the same job. Exit code 1 if any request ended without success.

    Example: modelgate batch run -e prod --slot summarizer requests.jsonl --out results.jsonl
    """
    from modelgate.batches import operations

    if not dry_run and out is None:
        raise click.UsageError("--out is needed: where shall the results go?")
    try:
        if dry_run or out is None:
            return _show_plan(context, slot, requests, again, form)
        job = shared.asking_on_interrupt(
            context,
            lambda progress: operations.run(
                context, slot, requests, out, progress, again=again, resends=resends, send_again=send_again
            ),
        )
    except operations.BadRequests as error:
        shared.show_problems(error, requests)
        raise
    stats = operations.account_of(context, job)
    shared.show_statistics(stats, form)
    return stats.exit_code(strict=strict)


def _show_plan(context: Context, slot: str, requests: Path, again: bool, form: str) -> int:
    from modelgate.batches import operations, render

    plan = operations.plan(context, slot, requests, again=again)
    price = context.settings.prices.get(plan.permission.model_id)
    if form == "json":
        say_json(render.plan_json(plan, price))
    else:
        say(render.plan_text(plan, price, style_of(sys.stdout, os.environ)))
    return 0
