"""What the settings leave open: references nobody knows here, names nobody reads, files nobody vouches for."""

from __future__ import annotations

from dataclasses import dataclass

from modelgate.domain.settings import Slot
from modelgate.domain.source import Source


@dataclass(frozen=True, slots=True)
class UnsetSlot:
    """A slot whose `model_from` names a variable that holds nothing here: what it asks for is not known."""

    slot: Slot
    """Without a reference; its source is where `model_from` stands."""
    variable: str
    position: int
    """In the settings' order of all slots."""
    problem: str
    """`the variable GRADER_MODEL is not set`."""

    @property
    def name(self) -> str:
        """The slot's name."""
        return self.slot.name

    @property
    def hint(self) -> str:
        """What to type next."""
        return f"export {self.variable}=…, or say model instead of model_from"


@dataclass(frozen=True, slots=True)
class UnknownVariable:
    """A `MODELGATE_<known section>__…` variable that no setting reads."""

    name: str
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class Untrusted:
    """A setting of a stranger's file that would take a secret somewhere, or read a file as one."""

    key: str
    what: str
    source: Source
    variable: str
    """In which whoever set up the job can vouch for it."""
