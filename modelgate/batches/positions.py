"""Which requests of a file: `1-100000,100005`, counted from 1, ascending."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence

Range = tuple[int, int]
"""First and last, both included."""


def to_text(ranges: Iterable[Range]) -> str:
    """The ranges as a text."""
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in ranges)


def from_text(text: str) -> Iterator[Range]:
    """The inverse of `to_text`."""
    for piece in text.split(","):
        first, _, last = piece.partition("-")
        yield int(first), int(last or first)


def holds(ranges: Sequence[Range], position: int) -> bool:
    """Whether one of the ascending `ranges` holds `position`."""
    place = bisect_right(ranges, position, key=lambda bounds: bounds[0])
    return place > 0 and position <= ranges[place - 1][1]


def extended(ranges: list[Range], position: int) -> None:
    """Adds the next higher position to `ranges`, in place."""
    if ranges and ranges[-1][1] == position - 1:
        ranges[-1] = (ranges[-1][0], position)
    else:
        ranges.append((position, position))
