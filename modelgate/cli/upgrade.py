"""modelgate upgrade"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from modelgate.cli.command import Command
from modelgate.cli.options import page_format, scoped, slots_argument
from modelgate.cli.output import say
from modelgate.cli.terminal import style_of

if TYPE_CHECKING:
    from modelgate.gate.context import Context


@click.command("upgrade", cls=Command)
@slots_argument
@click.option("--to", metavar="ID", help="To this model and no other.")
@click.option("--line", metavar="LINE", help="To a model of this line, such as opus.")
@click.option("--newer", is_flag=True, help="Also where the present model does not end.")
@click.option("--write", is_flag=True, help="Write it into the settings, and into the lock where approvals live there.")
@scoped
@page_format("Of the output; markdown is the body of a pull request.")
def command(
    context: Context,
    slots: tuple[str, ...],
    to: str | None,
    line: str | None,
    newer: bool,
    write: bool,
    output_format: str,
) -> int:
    """Show which models end, what each slot moves to, and what changes on the way.

    Exit code 1: there is a successor for at least one slot; 3: none fits one that needs it. It never pins in the store.

    Example: modelgate upgrade -e prod --write
    """
    from modelgate.domain.upgrade import Ask
    from modelgate.operations.upgrade import upgrade
    from modelgate.render import upgrade as render

    found = upgrade(context, slots, Ask(to or "", line or "", newer), write=write)
    drawn = {"json": render.as_json, "markdown": render.as_markdown}
    say(
        drawn[output_format](found)
        if output_format in drawn
        else render.as_text(found, style_of(sys.stdout, os.environ))
    )
    return found.exit_code
