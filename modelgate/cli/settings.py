"""modelgate settings"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import click

from modelgate.cli.command import Command
from modelgate.cli.options import completed_by, data_format
from modelgate.cli.output import say_json, tell
from modelgate.cli.terminal import style_of
from modelgate.render.table import table


@click.command("settings", cls=Command)
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the settings' files, for editors.")
@click.option("-s", "--service", metavar="SERVICE", help="Default: the settings' or $MODELGATE_SERVICE.")
@click.option(
    "-e",
    "--environment",
    metavar="ENV",
    help="Default: $MODELGATE_ENVIRONMENT.",
    shell_complete=completed_by("environments"),
)
@click.option("--config-dir", type=click.Path(path_type=Path), metavar="DIR", help="Default: config.")
@data_format
def command(
    schema: bool, service: str | None, environment: str | None, config_dir: Path | None, output_format: str
) -> int:
    """Show the settings that hold, each with its source; a secret as set or not.

    Example: modelgate settings -e prod
    """
    from modelgate.settings import json_schema, reader

    if schema:
        say_json(json_schema.json_schema())
        return 0
    found = reader.show(service=service, environment=environment, config_dir=config_dir, environ=os.environ)
    values = [{"key": each.key, "value": each.value, "source": str(each.source)} for each in found]
    rows = [[each.key, _shown(each.value, secret=each.secret), str(each.source)] for each in found]
    tell(
        output_format, values, "\n".join(table(["setting", "value", "source"], rows, style_of(sys.stdout, os.environ)))
    )
    return 0


def _shown(value: object, *, secret: bool) -> str:
    """As it would stand in a file."""
    if value is None:
        return "-"
    return str(value) if secret else json.dumps(value, ensure_ascii=False)
