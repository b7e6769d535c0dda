"""modelgate explain"""

from __future__ import annotations

import click

from modelgate.cli.command import Command
from modelgate.cli.options import data_format
from modelgate.cli.output import say, say_json


@click.command("explain", cls=Command)
@click.argument("check_id", metavar="CHECK-ID")
@data_format
def command(check_id: str, form: str) -> int:
    """Say what a check means, why it matters and what to do.

    Example: modelgate explain drift.alias-moved
    """
    from modelgate.render.explain import section

    text = section(check_id)
    if form == "json":
        say_json({"id": check_id, "text": text})
    else:
        say(text)
    return 0
