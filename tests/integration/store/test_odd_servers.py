"""PostgreSQL as others have set it up: encodings, search paths, tables of their own, a standby."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from support.databases import PostgreSQL, opened, settings_for
from support.ledger import AUTHOR, NOW, PROD, pin_row, run_row

from modelgate.clock import Deadline, SystemClock
from modelgate.domain.errors import StoreProblem
from modelgate.store import connect
from modelgate.store.database import Database
from modelgate.store.migrate import plan, upgrade


def database(url: str) -> Database:
    """The database at `url`."""
    clock = SystemClock()
    return connect(settings_for(url), deadline=Deadline.after(30, clock), clock=clock)


def encoded(server: PostgreSQL, encoding: str) -> str:
    """An empty database with this encoding."""
    name = f"encoded_{encoding.lower()}"
    server.execute(f"CREATE DATABASE {name} ENCODING '{encoding}' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'")
    return server.url(name)


def test_a_client_encoding_of_the_environment_changes_nothing(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Texts of all tongues come back as they were, and the chain is whole, whatever PGCLIENTENCODING says."""
    for encoding in ("SQL_ASCII", "LATIN1"):
        monkeypatch.setenv("PGCLIENTENCODING", encoding)
        opened(postgresql_url).append(PROD, AUTHOR, [run_row(f"é🙂 {encoding}")], now=NOW)
        assert opened(postgresql_url).run(f"é🙂 {encoding}") is not None
    assert opened(postgresql_url).verify(PROD).intact


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_is_not_utf_8_gets_no_store(postgresql: PostgreSQL, encoding: str) -> None:
    """`db upgrade` and its plan name the encoding, and how a database is made that has room for every text."""
    url = encoded(postgresql, encoding)
    for work in (plan, upgrade):
        with pytest.raises(StoreProblem) as refused:
            work(database(url))
        assert refused.value.problem.message == f"the database has the encoding {encoding}, not UTF8"
        assert "ENCODING 'UTF8'" in refused.value.problem.hint


def test_a_store_of_before_that_is_not_utf_8_is_never_called_tampered(postgresql: PostgreSQL) -> None:
    """A text that its encoding has no room for is refused as that; what it holds is verified and whole."""
    server_url = encoded(postgresql, "LATIN9")
    with psycopg.connect(server_url, autocommit=True) as server:
        server.execute("UPDATE pg_database SET encoding = pg_char_to_encoding('UTF8') WHERE datname = 'encoded_latin9'")
    upgrade(database(server_url))
    postgresql.execute(
        "UPDATE pg_database SET encoding = pg_char_to_encoding('LATIN9') WHERE datname = 'encoded_latin9'"
    )
    opened(server_url).append(PROD, AUTHOR, [run_row("é")], now=NOW)
    with pytest.raises(StoreProblem, match="encoding has no room for a text"):
        opened(server_url).append(PROD, AUTHOR, [run_row("🙂")], now=NOW)
    assert opened(server_url).verify(PROD).intact


def test_a_plan_refuses_what_the_upgrade_would(empty_postgresql_url: str) -> None:
    """A table of somebody else that has one of our names."""
    with psycopg.connect(empty_postgresql_url) as server:
        server.execute("CREATE TABLE runs (id int)")
    for work in (plan, upgrade):
        with pytest.raises(StoreProblem, match="has a table runs that is not modelgate's"):
            work(database(empty_postgresql_url))


@pytest.fixture
def standby(postgresql: PostgreSQL, postgresql_url: str) -> Iterator[tuple[str, Callable[[], None]]]:
    """A hot standby of the session's server, with a store of one pin: its URL, and how it becomes the primary."""
    opened(postgresql_url).append(PROD, AUTHOR, [pin_row(1)], now=NOW)
    user = "pgserver" if os.geteuid() == 0 else None
    tools, folder = Path(postgresql.server.bin_path), Path(tempfile.mkdtemp(prefix="modelgate-standby-"))
    if user:
        shutil.chown(folder, user)
    socket = str(postgresql.server.get_postmaster_info().socket_dir)

    def tool(*words: str) -> None:
        subprocess.run([tools / words[0], *words[1:]], user=user, check=True, capture_output=True, timeout=60, cwd="/")

    data, log = f"{folder}/data", f"{folder}/log"
    tool("pg_basebackup", "-D", data, "-R", "-h", socket, "-U", "postgres", "--checkpoint=fast")
    tool("pg_ctl", "-D", data, "-l", log, "-w", "-o", f"-k {folder} -c listen_addresses=", "start")
    name = postgresql_url.split("/")[3].partition("?")[0]
    try:
        yield (
            f"postgresql://postgres@/{name}?host={quote(str(folder), safe='')}",
            lambda: tool("pg_ctl", "-D", data, "promote"),
        )
    finally:
        tool("pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.mark.slow
def test_a_standby_is_waited_for_and_read_meanwhile(standby: tuple[str, Callable[[], None]]) -> None:
    """After a failover a write waits until there is a primary again, within the deadline; reads go on."""
    url, promote = standby
    assert opened(url).state(PROD).revisions == {"summarizer": 1}
    with pytest.raises(StoreProblem, match="read-only, as a standby is"):
        opened(url, seconds=0.5).append(PROD, AUTHOR, [run_row("r0")], now=NOW)
    later = threading.Timer(0.3, promote)
    later.start()
    assert opened(url, seconds=30).append(PROD, AUTHOR, [run_row("r1")], now=NOW).sequence == 2
    later.join()
