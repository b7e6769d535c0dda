"""The command group: it knows every command by name, and imports the one that is used."""

from __future__ import annotations

from importlib import import_module

import click

from modelgate.cli.command import Group
from modelgate.domain.text import did_you_mean
from modelgate.version import VERSION

COMMANDS = {
    "check": "Judge an environment before a deployment, in CI.",
    "preflight": "Judge it at the start, and hand over the approved IDs.",
    "accept": "Approve what the settings resolve to now.",
    "rollback": "Put slots back on an earlier ID, and hold them there.",
    "release": "End a hold.",
    "probe": "Ask the API whether a slot's request works on an ID.",
    "evidence": "Record what was shown of an ID before it is approved.",
    "lock": "Write approvals into the lock file, for review in git.",
    "upgrade": "Show what each slot moves to when its model ends, and write it.",
    "status": "Show what may run, what is held and what ran last.",
    "history": "Show who changed what, when and why.",
    "diff": "Compare two environments.",
    "watch": "Judge what every service runs now, and tell what is new.",
    "fleet": "Show what every service runs, from the audit store alone.",
    "serve": "Show the fleet as pages for reading.",
    "models": "List what the Models API serves.",
    "resolve": "Ask what names mean today.",
    "explain": "Say what a check means and what to do.",
    "settings": "Show the settings that hold, and where each is set.",
    "scan": "Find names of models in files, and what becomes of them.",
    "init": "Draft settings from the names that stand in files.",
    "audit": "Verify or export the audit trail.",
    "db": "Create, upgrade or inspect the audit store.",
    "batch": "Run bulk work on approved IDs.",
    "sandbox": "Run a stand-in of the API on this machine.",
    "demo": "See the gate at work, step by step.",
    "completion": "Print the completion script of a shell.",
}


class LazyGroup(Group):
    """A group whose commands are modules of this package, imported on use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 # click's signature
        """The names, in the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 # as above
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"modelgate.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, but an unknown command is told what is near."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = did_you_mean(args[0], list(COMMANDS))
            ctx.fail(f"no such command: {args[0][:40]!r}" + (f"; did you mean {near}?" if near else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 # as above
        """The list of commands, without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(VERSION, prog_name="modelgate", message="%(prog)s %(version)s")
@click.option("--log-format", type=click.Choice(["text", "json"]), help="Of standard error; json off a terminal.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), help="Default: warning.")
def cli(log_format: str | None, log_level: str | None) -> None:
    """A gate in front of every deployment that uses the Claude API.

    Example: modelgate check -e prod
    """
    from modelgate.cli.logs import set_up

    set_up(log_format, log_level)
