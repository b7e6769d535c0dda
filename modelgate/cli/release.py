"""modelgate release"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from modelgate.cli.changes import confirmation, dry_run_option, show, yes_option
from modelgate.cli.command import Command
from modelgate.cli.options import data_format, reason, scoped, slots_argument
from modelgate.cli.output import say
from modelgate.domain.errors import UsageError

if TYPE_CHECKING:
    from modelgate.gate.context import Context


@click.command("release", cls=Command)
@slots_argument
@click.option("--all", "everything", is_flag=True, help="All held slots.")
@click.option("--keep", is_flag=True, help="The held ID becomes the pin for the present reference.")
@click.option("--accept", "accept_new", is_flag=True, help="What the reference resolves to becomes the pin.")
@dry_run_option
@yes_option
@reason
@scoped
@data_format
def command(
    context: Context,
    slots: tuple[str, ...],
    everything: bool,
    keep: bool,
    accept_new: bool,
    dry_run: bool,
    yes: bool,
    reason: str,
    output_format: str,
) -> int:
    """End a hold.

    Shows first what changes and what the next preflight will do.

    Example: modelgate release summarizer -e prod --keep --reason "the incident is over"
    """
    from modelgate.operations.release import release

    if keep == accept_new:
        raise UsageError("say what to run then: --keep or --accept", hint="--keep stays on the held ID")
    changed = release(
        context,
        slots,
        "keep" if keep else "accept",
        everything=everything,
        reason=reason,
        dry_run=dry_run,
        confirm=confirmation("would run", yes=yes, dry_run=dry_run),
    )
    if changed is None:
        say("nothing was changed", err=True)
        return 1
    show(changed, output_format, "would run" if dry_run else "released")
    return 0
