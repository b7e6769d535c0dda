"""Tables that give way where the terminal is narrow."""

from __future__ import annotations

import pytest

from modelgate.render.style import PLAIN, Style
from modelgate.render.table import table

HEADINGS = ["slot", "id", "lifecycle"]
ROWS = [["grader", "claude-haiku-4-5-20251001", "deprecated, 3d left"], ["", "x", "-"]]


def test_columns_are_as_wide_as_their_contents():
    """Without a limit nothing is wrapped, and no line ends in spaces."""
    assert table(HEADINGS, ROWS, PLAIN) == [
        "SLOT    ID                         LIFECYCLE",
        "grader  claude-haiku-4-5-20251001  deprecated, 3d left",
        "        x                          -",
    ]


def test_words_are_wrapped_before_ids_are_broken():
    """As long as breaking between words is enough, an ID stays in one piece."""
    assert table(HEADINGS, ROWS[:1], Style(width=46)) == [
        "SLOT    ID                         LIFECYCLE",
        "grader  claude-haiku-4-5-20251001  deprecated,",
        "                                   3d left",
    ]


def test_ids_are_broken_at_hyphens():
    """On a narrow terminal an ID goes on in the next line, after a hyphen."""
    assert table(HEADINGS, ROWS[:1], Style(width=38)) == [
        "SLOT    ID                 LIFECYCLE",
        "grader  claude-haiku-4-5-  deprecated,",
        "        20251001           3d left",
    ]


@pytest.mark.parametrize("width", [30, 40, 60, 80])
def test_nothing_is_lost_and_nothing_is_wider_than_asked(width):
    """Every character of a cell is shown, words without hyphens included."""
    lines = table(["a", "b"], [["x" * 50, "y-" * 30]], Style(width=width))
    assert max(map(len, lines)) <= width
    assert ("".join(lines).count("x"), "".join(lines).count("y")) == (50, 30)


def test_a_terminal_of_no_width_still_shows_something():
    """Absurd widths end in narrow columns, not in a loop or an error."""
    assert max(map(len, table(HEADINGS, ROWS, Style(width=1)))) <= 8 * 3 + 4


def test_a_row_is_painted_in_its_first_cell():
    """Colours mark rows, and do not move the columns."""
    drawn = table(["slot", "id"], [["a", "x"], ["bc", "y"]], Style(colour=True), ["red", "green"])
    assert drawn == ["\x1b[1mSLOT  ID\x1b[0m", "\x1b[1;31ma   \x1b[0m  x", "\x1b[1;32mbc  \x1b[0m  y"]


def test_no_rows_are_no_table():
    """A table without rows has no headings either."""
    assert table(HEADINGS, [], PLAIN) == []
