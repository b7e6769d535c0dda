"""modelgate evidence: one file a command."""

from __future__ import annotations

import click

from modelgate.cli.command import Group
from modelgate.cli.evidence import add
from modelgate.cli.evidence import list as list_evidence


@click.group("evidence", cls=Group)
def command() -> None:
    """Record what was shown of an ID before anybody approves it.

    Example: modelgate evidence list summarizer -e prod
    """


for _module in (add, list_evidence):
    command.add_command(_module.command)
