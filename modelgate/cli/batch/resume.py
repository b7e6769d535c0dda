"""modelgate batch resume"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from modelgate.cli.batch import shared
from modelgate.cli.command import Command
from modelgate.cli.options import data_format, job_argument, scoped

if TYPE_CHECKING:
    from modelgate.gate.context import Context


@click.command("resume", cls=Command)
@job_argument
@shared.out
@click.option(
    "--requests", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Where the requests are now."
)
@shared.resends
@shared.send_again
@click.option(
    "--only",
    type=click.Choice(["failed", "missing"]),
    help="Send again what failed (with --strict: or was refused), or what has no row and may have succeeded.",
)
@shared.strict
@scoped
@data_format
def command(
    context: Context,
    job_id: str,
    out: Path,
    requests: Path | None,
    resends: int,
    send_again: bool,
    only: Literal["failed", "missing"] | None,
    strict: bool,
    output_format: str,
) -> int:
    """Do what is left of a job, later or on another machine, and write the results.

    Exit code 1 if any request ended without success.

    Example: modelgate batch resume job_3f9a2c1b00d14e77 -e prod --out results.jsonl
    """
    from modelgate import batches

    done = shared.asking_on_interrupt(
        context,
        lambda progress: batches.resume(
            job_id, requests=requests, out=out, resends=resends, send_again=send_again, only=only,
            strict=strict, progress=progress, context=context,
        ),
    )  # fmt: skip
    shared.show_statistics(done.account, output_format)
    return done.account.exit_code(strict=strict)
