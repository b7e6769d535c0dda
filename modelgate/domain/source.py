"""Where a value was set."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """A place in a file, a variable, a flag or a default. `str(source)` is what people read."""

    name: str
    """`config/prod.toml`, `$GRADER_MODEL`, `--service` or `default`."""
    line: int | None = None
    """1-based, in files only."""
    column: int | None = None
    """1-based, in characters, where one line may hold many."""

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.name, self.line, self.column) if part)

    @property
    def is_file(self) -> bool:
        """Whether a report may link to it."""
        return self.line is not None


DEFAULT = Source("default")
