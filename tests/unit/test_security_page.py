"""SECURITY.md: what somebody cannot do was tried, and the page says where."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    line
    for line in (ROOT / "SECURITY.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and " cannot " not in line[:40] and not line.startswith("| can |")
]


def known() -> set[str]:
    """The names of all tests, and of the files that they are in."""
    files = list((ROOT / "tests").rglob("*.py"))
    functions = {
        name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE)
    }
    return functions | {file.relative_to(ROOT).as_posix() for file in files}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[2:40])
def test_each_cannot_names_a_test_that_is_there(row: str) -> None:
    """A row without a test is a promise; one with the name of a test that is gone is none."""
    named = set(re.findall(r"`(test_\w+|tests/[\w/]+\.py)`", row))
    assert named
    assert named <= known()
