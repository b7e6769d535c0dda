"""modelgate db"""

from __future__ import annotations

import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING

import click

from modelgate.cli import archive
from modelgate.cli.command import Group
from modelgate.cli.options import Instant, data_format, everywhere, scoped
from modelgate.cli.output import tell
from modelgate.cli.terminal import style_of

if TYPE_CHECKING:
    from modelgate.gate.context import Context
    from modelgate.operations.database import Plan


@click.group("db", cls=Group)
def command() -> None:
    """Create, upgrade or inspect the audit store.

    Example: modelgate db upgrade -e prod --plan
    """


command.add_command(archive.command)


@command.command("upgrade")
@click.option("--plan", "only_plan", is_flag=True, help="Say what would change, and whom it would lock out.")
@scoped
@data_format
def upgrade(context: Context, only_plan: bool, form: str) -> int:
    """Create the audit store, or bring it up to date.

    Example: modelgate db upgrade -e prod
    """
    from modelgate.operations import database

    planned = (database.plan if only_plan else database.upgrade)(context)
    tell(form, database.plan_json(planned), "\n".join(_lines(planned, "would run" if only_plan else "ran")))
    return 0


@command.command("current")
@scoped
@data_format
def current(context: Context, form: str) -> int:
    """Show the schema that the store has.

    Example: modelgate db current -e prod
    """
    from modelgate.operations import database

    revision = database.revision(context)
    tell(form, {"revision": revision}, revision or "no audit store yet")
    return 0


@command.command("check")
@scoped
@data_format
def check(context: Context, form: str) -> int:
    """Is the store up to date, and guarded? Exit code 1 if not.

    Example: modelgate db check -e prod
    """
    from modelgate.operations import database

    planned = database.plan(context)
    tell(form, database.plan_json(planned), "\n".join(_lines(planned, "missing")))
    return 1 if planned.steps or planned.guards else 0


@command.command("stats")
@click.option("--before", type=Instant(ago=True), metavar="T", help="Tell too what `db archive --before T` takes.")
@everywhere
@data_format
def stats(context: Context, before: datetime | None, form: str) -> int:
    """Show how many rows and bytes the store has, by table and by service, and how fast it grows.

    It reads every row. Bytes are those of tables and their indexes, in equal shares for each row.

    Example: modelgate db stats --before 2026-01-01
    """
    from modelgate.operations.storage import measured, storage_json
    from modelgate.render.storage import as_text

    found = measured(context, before)
    tell(form, storage_json(found, before), as_text(found, before, style_of(sys.stdout, os.environ)))
    return 0


def _lines(plan: Plan, verb: str) -> list[str]:
    lines = [f"{verb} {step.revision}: {step.title}" for step in plan.steps] or ["up to date"]
    lines += [f"locks out modelgate {version}, which ran here recently" for version in plan.locked_out]
    lines += [f"unguarded: {fault}" for fault in plan.guards]
    return lines + (["for an administrator to do:", *plan.by_hand] if plan.by_hand else [])
