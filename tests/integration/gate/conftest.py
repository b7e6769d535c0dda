"""Fixtures of the gate's tests: a site on each database in turn, or on SQLite alone where the database is not asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from sites import ALIAS, Site

from modelgate.sandbox import Sandbox


@pytest.fixture
def site(tmp_path: Path, modelgate_sandbox: Sandbox, database_url: str) -> Site:
    """`checkout` in `prod`, with one slot that asks for an alias; nothing is approved yet."""
    made = Site(tmp_path, modelgate_sandbox, database_url)
    made.asks(summarizer=ALIAS)
    return made


@pytest.fixture
def file_site(tmp_path: Path, modelgate_sandbox: Sandbox, sqlite_url: str) -> Site:
    """The same on SQLite alone."""
    made = Site(tmp_path, modelgate_sandbox, sqlite_url)
    made.asks(summarizer=ALIAS)
    return made


@pytest.fixture
def site_on_postgresql(tmp_path: Path, modelgate_sandbox: Sandbox, postgresql_url: str) -> Site:
    """The same on PostgreSQL alone."""
    made = Site(tmp_path, modelgate_sandbox, postgresql_url)
    made.asks(summarizer=ALIAS)
    return made
