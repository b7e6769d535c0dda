"""modelgate rollback"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from modelgate.cli.changes import RESTART, confirmation, dry_run_option, show, yes_option
from modelgate.cli.command import Command
from modelgate.cli.options import Instant, data_format, reason, scoped, slots_argument
from modelgate.cli.output import say

if TYPE_CHECKING:
    from modelgate.gate.context import Context


@click.command("rollback", cls=Command)
@slots_argument
@click.option("--all", "everything", is_flag=True, help="All slots; needs --to-time.")
@click.option("--to", "to_id", metavar="ID", help="To this ID. The present one holds in place.")
@click.option("--to-revision", type=int, metavar="N", help="To the ID of this revision.")
@click.option("--to-time", type=Instant(), metavar="T", help="To what was handed over then.")
@click.option("--expires", type=Instant(ahead=True), metavar="T", help="When the hold ends: 24h, or a time.")
@click.option("--never-run", is_flag=True, help="Allow an ID that never ran here; expires in 24 h by default.")
@click.option("--unverified", is_flag=True, help="Do not ask the API: it is down, and the incident is now.")
@dry_run_option
@yes_option
@reason
@scoped
@data_format
def command(
    context: Context,
    slots: tuple[str, ...],
    everything: bool,
    to_id: str | None,
    to_revision: int | None,
    to_time: datetime | None,
    expires: datetime | None,
    never_run: bool,
    unverified: bool,
    dry_run: bool,
    yes: bool,
    reason: str,
    output_format: str,
) -> int:
    """Put slots back on an earlier ID, and hold them there until released.

    Without a target: the ID that the slot handed over before the present one.

    Example: modelgate rollback summarizer -e prod --reason "INC-42: the new model loops"
    """
    from modelgate.operations.rollback import Terms, rollback
    from modelgate.operations.rollback_target import Target

    changed = rollback(
        context,
        slots,
        Target(to_id, to_revision, to_time),
        Terms(reason, expires, never_run, unverified),
        everything=everything,
        dry_run=dry_run,
        confirm=confirmation("would hold", yes=yes, dry_run=dry_run),
    )
    if changed is None:
        say("nothing was changed", err=True)
        return 1
    show(changed, output_format, "would hold" if dry_run else "held")
    if output_format == "text" and not dry_run:
        say(RESTART)
    return 0
