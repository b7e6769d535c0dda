"""A table in columns. Where the terminal is narrow columns wrap between words, go, or stack: no ID is ever broken."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import zip_longest

from modelgate.domain.text import printable
from modelgate.render.style import Colour, Style

_GAP = "  "
_INDENT = "    "
_LONGEST = 1000
"""Characters of a cell."""

Row = Sequence[str]


def table(
    headings: Row,
    rows: Sequence[Row],
    style: Style,
    colours: Sequence[Colour] = (),
    *,
    expendable: Collection[str] = (),
) -> list[str]:
    """Lines of a table, its cells made harmless. `colours`, one per row, paint the row's first cell.

    Where it is too wide, cells wrap between words; then the `expendable` headings go, one after the other; then the
    widest rows are stacked, a line a cell; all, if those are most. Without rows: no lines.
    """
    if not rows:
        return []
    cells = [[printable(cell, _LONGEST) for cell in row] for row in rows]
    painted = [colours[number] if colours else None for number in range(len(cells))]
    choices = list(_choices(headings, expendable))
    for kept in choices:
        if widths := _widths([_pick(row, kept) for row in (headings, *cells)], style.width):
            return _drawn(_pick(headings, kept), [_pick(row, kept) for row in cells], widths, style, painted)
    for kept in choices:
        heads, rest = _pick(headings, kept), [_pick(row, kept) for row in cells]
        narrow = _narrow(heads, rest, style.width or 0)
        fitting = _widths([heads, *(rest[number] for number in narrow)], style.width) if narrow else None
        if fitting:
            break
    lines = _drawn(heads, [], fitting, style, []) if fitting else []
    for number, (row, colour) in enumerate(zip(cells, painted, strict=True)):
        if fitting and number in narrow:
            lines += _line(rest[number], fitting, style, colour)
        else:
            lines += _stacked(headings, row, style, colour)
    return lines


def wrapped(text: str, style: Style, indent: int = 0) -> list[str]:
    """`text` in lines that leave room for an indent; no word is ever broken, so that an ID stays one."""
    if style.width is None or len(text) + indent <= style.width:
        return [text]
    import textwrap

    room = max(style.width - indent, 20)
    return textwrap.wrap(text, room, break_on_hyphens=False, break_long_words=False)


def hanging(line: str, style: Style) -> list[str]:
    """`line` in lines that fit, each but the first indented."""
    if style.width is None or len(line) <= style.width:
        return [line]
    first, *more = wrapped(line, style.narrower(len(_INDENT)))
    return [first, *(f"{_INDENT}{each}" for each in more)]


def _choices(headings: Row, expendable: Collection[str]) -> Iterator[list[int]]:
    """The columns that are shown, with one after the other of the expendable ones gone."""
    kept = list(range(len(headings)))
    for gone in (None, *expendable):
        kept = [column for column in kept if headings[column] != gone]
        yield kept


def _pick(row: Row, columns: Sequence[int]) -> list[str]:
    return [row[column] for column in columns]


def _longest_words(rows: Sequence[Row]) -> list[int]:
    """The least width of each column: its longest word. The first column, the name of the row, is one word."""
    columns = list(zip(*rows, strict=True))
    words = [max(len(word) for cell in column for word in (cell or "-").split() or "-") for column in columns]
    return [max(map(len, columns[0])), *words[1:]]


def _narrow(headings: Row, rows: Sequence[Row], limit: int) -> set[int]:
    """The rows that fit into one table, the narrowest first; none, if those are not most of them."""
    least = [_longest_words([row]) for row in rows]
    widest, fit = _longest_words([headings]), set[int]()
    for number in sorted(range(len(rows)), key=lambda number: sum(least[number])):
        widest = [max(pair) for pair in zip(widest, least[number], strict=True)]
        if sum(widest) + len(_GAP) * (len(widest) - 1) > limit:
            break
        fit.add(number)
    return fit if len(fit) * 2 > len(rows) else set()


def _widths(rows: Sequence[Row], limit: int | None) -> list[int] | None:
    """As wide as the contents. Where that is too wide the widest give way, between words; None: not by enough."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if limit is None:
        return widths
    least, room = _longest_words(rows), limit - len(_GAP) * (len(widths) - 1)
    if sum(least) > room:
        return None
    while sum(widths) > room:
        wide = [column for column, width in enumerate(widths) if width > least[column]]
        widths[max(reversed(wide), key=widths.__getitem__)] -= 1
    return widths


def _drawn(
    headings: Row, rows: Sequence[Row], widths: Sequence[int], style: Style, colours: Sequence[Colour | None]
) -> list[str]:
    lines = [
        style.paint(line, "bold") for line in _line([heading.upper() for heading in headings], widths, style, None)
    ]
    for row, colour in zip(rows, colours, strict=True):
        lines += _line(row, widths, style, colour)
    return lines


def _line(cells: Row, widths: Sequence[int], style: Style, colour: Colour | None) -> list[str]:
    """One row in columns, as many lines as its cells take."""
    columns = [_fold(cell, width) for cell, width in zip(cells, widths, strict=True)]
    filled = zip_longest(*columns, fillvalue="")
    lines = [
        _GAP.join(f"{part:<{width}}" for part, width in zip(line, widths, strict=True)).rstrip() for line in filled
    ]
    if colour:
        first = lines[0][: widths[0]]
        lines[0] = style.paint(first, colour) + lines[0][len(first) :]
    return lines


def _stacked(headings: Row, row: Row, style: Style, colour: Colour | None) -> list[str]:
    """One row as a block: its name, then a line for each cell that says something."""
    told = [(heading, cell) for heading, cell in list(zip(headings, row, strict=True))[1:] if cell not in ("", "-")]
    width = max((len(heading) for heading, _ in told), default=0)
    lines = [style.paint(row[0], colour) if colour else row[0]]
    for heading, cell in told:
        first, *more = wrapped(cell, style, indent=len(_INDENT) + width + len(_GAP))
        lines.append(f"{_INDENT}{heading:<{width}}{_GAP}{first}")
        lines += [f"{_INDENT}{'':<{width}}{_GAP}{line}" for line in more]
    return lines


def _fold(cell: str, width: int) -> list[str]:
    """`cell` in lines of at most `width`, broken between words alone."""
    lines = [""]
    for word in cell.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return lines
