"""Fixtures of the speed tests: a site whose policy reuses facts for an hour."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.fleet import REUSE
from support.sites import Site

from modelgate.sandbox import Sandbox


@pytest.fixture
def site(tmp_path: Path, modelgate_sandbox: Sandbox, database_url: str) -> Site:
    """`checkout` in `prod` on each database in turn; an alias and a canonical ID, pinned at the first preflight."""
    made = Site(tmp_path, modelgate_sandbox, database_url)
    made.asks(policy=REUSE, summarizer="claude-sonnet-4-5", grader="claude-sonnet-4-6")
    return made


@pytest.fixture
def file_site(tmp_path: Path, modelgate_sandbox: Sandbox, sqlite_url: str) -> Site:
    """The same on SQLite alone."""
    made = Site(tmp_path, modelgate_sandbox, sqlite_url)
    made.asks(policy=REUSE, summarizer="claude-sonnet-4-5", grader="claude-sonnet-4-6")
    return made
