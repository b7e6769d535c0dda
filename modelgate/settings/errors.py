"""What is wrong with settings: gathered, so that people see all of it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from modelgate.domain.errors import SettingsError
from modelgate.domain.source import DEFAULT, Source


@dataclass(slots=True)
class SettingsErrors:
    """One line for each thing that is wrong: `source: key: what`."""

    _lines: list[tuple[str, str]] = field(default_factory=list)
    _hint: str = ""

    def add(self, source: Source, key: str, what: str, hint: str = "") -> None:
        """Adds one. The hint of the first that has one is shown."""
        line = (str(source) if source != DEFAULT else "", f"{key}: {what}" if key else what)
        if line not in self._lines:
            self._lines.append(line)
            self._hint = self._hint or hint

    def raise_any(self, commands: Sequence[str] = ()) -> None:
        """Raises one SettingsError with all of them, and what makes them right; its source is the first one's."""
        if self._lines:
            [(source, first), *more] = self._lines
            lines = [first, *(f"{place}: {what}" if place else what for place, what in more)]
            raise SettingsError("\n".join(lines), source=source, hint=self._hint, commands=commands)
