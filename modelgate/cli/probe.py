"""modelgate probe"""

from __future__ import annotations

import math
import os
import sys
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from modelgate.cli.changes import yes_option
from modelgate.cli.command import Command
from modelgate.cli.options import page_format, scoped, slots_argument
from modelgate.cli.output import say
from modelgate.cli.terminal import style_of
from modelgate.domain.errors import UsageError

if TYPE_CHECKING:
    from modelgate.domain.probe_report import ProbeReport
    from modelgate.gate.context import Context
    from modelgate.operations.probe import Live


@click.command("probe", cls=Command)
@slots_argument
@click.option("--to", metavar="ID", help="Probe this ID instead of the one that the slot may run.")
@click.option("--live", "is_live", is_flag=True, help="Send one request as a message, which costs money.")
@click.option("--line", type=click.IntRange(1), metavar="N", help="The request in this line of the sample.")
@click.option(
    "--max-cost",
    type=click.FloatRange(0),
    metavar="USD",
    help="Of all live requests; named, it keeps back what has no price.  [default: 1.0]",
)
@click.option("--with-tools", is_flag=True, help="Send samples with server tools, MCP or containers, too.")
@yes_option
@scoped
@page_format("Of the output.")
def command(
    context: Context,
    slots: tuple[str, ...],
    to: str | None,
    is_live: bool,
    line: int | None,
    max_cost: float | None,
    with_tools: bool,
    yes: bool,
    output_format: str,
) -> int:
    """Ask the API whether this key may send each slot's sample to its ID, and record that as evidence.

    Counts tokens, free of charge; --live sends one message, and leaves at its first content.

    Exit code 1: refused in a way that comes again; 3: not known.

    Example: modelgate probe summarizer -e prod --to claude-sonnet-5
    """
    from modelgate.operations.probe import probe
    from modelgate.render import probe as render

    terms = _terms(max_cost, with_tools, yes=yes) if is_live else None
    found = probe(context, slots, to=to, line=line, live=terms)
    if found is None:
        say("nothing was sent", err=True)
        return 1
    drawn = {"json": render.as_json, "markdown": render.as_markdown}
    say(
        drawn[output_format](found)
        if output_format in drawn
        else render.as_text(found, style_of(sys.stdout, os.environ))
    )
    return found.exit_code


def _terms(max_cost: float | None, with_tools: bool, *, yes: bool) -> Live:
    """Shows tokens and price, and asks. Raises UsageError where nobody could answer."""
    from modelgate.operations.probe import Live
    from modelgate.render.probe import price_lines

    if not (yes or sys.stdin.isatty()):
        raise UsageError("there is no terminal to ask at", hint="add --yes; without --live nothing costs money")
    if max_cost is not None and not math.isfinite(max_cost):
        raise UsageError("--max-cost is no number of US dollars", hint="such as --max-cost 0.10")

    def confirm(counted: ProbeReport) -> bool:
        say("\n".join(price_lines(counted)), err=True)
        return yes or click.confirm("Send it?", err=True)

    return Live(with_tools, confirm, None if max_cost is None else Decimal(str(max_cost)))
