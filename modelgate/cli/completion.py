"""modelgate completion"""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from modelgate.cli.command import Command
from modelgate.cli.output import say


@click.command("completion", cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> int:
    """Print the completion script of a shell.

    Example: source <(modelgate completion bash)
    """
    complete = get_completion_class(shell)
    if complete is None:
        raise click.UsageError(f"no completion for {shell}")
    say(complete(ctx.find_root().command, {}, "modelgate", "_MODELGATE_COMPLETE").source())
    return 0
