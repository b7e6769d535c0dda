"""modelgate release"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from modelgate.cli.changes import show
from modelgate.cli.command import Command
from modelgate.cli.options import data_format, reason, scoped, slots_argument
from modelgate.errors import UsageError

if TYPE_CHECKING:
    from modelgate.gate.context import Context


@click.command("release", cls=Command)
@slots_argument
@click.option("--all", "everything", is_flag=True, help="All held slots.")
@click.option("--keep", is_flag=True, help="The held ID becomes the pin for the present reference.")
@click.option("--accept", "accept_new", is_flag=True, help="What the reference resolves to becomes the pin.")
@reason
@scoped
@data_format
def command(
    context: Context,
    slots: tuple[str, ...],
    everything: bool,
    keep: bool,
    accept_new: bool,
    reason: str,
    form: str,
) -> int:
    """End a hold.

    Example: modelgate release summarizer -e prod --keep --reason "the incident is over"
    """
    from modelgate.operations.release import release

    if keep == accept_new:
        raise UsageError("say what to run then: --keep or --accept", hint="--keep stays on the held ID")
    changed = release(context, slots, "keep" if keep else "accept", everything=everything, reason=reason)
    show(changed, form, "released")
    return 0
