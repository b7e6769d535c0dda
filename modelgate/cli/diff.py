"""modelgate diff"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from modelgate.cli.command import Command
from modelgate.cli.options import context, data_format
from modelgate.cli.output import tell
from modelgate.cli.terminal import style_of
from modelgate.render.table import table


@click.command("diff", cls=Command)
@click.argument("left", metavar="ENV")
@click.argument("right", metavar="ENV")
@click.option("-s", "--service", metavar="SERVICE", help="Default: the settings' or $MODELGATE_SERVICE.")
@click.option("--config-dir", type=click.Path(path_type=Path), metavar="DIR", help="Default: config.")
@data_format
def command(left: str, right: str, service: str | None, config_dir: Path | None, output_format: str) -> int:
    """Compare what two environments may run. Exit code 1 if they differ.

    Example: modelgate diff staging prod
    """
    from modelgate.operations.status import differences, status

    sides = [status(context(service, environment, config_dir)) for environment in (left, right)]
    found = differences(*sides)
    names = ((left, "left"), (right, "right"))
    shown = [
        {"slot": d.slot} | {env: {"id": getattr(d, side), "held": getattr(d, f"{side}_held")} for env, side in names}
        for d in found
    ]
    rows = [[d.slot, *(_cell(*pair) for pair in ((d.left, d.left_held), (d.right, d.right_held)))] for d in found]
    lines = table(["slot", left, right], rows, style_of(sys.stdout, os.environ))
    tell(output_format, shown, "\n".join(lines or [f"{left} and {right} may run the same"]))
    return 1 if found else 0


def _cell(model_id: str | None, held: bool) -> str:
    return (model_id or "nothing") + (" (held)" if held else "")
