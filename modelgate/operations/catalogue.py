"""models and resolve: what the Models API says, without judging it."""

from __future__ import annotations

from collections.abc import Collection

from modelgate import api
from modelgate.domain.catalogue import LIFECYCLES, Entry, Facts
from modelgate.domain.errors import failure_of
from modelgate.gate.context import Context


def models(context: Context, lifecycles: Collection[str], lines: Collection[str]) -> tuple[Entry, ...]:
    """The models with these lifecycles (default: active and deprecated) and lines. Raises ApiProblem."""
    listed = api.list_models(
        context.api,
        lifecycles=tuple(name for name in LIFECYCLES if name in lifecycles),
        deadline=context.deadline(),
        environ=context.environ,
    )
    return tuple(entry for entry in listed if not lines or entry.line in lines)


def resolve(context: Context, names: Collection[str]) -> Facts:
    """What the names mean today. Raises ApiProblem if the API could not be asked at all."""
    facts = api.ask(
        context.api,
        names,
        deadline=context.deadline(),
        clock=context.clock,
        environ=context.environ,
    )
    if facts.problem:
        raise failure_of(facts.problem)
    return facts
