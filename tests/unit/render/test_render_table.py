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


def test_words_are_wrapped_first():
    """As long as breaking between words is enough, all columns stay."""
    assert table(HEADINGS, ROWS[:1], Style(width=46)) == [
        "SLOT    ID                         LIFECYCLE",
        "grader  claude-haiku-4-5-20251001  deprecated,",
        "                                   3d left",
    ]


def test_expendable_columns_go_before_rows_are_stacked():
    """What matters least is left out, in the order that the caller gives."""
    assert table(HEADINGS, ROWS, Style(width=38), expendable=("lifecycle",)) == [
        "SLOT    ID",
        "grader  claude-haiku-4-5-20251001",
        "        x",
    ]


def test_a_row_too_wide_is_stacked_and_the_others_stay():
    """One long row does not turn the whole table around; what says nothing takes no line."""
    rows = [
        ["✗ grader", "claude-haiku-4-5-20251001", "deprecated, 3d left"],
        ["✓ other", "x", "active"],
        ["✓ b", "y", "-"],
    ]
    assert table(HEADINGS, rows, Style(width=38)) == [
        "SLOT     ID  LIFECYCLE",
        "✗ grader",
        "    id         claude-haiku-4-5-20251001",
        "    lifecycle  deprecated, 3d left",
        "✓ other  x   active",
        "✓ b      y   -",
    ]


def test_rows_that_only_together_are_too_wide_are_all_stacked():
    """Each would fit alone; in one table they do not."""
    rows = [["a", "x" * 20, "y"], ["b", "x", "y" * 20]]
    assert table(["", "left", "right"], rows, Style(width=40)) == [
        "a",
        f"    left   {'x' * 20}",
        "    right  y",
        "b",
        "    left   x",
        f"    right  {'y' * 20}",
    ]


@pytest.mark.parametrize("width", [1, 30, 40, 60, 80])
def test_no_word_is_ever_broken(width):
    """Whatever the width: an ID stands on one line, whole, to be marked and copied."""
    model, run = "m-" * 30, "run_20261122T204911_3f9a2c1b"
    lines = table(["a", "b", "c"], [["x" * 50, model, f"passed in {run}"]], Style(width=width))
    for word in ("x" * 50, model, run):
        assert sum(word in line for line in lines) == 1


def test_a_row_is_painted_in_its_first_cell():
    """Colours mark rows, and do not move the columns."""
    drawn = table(["slot", "id"], [["a", "x"], ["bc", "y"]], Style(colour=True), ["red", "green"])
    assert drawn == ["\x1b[1mSLOT  ID\x1b[0m", "\x1b[1;31ma   \x1b[0m  x", "\x1b[1;32mbc  \x1b[0m  y"]


def test_cells_are_made_harmless():
    """What a stranger wrote is shown as escapes: nobody has to remember it."""
    assert table(["a"], [["\x1b[2J\u202e"]], PLAIN) == ["A", "\\x1b[2J\\u202e"]


def test_no_rows_are_no_table():
    """A table without rows has no headings either."""
    assert table(HEADINGS, [], PLAIN) == []
