"""What a shell completes beside commands and options: names that settings, store and pages know.

Each is called by click in a process of its own while somebody types: what cannot be known quickly completes nothing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from modelgate.gate.context import Context

_MOST = 50
"""Runs or jobs that are offered, the newest first."""

Completer = Callable[[click.Context, click.Parameter, str], list[str]]


def environments(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The environments that have a file."""
    from modelgate.settings import environments

    folder = ctx.params.get("config_dir") or Path(os.environ.get("MODELGATE_CONFIG_DIR") or "config")
    return _starting(environments(folder), incomplete)


def check_ids(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The IDs of all checks."""
    from modelgate.render.explain import sections

    return _starting(sections(), incomplete)


def slots(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The slots of the environment that is named so far."""
    typed = ctx.params.get("slots") or ()
    return [name for name in _known(ctx, lambda context: context.settings.names, incomplete) if name not in typed]


def runs(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The newest runs of the environment, as its audit store knows them."""
    from modelgate.operations.history import newest_runs

    return _known(ctx, lambda context: newest_runs(context, _MOST), incomplete)


def jobs(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The newest jobs of the environment."""

    def find(context: Context) -> Iterable[str]:
        from modelgate.batches.ledger import Ledger

        return (job.id for job in Ledger(context, read_only=True).jobs()[: -_MOST - 1 : -1])

    return _known(ctx, find, incomplete)


def _known(ctx: click.Context, find: Callable[[Context], Iterable[str]], incomplete: str) -> list[str]:
    from modelgate.domain.errors import ModelgateError
    from modelgate.gate.context import prepare

    named = {key: ctx.params.get(key) for key in ("service", "environment", "config_dir")}
    try:
        return _starting(find(prepare(os.environ, **named)), incomplete)  # type: ignore[arg-type]  # click's own values
    except ModelgateError:
        return []


def _starting(words: Iterable[str], incomplete: str) -> list[str]:
    return [word for word in words if word.startswith(incomplete)]
