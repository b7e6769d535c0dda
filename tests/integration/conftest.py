"""Fixtures of the gate and its operations: a site on each database in turn, or on one of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.sites import ALIAS, Site

from modelgate.sandbox import Sandbox


def _site(folder: Path, sandbox: Sandbox, database_url: str) -> Site:
    site = Site(folder, sandbox, database_url)
    site.asks(summarizer=ALIAS)
    return site


@pytest.fixture
def site(tmp_path: Path, modelgate_sandbox: Sandbox, database_url: str) -> Site:
    """`checkout` in `prod` on each database in turn, with one slot that asks for an alias; nothing is approved yet."""
    return _site(tmp_path, modelgate_sandbox, database_url)


@pytest.fixture
def file_site(tmp_path: Path, modelgate_sandbox: Sandbox, sqlite_url: str) -> Site:
    """The same on SQLite alone, where the database is not asked."""
    return _site(tmp_path, modelgate_sandbox, sqlite_url)


@pytest.fixture
def site_on_postgresql(tmp_path: Path, modelgate_sandbox: Sandbox, postgresql_url: str) -> Site:
    """The same on PostgreSQL alone."""
    return _site(tmp_path, modelgate_sandbox, postgresql_url)
