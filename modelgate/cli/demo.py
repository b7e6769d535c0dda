"""modelgate demo"""

from __future__ import annotations

import os
import sys

import click

from modelgate.cli.command import Command
from modelgate.cli.sandbox import INSTALL
from modelgate.cli.terminal import style_of
from modelgate.domain.errors import UsageError


@click.command("demo", cls=Command)
@click.option("--batch", is_flag=True, help="Bulk work that meets every trouble, instead of the gate.")
@click.option("--upgrade", is_flag=True, help="A model that retires, its successor, and the evidence for it.")
@click.option("--fleet", is_flag=True, help="Forty services over ninety days: watch, fleet and serve.")
def command(batch: bool, upgrade: bool, fleet: bool) -> int:
    """See the gate at work, step by step, against a stand-in of the API on this machine.

    Example: modelgate demo
    """
    if batch + upgrade + fleet > 1:
        raise UsageError("--batch, --upgrade and --fleet are stories of their own", hint="one at a time")
    try:
        if fleet:
            from modelgate.demo.fleet import play
        elif upgrade:
            from modelgate.demo.upgrade import play
        elif batch:
            from modelgate.demo.batch import play
        else:
            from modelgate.demo.gate import play
    except ModuleNotFoundError as missing:
        raise UsageError(f"the demo needs {missing.name}", hint=INSTALL) from None
    play(style_of(sys.stdout, os.environ))
    return 0
