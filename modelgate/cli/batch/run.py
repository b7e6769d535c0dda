"""modelgate batch run"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modelgate.cli.batch import shared
from modelgate.cli.command import Command
from modelgate.cli.options import data_format, scoped
from modelgate.cli.output import tell
from modelgate.cli.terminal import style_of

if TYPE_CHECKING:
    from modelgate.gate.context import Context


@click.command("run", cls=Command)
@shared.requests_file
@shared.slot
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Of the results.")
@shared.resends
@shared.key
@shared.again
@shared.send_again
@shared.betas
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
    key: str | None,
    again: bool,
    betas: tuple[str, ...],
    send_again: bool,
    strict: bool,
    dry_run: bool,
    output_format: str,
) -> int:
    """Send a file of requests on a slot's approved ID, wait, send again what is worth it, and write the results.

    Given again, it goes on with the same job. Exit code 1 if any request ended without success.

    Example: modelgate batch run -e prod --slot summarizer requests.jsonl --out results.jsonl
    """
    from modelgate import batches

    if not dry_run and out is None:
        raise click.UsageError("--out is needed: where shall the results go?")
    try:
        if dry_run or out is None:
            return _show_plan(context, slot, requests, output_format, again=again, key=key, betas=betas)
        done = shared.asking_on_interrupt(
            context,
            lambda progress: batches.run(
                slot, requests, key=key, out=out, again=again, resends=resends, send_again=send_again, betas=betas,
                progress=progress, context=context,
            ),
        )  # fmt: skip
    except batches.BadRequests as error:
        shared.show_problems(error, requests)
        raise
    shared.show_statistics(done.account, output_format)
    return done.account.exit_code(strict=strict)


def _show_plan(context: Context, slot: str, requests: Path, output_format: str, **how: Any) -> int:
    from modelgate.batches import operations, render_preview

    plan = operations.preview(context, slot, requests, **how)
    price = context.settings.prices.get(plan.permission.model_id)
    text = render_preview.preview_text(plan, price, style_of(sys.stdout, os.environ))
    tell(output_format, render_preview.preview_json(plan, price), text)
    return 0
