"""Fixtures of the operations' tests: a site on SQLite, or on each database in turn."""

from __future__ import annotations

from pathlib import Path

import pytest
from sites import ALIAS, Site

from modelgate.sandbox import Sandbox


@pytest.fixture
def site(tmp_path: Path, modelgate_sandbox: Sandbox, sqlite_url: str) -> Site:
    """`checkout` in `prod`, with one slot that asks for an alias; nothing is approved yet."""
    made = Site(tmp_path, modelgate_sandbox, sqlite_url)
    made.asks(summarizer=ALIAS)
    return made


@pytest.fixture
def any_site(tmp_path: Path, modelgate_sandbox: Sandbox, database_url: str) -> Site:
    """The same on each database in turn."""
    made = Site(tmp_path, modelgate_sandbox, database_url)
    made.asks(summarizer=ALIAS)
    return made
