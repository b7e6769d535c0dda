"""modelgate db archive"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelgate.cli.changes import yes_option
from modelgate.cli.command import Command
from modelgate.cli.options import Instant, data_format, everywhere
from modelgate.cli.output import need_place, say, tell
from modelgate.cli.progress import progress_bar
from modelgate.domain.errors import UsageError

if TYPE_CHECKING:
    from modelgate.gate.context import Context
    from modelgate.operations.archive import Archive


@click.command("archive", cls=Command)
@click.option(
    "--before", type=Instant(ago=True), required=True, metavar="T", help="Take what is older: a time, or 400d."
)
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="A new file, gzip; needed to do it.")
@click.option("--dry-run", is_flag=True, help="Say how many rows and bytes would leave.")
@click.option("--force", is_flag=True, help="Though a version ran within 30 days that knows no archives.")
@yes_option
@everywhere
@data_format
def command(
    context: Context, before: datetime, out: Path | None, dry_run: bool, force: bool, yes: bool, form: str
) -> int:
    """Move old runs out of the store into a file, for all services.

    The one exception to append-only, for the owner of the tables alone. Each chain is verified, the rows are written as
    `audit export` does, synced and read back; then they leave in portions, each named in the chain, and whole or not at
    all. What a gate, `rollback`, `history`, `fleet` or a batch asks for stays. Killed, it goes on where it was when it
    is given again with another --out; keep every file.

    Example: modelgate db archive --before 2026-01-01 --out runs-2025.jsonl.gz
    """
    from modelgate.operations import archive as operations

    if out is None and not dry_run:
        raise UsageError("name the file that the rows leave for", hint="--out FILE, or look first with --dry-run")
    if out:
        need_place(out)
    confirm = None if dry_run else _confirmation(yes=yes)
    with progress_bar() as told:
        found = operations.archive(
            context, before, None if dry_run else out, force=force, confirm=confirm, progress=told
        )
    if found is None:
        say("nothing was archived", err=True)
        return 1
    tell(form, operations.archive_json(found), "\n".join(operations.archive_lines(found)))
    return 0


def _confirmation(*, yes: bool) -> Callable[[Archive], bool]:
    """Shows what would leave, and asks. Raises UsageError where nobody could answer."""
    if not (yes or sys.stdin.isatty()):
        raise UsageError("there is no terminal to ask at", hint="add --yes, or look first with --dry-run")

    def confirm(planned: Archive) -> bool:
        from modelgate.operations.archive import archive_lines

        say("\n".join(archive_lines(planned)), err=True)
        return yes or click.confirm("Archive them?", err=True)

    return confirm
