"""What a check is, and the few words that all of them need."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass

from modelgate.domain.findings import Finding, Level
from modelgate.domain.snapshot import Snapshot
from modelgate.domain.source import Source
from modelgate.domain.text import printable, short
from modelgate.domain.view import SlotView

RUN = "{run}"
"""Stands for the run's ID in a hint: a judgement does not know yet as which run it will be recorded."""

SlotCheck = Callable[[SlotView], list[Finding] | None]
"""Findings about one slot. None: the check could not run here, which is not the same as finding nothing."""


@dataclass(frozen=True, slots=True)
class Check:
    """A check of slots: the IDs that it may report, and the function that judges."""

    ids: tuple[str, ...]
    judge: SlotCheck


def name(text: str | None) -> str:
    """A model name or ID as it stands in a message: two of them leave room for words on a line of 80."""
    return short(text or "nothing", 29)


def typed(text: str | None) -> str:
    """A model name or ID as it stands in a hint: whole, and one word for a shell."""
    return shlex.quote(printable(text or "ID", limit=256))


def command(snapshot: Snapshot, verb: str, *words: str) -> str:
    """A command line for this service and environment, ready to paste."""
    return " ".join(("modelgate", verb, *words, snapshot.scope.flags))


def about(
    view: SlotView, check: str, level: Level, message: str, hint: str = "", source: Source | None = None
) -> Finding:
    """A finding about a slot; its source is where the reference was set, unless told otherwise."""
    return Finding(check, level, message, hint, view.slot.name, source or view.slot.source)


def note_if_held(view: SlotView) -> Level:
    """Refuse; a note on a held slot, which runs its held ID whatever the settings ask for.

    Where the pins could not be read nobody knows whether the slot is held: then it is no definite refusal either.
    """
    return Level.NOTE if view.held or view.snapshot.pins is None else Level.REFUSE


def at_most_warn_at_preflight(view: SlotView, level: Level) -> Level:
    """Time alone must not keep a pod from starting at night: CI refuses, preflight warns."""
    return Level.WARN if level is Level.REFUSE and view.snapshot.verb == "preflight" else level
