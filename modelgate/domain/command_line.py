"""Command lines that people are told to type: one way to quote a word and to name the service and environment."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from modelgate.domain.text import printable

if TYPE_CHECKING:
    from modelgate.domain.rows import Scope

REASON = '--reason "…"'
RUN = "{run}"
"""Stands for the run's ID in a command: a judgement does not know yet as which run it will be recorded."""


def typed(text: str | None) -> str:
    """A model name or ID as it stands in a command: whole, and one word for a shell."""
    return shlex.quote(printable(text or "ID", limit=256))


def command(scope: Scope, verb: str, *words: str) -> str:
    """`modelgate VERB WORDS -s SERVICE -e ENV`, ready to paste; the words are quoted already."""
    return " ".join(("modelgate", verb, *words, scope.flags))


def with_run(line: str, run_id: str | None) -> str:
    """The command with the run's ID in it; without `--run` where nothing was recorded."""
    return line.replace(RUN, run_id) if run_id else line.replace(f" --run {RUN}", "")
