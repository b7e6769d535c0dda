"""A shell in a checkout of `checkout`, whose `prod` asks for an alias on SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.commands import Shell
from support.sites import ALIAS, Site

from modelgate.sandbox import Sandbox


@pytest.fixture
def shell(tmp_path: Path, modelgate_sandbox: Sandbox, sqlite_url: str) -> Shell:
    """Nothing is approved yet."""
    site = Site(tmp_path, modelgate_sandbox, sqlite_url)
    site.asks(summarizer=ALIAS)
    return Shell(site)


@pytest.fixture
def storeless(shell: Shell) -> Shell:
    """Its audit store is not there yet."""
    (shell.site.folder / "modelgate.db").unlink()
    return shell


@pytest.fixture
def approved(shell: Shell) -> Shell:
    """The slot may run what its alias means."""
    shell.site.accept("summarizer")
    return shell
