"""Writes docs/commands.md from the commands themselves: `python tests/support/command_page.py > docs/commands.md`."""

from __future__ import annotations

import os
from collections.abc import Iterator

import click

from modelgate.cli.group import cli

_HEAD = """\
# Commands

Every command's `--help`, as it is printed. Written by `make docs`; a test holds the page to the commands.
`-s` and `-e` go with every command that has a service and an environment, `--format json` with all that print data.
"""


def commands(group: click.Group = cli, prefix: str = "modelgate") -> Iterator[tuple[str, click.Command]]:
    """Every command with its full name, groups before their members."""
    context = click.Context(group, info_name=prefix)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield f"{prefix} {name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{prefix} {name}")


def help_of(name: str, command: click.Command) -> str:
    """What `NAME --help` prints, 100 columns wide."""
    context = click.Context(command, info_name=name, terminal_width=100, **cli.context_settings)
    return command.get_help(context)


def page() -> str:
    """The whole page."""
    os.environ["COLUMNS"] = "100"
    blocks = [f"## {name}\n\n```\n{help_of(name, command)}\n```" for name, command in commands()]
    return "\n\n".join([_HEAD.rstrip(), *blocks]) + "\n"


if __name__ == "__main__":
    print(page(), end="")
