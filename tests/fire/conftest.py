"""Under fire: the whole matrix with `--fire`, and without it some of each kind, as much as every test run bears.

At its end a run says how many faults it tried and how many were survived as specified, and what the readers were fed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from commands import KEY
from scene import DATABASES, Place
from support.databases import PostgreSQL

TRIED = "fault tried"
"""The property of a test that tries one fault; its value is the family that the fault is of."""
SHARE = 5
"""Without `--fire`: the first, the sixth and so on of what each test tries beside the whole matrix."""
FED = "texts fed"
"""The property of a test that feeds a reader; its value is how many texts."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options, where pytest is started on this folder."""
    parser.addoption("--fire", action="store_true", help="try every fault everywhere, not one part of the matrix")
    parser.addoption("--every", type=int, default=1, help="with --fire: every Nth of what no other run tries, alone")
    parser.addoption("--minutes", type=float, default=0, help="how long each reader is fed with anything")


def pytest_configure(config: pytest.Config) -> None:
    """The markers of this folder."""
    config.addinivalue_line("markers", "fault(family): tries one fault, and is counted")
    config.addinivalue_line("markers", "whole: of the whole matrix alone, run with --fire")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Takes a sample without `--fire`; with `--every` every Nth of the whole matrix, and not the sample again."""
    fire, step = config.getoption("--fire", default=False), config.getoption("--every", default=1)
    if fire and step == 1:
        return
    folder = Path(__file__).parent
    mine = {path for path in {item.path for item in items} if folder in path.parents}
    here = [item for item in items if item.path in mine]
    common = [item for item in here if not item.get_closest_marker("whole")]
    sampled = {item for one in _by_test(common) for item in one[::SHARE]}
    if fire:
        rare = [item for item in here if item.get_closest_marker("whole")]
        chosen = {*common, *rare[::step]} - sampled  # the same ones each time
    else:
        chosen = sampled
    left_out = [item for item in here if item not in chosen]
    config.hook.pytest_deselected(items=left_out)
    gone = set(left_out)
    items[:] = [item for item in items if item not in gone]


def _by_test(items: list[pytest.Item]) -> list[list[pytest.Item]]:
    """The items of each test function, in their order."""
    found: dict[str, list[pytest.Item]] = {}
    for item in items:
        found.setdefault(item.nodeid.partition("[")[0], []).append(item)
    return list(found.values())


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Notes what a fault is of where the report of its test finds it, in whichever process that is."""
    if mark := item.get_closest_marker("fault"):
        item.user_properties.append((TRIED, mark.args[0]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many faults were tried and how many were survived as specified; how many texts each reader was fed."""
    tried: Counter[str] = Counter()
    survived: Counter[str] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.getreports(outcome):
            families = [str(value) for name, value in report.user_properties if name == TRIED]
            tried.update(families)
            survived.update(families if outcome == "passed" else [])
            for number in (value for name, value in report.user_properties if name == FED):
                reader = report.nodeid.partition("[")[2].rstrip("]")
                terminalreporter.write_line(f"under fire: {reader}: fed {number} texts in {report.duration:.0f} s")
    for family, number in sorted(tried.items()):
        terminalreporter.write_line(f"under fire: {family}: {number} tried, {survived[family]} survived as specified")
    if tried:
        total = f"{tried.total()} tried, {survived.total()} survived as specified"
        terminalreporter.write_line(f"under fire: all: {total}", bold=True)


@pytest.fixture(scope="session", autouse=True)
def _no_key_stays(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """At the end, whatever was tried: no store, report, file of settings or core that was left behind holds the key."""
    yield
    left = (path for path in tmp_path_factory.getbasetemp().rglob("*") if path.is_file())
    assert [path for path in left if KEY.encode() in path.read_bytes()] == []


@pytest.fixture(scope="session")
def shared_postgresql(postgresql: PostgreSQL) -> str:
    """A PostgreSQL store that tests share, each with a service of its own."""
    return postgresql.create()


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Makes scenes on the database that a test names."""

    def database(kind: str) -> str:
        assert kind in DATABASES
        return str(request.getfixturevalue("shared_postgresql" if kind == "postgresql" else "sqlite_url"))

    return Place(tmp_path, database)
