"""Fixtures of bulk work: a desk on each database in turn, or on SQLite alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.desk import MODEL, Desk, HastyClock
from support.sites import Site

from modelgate.sandbox import Sandbox

PRICES = f'[prices."{MODEL}"]\ninput = 1.5\noutput = 7.5\n'


def _desk(folder: Path, sandbox: Sandbox, database_url: str) -> Desk:
    site = Site(folder, sandbox, database_url, clock=HastyClock(sandbox))
    site.asks(summarizer=MODEL, more=PRICES)
    site.accept("summarizer")
    return Desk(site)


@pytest.fixture
def desk(tmp_path: Path, modelgate_sandbox: Sandbox, sqlite_url: str) -> Desk:
    """A desk on SQLite; its slot is approved."""
    return _desk(tmp_path, modelgate_sandbox, sqlite_url)


@pytest.fixture
def each_desk(tmp_path: Path, modelgate_sandbox: Sandbox, database_url: str) -> Desk:
    """The same on each database in turn."""
    return _desk(tmp_path, modelgate_sandbox, database_url)
