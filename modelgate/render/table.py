"""A table in columns that wraps inside its cells where the terminal is narrow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest

from modelgate.render.style import Colour, Style

_GAP = "  "
_NARROWEST = 8
_PIECE = re.compile(r"[^\s/-]*[\s/-]?")


def table(
    headings: Sequence[str], rows: Sequence[Sequence[str]], style: Style, colours: Sequence[Colour] = ()
) -> list[str]:
    """Lines of a table. `colours`, one per row, paint the row's first cell. Without rows: no lines."""
    if not rows:
        return []
    widths = _widths([headings, *rows], style.width)
    lines = [style.paint(line, "bold") for line in _row([heading.upper() for heading in headings], widths)]
    for number, row in enumerate(rows):
        drawn = _row(row, widths)
        if colours:
            first = drawn[0][: widths[0]]
            drawn[0] = style.paint(first, colours[number]) + drawn[0][len(first) :]
        lines += drawn
    return lines


def wrapped(text: str, style: Style, indent: int = 0) -> list[str]:
    """`text` in lines that leave room for an indent; no word is ever broken, so that an ID stays one."""
    if style.width is None or len(text) + indent <= style.width:
        return [text]
    import textwrap

    room = max(style.width - indent, 20)
    return textwrap.wrap(text, room, break_on_hyphens=False, break_long_words=False)


def _widths(rows: Sequence[Sequence[str]], limit: int | None) -> list[int]:
    """As wide as the contents. Where that is too wide the widest give way: at first between words, then within."""
    columns = list(zip(*rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    room = sum(widths) if limit is None else limit - len(_GAP) * (len(widths) - 1)
    words = [max(len(word) for cell in column for word in (cell or "-").split()) for column in columns]
    words[0] = widths[0]  # the name of the row
    for floors in (words, [_NARROWEST] * len(widths)):
        while sum(widths) > room and (wide := [n for n, width in enumerate(widths) if width > floors[n]]):
            widths[max(reversed(wide), key=widths.__getitem__)] -= 1
    return widths


def _row(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    columns = [_fold(cell, width) for cell, width in zip(cells, widths, strict=True)]
    lines = zip_longest(*columns, fillvalue="")
    return [_GAP.join(f"{part:<{width}}" for part, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def _fold(cell: str, width: int) -> list[str]:
    """`cell` in lines of at most `width`, broken after spaces, slashes and hyphens: a model ID has no other place."""
    lines = [""]
    for piece in _PIECE.findall(cell):
        if lines[-1] and len(lines[-1]) + len(piece.rstrip()) > width:
            lines.append("")
        while len(piece.rstrip()) > width:
            lines[-1], piece = piece[:width], piece[width:]
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]
