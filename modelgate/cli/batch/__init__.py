"""modelgate batch: one file a command."""

from __future__ import annotations

import click

from modelgate.cli.batch import cancel, resume, run, show, stats, submit
from modelgate.cli.batch import list as list_jobs
from modelgate.cli.command import Group


class InOrder(Group):
    """A group that lists its commands in the order in which they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 # click hands it over
        """The names."""
        return [*self.commands]


@click.group("batch", cls=InOrder)
def command() -> None:
    """Run bulk work on approved IDs through the Message Batches API.

    Example: modelgate batch run -e prod --slot summarizer requests.jsonl --out results.jsonl
    """


for _module in (run, submit, resume, list_jobs, show, cancel, stats):
    command.add_command(_module.command)
