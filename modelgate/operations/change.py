"""A change of pins: what accept, rollback and release write and show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from modelgate.checks.judgement import Judgement
from modelgate.domain.pins import Pin
from modelgate.domain.rows import Head, Scope


@dataclass(frozen=True, slots=True)
class Change:
    """One slot before and after. `before` is what old pods run, None where nothing was ever approved."""

    pin: Pin
    before: str | None

    @property
    def moves(self) -> bool:
        """Whether the slot runs another ID than before."""
        return self.pin.model_id != self.before


@dataclass(frozen=True, slots=True)
class Changed:
    """What an operation did, or would do where `head` is None."""

    scope: Scope
    changes: tuple[Change, ...]
    outlook: Judgement
    """What the next preflight will do."""
    head: Head | None = None
    unchanged: tuple[str, ...] = ()
    """Slots for which there was nothing to do."""
    notes: tuple[str, ...] = ()


Confirm = Callable[[Changed], bool]
"""Whether a person wants what is planned."""
