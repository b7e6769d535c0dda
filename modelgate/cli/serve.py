"""modelgate serve"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelgate.cli.command import Command
from modelgate.cli.options import everywhere
from modelgate.cli.output import say
from modelgate.domain.errors import UsageError
from modelgate.domain.secret import Secret

if TYPE_CHECKING:
    from modelgate.gate.context import Context

SWITCH = 0.0005
"""Seconds for which the renewal of the picture may keep a reader waiting at a time; Python's own are ten times that."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@click.command("serve", cls=Command)
@click.option("--host", default="127.0.0.1", show_default=True, help="Elsewhere than loopback only with --token-file.")
@click.option("--port", type=click.IntRange(1, 65535), default=8787, show_default=True)
@click.option("--token-file", type=click.Path(path_type=Path), metavar="F", help="Readers need this file's token.")
@everywhere
def command(context: Context, host: str, port: int, token_file: Path | None) -> int:
    """Show the fleet as pages for reading, with /metrics, /retirements.ics, /api/fleet and /healthz.

    A role that may SELECT is enough. The token is a bearer's, or the password of basic authentication.

    Example: modelgate serve --host 0.0.0.0 --token-file /run/secrets/token
    """
    token = _token(token_file) if token_file else None
    if token is None and host not in LOOPBACK:
        raise UsageError("without a token only loopback is served", hint="--token-file FILE")
    try:
        import uvicorn

        from modelgate.fleet.connections import MOST, Connection
        from modelgate.fleet.picture import Gallery
        from modelgate.fleet.site import app
    except ModuleNotFoundError as missing:
        raise UsageError(f"serve needs {missing.name}", hint="install modelgate with the extra web") from None
    sys.setswitchinterval(SWITCH)
    gallery = Gallery(context)
    gallery.start()
    say(f"http://{f'[{host}]' if ':' in host else host}:{port}/", err=True)
    uvicorn.run(
        app(gallery, token),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        server_header=False,
        http=Connection,
        limit_concurrency=2 * MOST,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=3,
        ws="none",
    )
    gallery.stop()
    return 0


def _token(path: Path) -> Secret:
    try:
        text = path.read_text("utf-8").strip()
    except (OSError, ValueError) as error:
        raise UsageError(
            f"cannot read {path}: {getattr(error, 'strerror', None) or 'it is no text'}",
            hint="openssl rand -hex 32 > FILE",
        ) from None
    if len(text) < 16:
        raise UsageError(f"the token in {path} is shorter than 16 characters", hint="openssl rand -hex 32 > FILE")
    return Secret(text)
