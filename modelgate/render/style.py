"""How text may look where it is read. The shell finds out; nothing here asks a terminal."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Colour = Literal["red", "green", "yellow", "magenta", "cyan", "dim", "bold"]

_CODES: dict[Colour, str] = {
    "red": "1;31",
    "green": "1;32",
    "yellow": "33",
    "magenta": "1;35",
    "cyan": "36",
    "dim": "2",
    "bold": "1",
}
_ASCII = str.maketrans({"✓": "+", "✗": "x", "→": "->", "…": "...", "—": "-"})


@dataclass(frozen=True, slots=True)
class Style:
    """What the place where text is read can show."""

    colour: bool = False
    unicode: bool = True
    """False: ASCII alone; what has no plain form is written as `\\u…`."""
    width: int | None = None
    """Columns of the terminal; None: nothing is wrapped, as nobody looks or the reader wraps by itself."""

    def narrower(self, columns: int) -> Style:
        """The same, with so many columns less, for what is indented."""
        return self if self.width is None else replace(self, width=max(self.width - columns, 1))

    def paint(self, text: str, colour: Colour) -> str:
        """`text` in `colour`, where there is colour."""
        return f"\x1b[{_CODES[colour]}m{text}\x1b[0m" if self.colour and text else text

    def fit(self, text: str) -> str:
        """`text` in the characters that can be shown."""
        if self.unicode:  # all of it but lone surrogates, as names of files may hold them
            return text.encode("utf-8", "backslashreplace").decode("utf-8")
        return text.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")


PLAIN = Style()
"""For a pipe or a file: no colour, no wrapping."""
