"""What a check is, and the few words that all of them need.

A check has one of two shapes: of a run, which looks at the whole snapshot, or of a slot, which looks at one view.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from modelgate.domain import command_line
from modelgate.domain.findings import Finding, Level
from modelgate.domain.snapshot import Snapshot
from modelgate.domain.text import short
from modelgate.domain.view import SlotView

RunCheck = Callable[[Snapshot], Iterable[Finding]]
"""Findings about a run as a whole."""
SlotCheck = Callable[[SlotView], list[Finding] | None]
"""Findings about one slot. None: the check could not run here, which is not the same as finding nothing."""


class Check(NamedTuple):
    """A check of slots: the IDs that it may report, and the function that judges."""

    ids: tuple[str, ...]
    judge: SlotCheck
    case: bool = False
    """One of the cases of which a slot gets at most one finding: the first that fits."""


class Advice(NamedTuple):
    """What comes next: prose, and lines to paste."""

    hint: str = ""
    commands: tuple[str, ...] = ()


def name(text: str | None) -> str:
    """A model name or ID as it stands in a message: two of them leave room for words on a line of 80."""
    return short(text or "nothing", 29)


def command(snapshot: Snapshot, verb: str, *words: str) -> str:
    """A command line for this service and environment, ready to paste."""
    return command_line.command(snapshot.scope, verb, *words)


def about(
    view: SlotView, check: str, level: Level, message: str, hint: str = "", commands: tuple[str, ...] = ()
) -> Finding:
    """A finding about a slot; its source is where the reference was set."""
    return Finding(check, level, message, hint, view.slot.name, view.slot.source, commands=commands)


def note_if_held(view: SlotView) -> Level:
    """Refuse; a note on a held slot, which runs its held ID whatever the settings ask for.

    Where the pins could not be read nobody knows whether the slot is held: then it is no definite refusal either.
    """
    return Level.NOTE if view.held or view.snapshot.pins is None else Level.REFUSE


def at_most_warn_at_preflight(view: SlotView, level: Level) -> Level:
    """Time alone must not keep a pod from starting at night: CI refuses, preflight warns."""
    return Level.WARN if level is Level.REFUSE and view.snapshot.verb == "preflight" else level
