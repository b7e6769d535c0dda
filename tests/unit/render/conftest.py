"""Golden files: `pytest tests/unit/render --update-golden` writes what is rendered now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parents[2] / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Adds the flag; it is there where this folder is named on the command line."""
    parser.addoption("--update-golden", action="store_true", help="write tests/golden anew")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Holds a text to `tests/golden/<name>`."""

    def compare(name: str, actual: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden", default=False):
            path.write_text(actual, encoding="utf-8", newline="")
        assert actual == path.read_text(encoding="utf-8"), f"{name}: pytest tests/unit/render --update-golden"

    return compare
