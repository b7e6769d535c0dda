"""modelgate audit"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modelgate.cli.command import Group
from modelgate.cli.options import data_format, of_a_chain
from modelgate.cli.output import say, tell
from modelgate.cli.progress import progress_bar
from modelgate.domain.chain import parse_head
from modelgate.domain.rows import Head, Scope
from modelgate.domain.text import printable

if TYPE_CHECKING:
    from modelgate.domain.chain import Verification
    from modelgate.gate.context import Context


class HeadType(click.ParamType[Head]):
    """SERVICE/ENV:SEQUENCE:HASH, as `modelgate audit head` prints it."""

    name = "head"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Head:
        """The head."""
        if isinstance(value, Head):
            return value
        try:
            return parse_head(value)
        except ValueError:
            self.fail(f"{value[:80]!r} is no head; it is SERVICE/ENV:SEQUENCE:HASH", param, ctx)


@click.group("audit", cls=Group)
def command() -> None:
    """Verify or export the audit trail.

    Example: modelgate audit verify -e prod
    """


@command.command("verify")
@click.option("--expect", type=HeadType(), metavar="HEAD", help="A head that was kept elsewhere.")
@click.option("--after", type=HeadType(), metavar="HEAD", help="Begin at a head that was verified before.")
@click.option(
    "--archive",
    "archives",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A file of `db archive`: verify the rows in it too.",
)
@of_a_chain
@data_format
def verify(
    context: Context, scope: Scope, expect: Head | None, after: Head | None, archives: tuple[Path, ...], form: str
) -> int:
    """Walk the chain; exit code 1 and the first row that does not fit, if it was tampered with.

    3 where rows are of a newer modelgate, which this one cannot read. Where rows left for an archive, the chain itself
    accounts for them; with --archive they are read, hashed and fitted in from the file.

    Example: modelgate audit verify -e prod --expect "$(cat head-of-last-week)"
    """
    from modelgate.operations import audit

    with progress_bar() as told:
        progress = (lambda done, total: told("verifying", done, total)) if told else None
        found = audit.verify(context, scope, after=after, expect=expect, archives=archives, progress=progress)
    tell(form, audit.verification_json(found), "\n".join(_lines(found, str(scope))))
    if found.is_tampered_with:
        return 1
    return 0 if found.intact else 3


def _lines(found: Verification, scope: str) -> list[str]:
    lines = [f"{found.rows} rows of {scope} fit"]
    if found.unread:
        lines[0] += f", {found.unread} of them by their place alone: they are of a newer modelgate"
    if found.gaps:
        lines.append(f"{found.archived} rows left for {', '.join(_names(found))}, and were not read")
    lines += [f"unguarded: {fault}" for fault in found.guards]
    lines += [f"not the archive: {fault}" for fault in found.files]
    if found.misfit:
        return [*lines, f"tampered with: {found.misfit}"]
    if found.files:
        return lines
    if found.unread:
        return [*lines, "not known to be intact: verify with that modelgate"]
    return [*lines, f"intact up to {found.head or 'the beginning'}"]


def _names(found: Verification) -> list[str]:
    return [printable(name, 80) for name in dict.fromkeys(gap.file_name for gap in found.gaps)]


@command.command("head")
@of_a_chain
@data_format
def head(context: Context, scope: Scope, form: str) -> int:
    """Print the end of the chain. Kept elsewhere, it proves later that nothing before it changed.

    Example: modelgate audit head -e prod > head-of-this-week
    """
    from modelgate.operations import audit

    found = audit.head(context, scope)
    tell(form, {"head": found and str(found)}, str(found or "nothing recorded yet"))
    return 0


@command.command("export")
@of_a_chain
@click.option("--format", type=click.Choice(["json"]), expose_value=False, help="JSON lines, as without it.")
def export(context: Context, scope: Scope) -> int:
    """Print the chain as JSON lines, which a stranger can verify with docs/audit.md alone.

    Example: modelgate audit export -e prod > checkout-prod.jsonl
    """
    from modelgate.operations import audit

    for line in audit.export(context, scope):
        say(line)
    return 0
