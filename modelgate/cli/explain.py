"""modelgate explain"""

from __future__ import annotations

import os
import sys

import click

from modelgate.cli.command import Command
from modelgate.cli.options import completed_by, data_format
from modelgate.cli.output import tell
from modelgate.cli.terminal import style_of


@click.command("explain", cls=Command)
@click.argument("check_id", metavar="[CHECK-ID]", required=False, shell_complete=completed_by("check_ids"))
@data_format
def command(check_id: str | None, output_format: str) -> int:
    """Say what a check means, why it matters and what to do; without an ID, list all checks.

    Example: modelgate explain drift.alias-moved
    """
    from modelgate.render import explain

    wanted = list(explain.sections()) if check_id is None else [check_id]
    told = [{"id": each, "text": explain.section(each)} for each in wanted]
    style = style_of(sys.stdout, os.environ)
    text = explain.listed(style) if check_id is None else explain.for_people(check_id, style)
    tell(output_format, told if check_id is None else told[0], text)
    return 0
