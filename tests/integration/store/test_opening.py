"""Opening an audit store: what is made, what is only looked at, and what is told when it cannot be had."""

from __future__ import annotations

import gc
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest
from support.databases import PostgreSQL, opened, settings_for
from support.ledger import AUTHOR, NOW, PROD, pin_row, run_row
from support.schemas import DUMPS, restore

from modelgate.clock import Deadline, SystemClock
from modelgate.domain.errors import SettingsError, StoreProblem
from modelgate.domain.history import State
from modelgate.domain.secret import Secret
from modelgate.domain.settings import DatabaseSettings
from modelgate.domain.source import Source
from modelgate.store import connect, open_store

CANARY = "hunter2-canary"


def problem(url: str, *, seconds: float = 0.5, write: bool = False) -> tuple[str, str]:
    """The check and the message of what happens with the store at `url`."""

    def use() -> None:
        store = opened(url, seconds=seconds)
        if write:
            store.append(PROD, AUTHOR, [run_row("r1")], now=NOW)

    with pytest.raises(StoreProblem) as raised:
        use()
    assert CANARY not in "".join(traceback.format_exception(raised.value))
    return raised.value.problem.check, raised.value.message


def test_threads_make_files_of_their_own_at_once(tmp_path: Path) -> None:
    """Many stores that are made at once in one process are all whole: migrations take turns."""
    with ThreadPoolExecutor(12) as pool:
        stores = list(pool.map(lambda n: opened(f"sqlite:///{tmp_path}/{n}.db"), range(12)))
    assert [store.head(PROD) for store in stores] == [None] * 12
    assert [store.state(PROD) for store in stores] == [State()] * 12


def test_a_missing_sqlite_file_is_made_once_and_said_so(tmp_path: Path) -> None:
    """The first to open it creates file and folder, with a warning; the second finds it."""
    url = f"sqlite:///{tmp_path}/a b#%41:é/modelgate.db"
    assert [notice.check for notice in opened(url).notices] == ["store.created"]
    store = opened(url)
    assert (store.notices, store.salt) == ((), opened(url).salt)


def test_reading_alone_makes_nothing(missing_sqlite_url: str, tmp_path: Path) -> None:
    """A dry run on a missing file sees an empty store and leaves no file."""
    store = opened(missing_sqlite_url, read_only=True)
    assert (store.state(PROD), store.head(PROD), store.history(PROD)) == (State(), None, ())
    assert store.verify(PROD).intact
    assert list(tmp_path.iterdir()) == []


def test_an_empty_store_leaves_no_connection_behind(missing_sqlite_url: str) -> None:
    """What stands in for a file that is not there is closed with the store: Python 3.13 warns of what is not."""
    store = opened(missing_sqlite_url, read_only=True)
    with store._database.session() as connection:
        raw = connection.connection.driver_connection
    assert raw is not None
    del store, connection
    gc.collect()
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        raw.execute("SELECT 1")


def test_a_file_that_cannot_be_read_leaves_no_connection_behind(tmp_path: Path) -> None:
    """Locked, or no database: each try closes what it opened."""

    def still_open() -> list[sqlite3.Connection]:
        return [each for each in gc.get_objects() if isinstance(each, sqlite3.Connection) and _is_open(each)]

    before = len(still_open())
    (tmp_path / "modelgate.db").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreProblem) as raised:
        opened(f"sqlite:///{tmp_path}/modelgate.db", seconds=2)
    assert (len(still_open()), raised.value.problem.check) == (before, "store.unreachable")


def _is_open(connection: sqlite3.Connection) -> bool:
    try:
        connection.total_changes  # noqa: B018 # raises where it is closed
    except sqlite3.ProgrammingError:
        return False
    return True


def test_reading_alone_refuses_to_write(database_url: str) -> None:
    """The database itself holds a dry run to its word."""
    opened(database_url)
    with pytest.raises(StoreProblem, match="read-only"):
        opened(database_url, read_only=True).append(PROD, AUTHOR, [run_row("r1")], now=NOW)


def test_an_interrupted_writer_is_cleaned_up_also_by_a_reader(sqlite_url: str, tmp_path: Path) -> None:
    """A journal that a killed process left does not keep a dry run from reading."""
    opened(sqlite_url).append(PROD, AUTHOR, [pin_row(1)], now=NOW)
    code = (
        "import os, sqlite3, sys\n"
        "file = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "file.execute('PRAGMA cache_size = 1'); file.execute('BEGIN IMMEDIATE')\n"
        "file.execute('CREATE TABLE big (text)')\n"
        "file.executemany('INSERT INTO big VALUES (?)', [('x' * 999,)] * 9999)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "modelgate.db")])
    assert (tmp_path / "modelgate.db-journal").stat().st_size > 0
    assert opened(sqlite_url, read_only=True).state(PROD).revisions == {"summarizer": 1}


def test_a_server_database_without_tables_is_left_alone(empty_postgresql_url: str) -> None:
    """On a server nothing but `db upgrade` makes a table."""
    check, _ = problem(empty_postgresql_url)
    with psycopg.connect(empty_postgresql_url) as server:
        tables = server.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    assert (check, tables) == ("store.schema-behind", (0,))


def test_a_server_needs_the_services_name(postgresql_url: str) -> None:
    """Services that share a database must not share the name `default`."""
    with pytest.raises(SettingsError, match="name of the service"):
        opened(postgresql_url, service_given=False)


@pytest.mark.parametrize(
    "url",
    [
        "", "nonsense", "sqlite://", "sqlite:///:memory:", "sqlite:///x.db?mode=memory", "sqlite://host/x.db",
        "sqlite:///file:x.db", "sqlite:///a\0b", "mysql://u:hunter2-canary@h/d", "oracle://", "://:@",
        "postgresql://u:hunter2-canary@h:port/d", "postgresql://u:hunter2-canary@h/d?no_such_option=1",
    ],
)  # fmt: skip
def test_a_url_that_makes_no_sense_is_a_settings_error(url: str) -> None:
    """It is told with its source, never with its password."""
    clock = SystemClock()
    settings = DatabaseSettings(Secret(url), source=Source("config/prod.toml", 12))
    with pytest.raises(SettingsError) as raised:
        open_store(settings, deadline=Deadline.after(2, clock), clock=clock)
    shown = "".join(traceback.format_exception(raised.value)) + raised.value.hint
    assert raised.value.message.startswith("config/prod.toml:12: ")
    assert CANARY not in shown


@pytest.fixture
def guarded(postgresql: PostgreSQL, postgresql_url: str) -> str:
    """A URL, without password, of a role that needs one."""
    postgresql.require_password("guarded", CANARY)
    name = postgresql_url.partition("?")[0].rpartition("/")[2]
    postgresql.execute(f"GRANT CONNECT ON DATABASE {name} TO guarded")
    postgresql.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO guarded", name)
    return postgresql.url(name, "guarded")


def test_a_password_file_is_used_and_never_shown(guarded: str, tmp_path: Path) -> None:
    """The password reaches the server and nothing else; a file that cannot be read is a settings error."""
    clock = SystemClock()
    (tmp_path / "password").write_text(f"{CANARY}\n")

    def settings(name: str) -> DatabaseSettings:
        return DatabaseSettings(Secret(guarded), tmp_path / name)

    store = open_store(settings("password"), deadline=Deadline.after(5, clock), clock=clock)
    assert store.state(PROD) == State()
    assert CANARY not in f"{store._database.address.shown} {vars(store)!r} {vars(store._database)!r}"
    with pytest.raises(SettingsError, match="password_file"):
        open_store(settings("missing"), deadline=Deadline.after(5, clock), clock=clock)


def test_a_wrong_password_is_told_at_once(guarded: str) -> None:
    """It is no use to try again."""
    url = guarded.replace("guarded@", f"guarded:{CANARY}-wrong@")
    expected = ("store.unreachable", "audit store: the database refused user or password")
    assert problem(url, seconds=100) == expected


def test_a_database_that_does_not_exist_is_told_at_once(postgresql: PostgreSQL) -> None:
    """It is no use to try again."""
    assert problem(postgresql.url("nowhere"), seconds=100) == (
        "store.unreachable",
        "audit store: there is no such database",
    )


def test_a_refused_connection_is_told_after_the_deadline() -> None:
    """Nobody listens there: tried again, then told with the cause."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        check, message = problem(f"postgresql://u:{CANARY}@127.0.0.1:{port}/d")
    assert (check, message) == ("store.unreachable", "audit store: Connection refused")


def test_a_server_that_says_nothing_is_told_within_the_deadline() -> None:
    """Something listens and never answers."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        check, _ = problem(f"postgresql://u@127.0.0.1:{silent.getsockname()[1]}/d")
    assert check == "store.unreachable"


def test_a_locked_file_is_waited_for_until_the_deadline(sqlite_url: str) -> None:
    """Somebody else writes and does not end."""
    opened(sqlite_url)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    found = problem(sqlite_url, seconds=4, write=True)  # a tenth of it is there to say why
    other.close()
    assert found == ("store.unreachable", "audit store: locked by another process")
    opened(sqlite_url).append(PROD, AUTHOR, [run_row("r1")], now=NOW)


@pytest.mark.parametrize(
    ("content", "cause"),
    [(b"no database at all" * 99, "the file is no SQLite database"), (None, "the file is damaged")],
)
def test_a_file_that_is_no_store_is_told(sqlite_url: str, tmp_path: Path, content: bytes | None, cause: str) -> None:
    """A stranger's file and a store whose pages were overwritten."""
    file = tmp_path / "modelgate.db"
    if content is None:
        opened(sqlite_url).append(PROD, AUTHOR, [run_row("r1")], now=NOW)
        whole = file.read_bytes()
        file.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    else:
        file.write_bytes(content)
    assert problem(sqlite_url, write=True) == ("store.unreachable", f"audit store: {cause}")


def test_a_folder_in_place_of_a_file_is_told(tmp_path: Path) -> None:
    """The path is there, but it is no file."""
    assert problem(f"sqlite:///{tmp_path}") == ("store.unreachable", "audit store: the file cannot be opened")


def test_another_applications_tables_are_left_alone(missing_sqlite_url: str) -> None:
    """A file that has a table of one of our names, and is not ours, is refused and not changed."""
    path = missing_sqlite_url.removeprefix("sqlite:///")
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE runs (distance)")
    check, message = problem(missing_sqlite_url)
    assert (check, message) == (
        "store.schema-incompatible",
        "the database has a table runs that is not modelgate's",
    )
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("runs",)]


def test_a_server_that_is_behind_says_so(empty_postgresql_url: str) -> None:
    """The gate names both schemas and what to type; it upgrades nothing."""
    restore(DUMPS / "0001.postgresql.sql", empty_postgresql_url)
    with pytest.raises(StoreProblem, match="has schema 0001, not ") as raised:
        opened(empty_postgresql_url)
    assert (raised.value.problem.check, raised.value.commands) == ("store.schema-behind", ("modelgate db upgrade",))


def test_a_file_that_is_behind_is_migrated_on_use_and_not_by_reading_alone(missing_sqlite_url: str) -> None:
    """A dry run leaves the file as it is and says so; a run upgrades it without a word."""
    restore(DUMPS / "0001.sqlite.sql", missing_sqlite_url)
    with pytest.raises(StoreProblem, match="has schema 0001, not "):
        opened(missing_sqlite_url, read_only=True)
    assert opened(missing_sqlite_url).notices == ()
    assert opened(missing_sqlite_url, read_only=True).state(PROD).revisions == {"summarizer": 1}


@pytest.mark.parametrize(
    ("statement", "check"),
    [
        ("UPDATE store_info SET chained = 'runs; DROP TABLE runs'", "store.unreachable"),
        ("UPDATE store_info SET salt = 'no hex'", "store.unreachable"),
        ("UPDATE modelgate_version SET version_num = '0000'", "store.schema-incompatible"),
        ("DELETE FROM modelgate_version", "store.schema-incompatible"),
        ("DROP TABLE store_info", "store.schema-incompatible"),
        ("DROP TABLE findings", "store.schema-incompatible"),
    ],
)
def test_a_store_whose_own_notes_make_no_sense_is_no_crash(sqlite_url: str, statement: str, check: str) -> None:
    """Whatever is written in them is neither obeyed nor a traceback."""
    opened(sqlite_url).append(PROD, AUTHOR, [run_row("r0")], now=NOW)
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as file:
        file.execute(statement)
    assert problem(sqlite_url, write=True)[0] == check


def test_a_walk_over_a_damaged_file_is_told(sqlite_url: str, tmp_path: Path) -> None:
    """Evidence that cannot be read is neither intact nor tampered with."""
    store = opened(sqlite_url)
    store.append(PROD, AUTHOR, [run_row(f"r{number}", slots="x" * 3000) for number in range(50)], now=NOW)
    file = tmp_path / "modelgate.db"
    whole = file.read_bytes()
    file.write_bytes(whole[:-100_000] + b"\xff" * 100_000)
    with pytest.raises(StoreProblem, match="damaged"):
        store.verify(PROD)


@pytest.mark.parametrize("damage", ["recorded_at = 'yesterday'", "entry = '{'", "entry = '[]'", "entry = '{\"x\":1}'"])
def test_rows_that_were_tampered_with_are_no_crash(sqlite_url: str, damage: str) -> None:
    """A gate that meets them could not know, and says how to look closer."""
    store = opened(sqlite_url)
    store.append(PROD, AUTHOR, [pin_row(1)], now=NOW)
    with sqlite3.connect(sqlite_url.removeprefix("sqlite:///")) as file:
        file.execute("DROP TRIGGER pins_refuse_update")
        file.execute(f"UPDATE pins SET {damage}")
    with pytest.raises(StoreProblem, match="audit verify"):
        store.state(PROD)


@pytest.fixture
def anybodys() -> Iterator[Path]:
    """A folder that a user without rights can reach."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder


ATTEMPT = """
import os
import resource
import sys
from support.databases import opened
from support.ledger import AUTHOR, NOW, PROD, run_row
from modelgate.domain.errors import StoreProblem
if sys.argv[2] == "nobody" and os.geteuid() == 0:
    os.setuid(65534)
elif sys.argv[2].isdigit():
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    store = opened(sys.argv[1], seconds=1)
    print(store.state(PROD).revisions)
    store.append(PROD, AUTHOR, [run_row("r1", slots="x" * 10**6)], now=NOW)
except StoreProblem as error:
    print(error.problem.check, error.message)
"""


def attempt(url: str, restriction: str = "none") -> list[str]:
    """What a process prints that opens the store and adds a big row: as `nobody`, or with so many bytes to a file."""
    tests = Path(__file__).parents[2]
    environ = {**os.environ, "PYTHONPATH": f"{tests}{os.pathsep}{tests.parent}", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-c", ATTEMPT, url, restriction]
    done = subprocess.run(command, env=environ, capture_output=True, text=True)
    assert (done.stderr, done.returncode) == ("", 0)
    return done.stdout.splitlines()


def test_a_read_only_file_can_be_read(anybodys: Path) -> None:
    """A gate that may not write sees the pins, then says that it could not record."""
    url = f"sqlite:///{anybodys}/modelgate.db"
    opened(url).append(PROD, AUTHOR, [pin_row(1)], now=NOW)
    (anybodys / "modelgate.db").chmod(0o444)
    anybodys.chmod(0o555)
    assert attempt(url, "nobody") == [
        "{'summarizer': 1}",
        "store.unreachable audit store: the file or its folder is read-only",
    ]


def test_a_read_only_folder_makes_no_store(anybodys: Path) -> None:
    """The file cannot be created there."""
    anybodys.chmod(0o555)
    assert attempt(f"sqlite:///{anybodys}/modelgate.db", "nobody") == [
        "store.unreachable audit store: Permission denied"
    ]


def test_a_write_that_does_not_fit_leaves_the_store_whole(sqlite_url: str) -> None:
    """A disk that takes no more bytes: told, and the chain is as it was."""
    store = opened(sqlite_url)
    store.append(PROD, AUTHOR, [pin_row(1)], now=NOW)
    assert attempt(sqlite_url, "400000") == [
        "{'summarizer': 1}",
        "store.unreachable audit store: the disk cannot be read or written",
    ]
    assert (store.verify(PROD).rows, store.verify(PROD).intact) == (1, True)


def test_a_full_disk_is_named(tmp_path: Path) -> None:
    """A file system without room: told, and the chain is as it was."""
    mounted = tmp_path / "small"
    mounted.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(mounted)], capture_output=True)
    if mount.returncode:
        pytest.skip(reason="this user may not mount a small file system")
    try:
        url = f"sqlite:///{mounted}/modelgate.db"
        store = opened(url)
        store.append(PROD, AUTHOR, [pin_row(1)], now=NOW)
        assert attempt(url) == ["{'summarizer': 1}", "store.unreachable audit store: the disk is full"]
        assert (store.verify(PROD).rows, store.verify(PROD).intact) == (1, True)
    finally:
        subprocess.run(["umount", str(mounted)], check=True)


def test_a_busy_store_is_tried_again_after_the_deadline(tmp_path: Path) -> None:
    """A verdict that took all the time still has its two seconds, and one hitch does not use them up."""
    clock = SystemClock()
    url = f"sqlite:///{tmp_path}/store.db"
    database = connect(settings_for(url), deadline=Deadline.after(0, clock), clock=clock)
    database.create_file()
    database.extend(database.deadline)
    busy = sqlite3.OperationalError("database is locked")
    busy.sqlite_errorcode = sqlite3.SQLITE_BUSY
    hitches = [busy]

    def work(_connection: object) -> str:
        if hitches:
            raise hitches.pop()
        return "written"

    assert database.run(work, write=True) == "written"
