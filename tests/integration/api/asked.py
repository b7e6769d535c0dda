"""Asking in one line, for tests."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from modelgate.api import ask
from modelgate.clock import Deadline, SystemClock
from modelgate.domain.catalogue import Facts
from modelgate.domain.settings import ApiSettings

KEY = {"ANTHROPIC_API_KEY": "sk-ant-canary"}


def ask_at(
    url: str,
    *names: str,
    known_aliases: Collection[str] = (),
    pinned: Collection[str] = (),
    seconds: float = 30.0,
    environ: Mapping[str, str] = KEY,
    **settings: object,
) -> Facts:
    """The facts of an API at `url`; `settings` are those of `[api]`."""
    clock = SystemClock()
    return ask(
        ApiSettings(base_url=url, **settings),  # type: ignore[arg-type]  # each test passes what it knows
        names,
        known_aliases=known_aliases,
        pinned=pinned,
        deadline=Deadline.after(seconds, clock),
        clock=clock,
        environ=environ,
        seed=7,
    )
