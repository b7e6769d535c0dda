"""modelgate resolve"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from modelgate.cli.command import Command
from modelgate.cli.options import anywhere, data_format
from modelgate.cli.output import tell
from modelgate.domain.catalogue import Outcome
from modelgate.domain.text import printable

if TYPE_CHECKING:
    from modelgate.domain.catalogue import Answer
    from modelgate.gate.context import Context


@click.command("resolve", cls=Command)
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@anywhere
@data_format
def command(context: Context, names: tuple[str, ...], output_format: str) -> int:
    """Ask what names mean today. Exit code 1 if one means nothing, 3 if one could not be asked for.

    Example: modelgate resolve claude-sonnet-4-5 -e prod
    """
    from modelgate.operations.catalogue import resolve

    facts = resolve(context, names)
    answers = [facts.answers[name] for name in dict.fromkeys(names)]
    shown = [{"name": a.name, "outcome": a.outcome, "id": a.id, "alias": a.is_alias} for a in answers]
    tell(output_format, {"origin": facts.origin, "answers": shown}, "\n".join(_line(answer) for answer in answers))
    outcomes = {answer.outcome for answer in answers}
    if outcomes <= {Outcome.RESOLVED}:
        return 0
    return 3 if outcomes <= {Outcome.RESOLVED, Outcome.FAILED} else 1


def _line(answer: Answer) -> str:
    name = printable(answer.name)
    if answer.outcome is Outcome.RESOLVED:
        return f"{name} → {answer.id}" if answer.is_alias else f"{name} is its own ID"
    if answer.problem:
        return f"{name}: {answer.problem.check}: {printable(answer.problem.message)}"
    return f"{name} is {answer.outcome.value.replace('-', ' ')}"
