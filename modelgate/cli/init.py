"""modelgate init"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelgate.cli.changes import yes_option
from modelgate.cli.command import Command
from modelgate.cli.options import of_all
from modelgate.cli.output import say
from modelgate.cli.terminal import style_of
from modelgate.domain.errors import UsageError
from modelgate.domain.text import printable
from modelgate.render.table import table

if TYPE_CHECKING:
    from modelgate.render.style import Style
    from modelgate.scan.init import DraftFiles


@click.command("init", cls=Command)
@click.argument("path", required=False, default=".", type=click.Path(path_type=Path), metavar="[PATH]")
@click.option("-e", "--environment", "environments", multiple=True, metavar="ENV", help="May be repeated.")
@click.option("-s", "--service", default=None, metavar="SERVICE", help="Default: the name of the folder.")
@click.option("--config-dir", type=click.Path(path_type=Path), metavar="DIR", help="Default: config.")
@click.option("--offline", is_flag=True, help="Do not ask the Models API what the names mean.")
@yes_option
def command(
    path: Path, environments: tuple[str, ...], service: str | None, config_dir: Path | None, offline: bool, yes: bool
) -> int:
    """Draft settings from the names of models that stand in files.

    A slot for each variable that holds a name, and for each distinct name otherwise. The draft observes: it changes
    nothing of what runs. Nothing that is there is overwritten.

    Example: modelgate init -e prod -e staging
    """
    from modelgate.scan.init import Init, plan, write

    if service == "" or "" in environments:
        raise UsageError("an option is empty", hint="name one, or leave it out")
    if not (yes or sys.stdin.isatty()):
        raise UsageError("there is no terminal to ask at", hint="add --yes")
    planned = plan(of_all(config_dir), Init(path, environments, service or "", offline))
    style = style_of(sys.stdout, os.environ)
    say("\n".join(_plan(planned, style)))
    if not yes and not click.confirm("Write this?", err=True):
        say("nothing was written", err=True)
        return 1
    write(planned)
    first = [] if planned.has_slots else [f"Give it a slot in {printable(str(planned.shared_file))} first; then:"]
    say("\n".join(["", "Written. Next:", *first, *(style.paint(f"  {line}", "cyan") for line in planned.commands)]))
    return 0


def _plan(planned: DraftFiles, style: Style) -> list[str]:
    draft = planned.draft
    slots = [("default", slot) for slot in draft.shared]
    slots += [(name, slot) for name, own in draft.own.items() for slot in own]
    rows = [[slot.name, slot.key, slot.value, of, str(slot.places[0].source)] for of, slot in slots]
    lines = table(["slot", "", "from", "file", "first place"], rows, style) or ["no name of a model was found"]
    lines.append("")
    lines += [f"to write: {printable(str(path))}" for path in planned.texts]
    lines += [f"stays as it is: {printable(str(path))}" for path in planned.kept]
    if variables := ", ".join(slot.variable for _, slot in slots if slot.variable):
        lines.append(f"to be set where modelgate runs, as where the application does: {variables}")
    if draft.left_out:
        lines.append(f"no slots: {', '.join(f'{count} {why}' for why, count in sorted(draft.left_out.items()))}")
    if not planned.asked:
        lines.append("the Models API was not asked what the names mean")
    return lines
