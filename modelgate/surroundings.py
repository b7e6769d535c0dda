"""The surroundings of a command: what it may read of the world, handed in once at the top."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from modelgate.clock import Clock
from modelgate.domain.rows import Author, Scope
from modelgate.domain.settings import Settings


@dataclass(frozen=True, slots=True)
class Surroundings:
    """One service in one environment, as one process sees it."""

    settings: Settings
    environ: Mapping[str, str]
    clock: Clock
    author: Author

    @property
    def scope(self) -> Scope:
        """What pins and the chain are of."""
        return Scope(self.settings.service, self.settings.environment)
