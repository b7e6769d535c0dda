"""modelgate sandbox"""

from __future__ import annotations

import click

from modelgate.cli.command import Command
from modelgate.domain.errors import UsageError

INSTALL = "install modelgate with the extra sandbox: pip install '.[sandbox]' in its checkout"


@click.command("sandbox", cls=Command)
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0: any that is free.")
def command(port: int) -> int:
    """Run a stand-in of the API on this machine, until interrupted.

    Example: modelgate sandbox --port 8765
    """
    try:
        from modelgate.sandbox.server import serve
    except ModuleNotFoundError as missing:
        raise UsageError(f"the sandbox needs {missing.name}", hint=INSTALL) from None
    serve(port)
    return 0
