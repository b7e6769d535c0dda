"""One database: connections that are kept for a moment at most, transactions that are tried again, exceptions that
become ours.

SQLite keeps its rollback journal rather than a write-ahead log: a store then is one file, which a read-only folder or a
network volume can serve and which can be copied while nobody writes; nobody here needs readers beside a long write.
"""

from __future__ import annotations

import os
import random
import sqlite3
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, Engine, StaticPool, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from modelgate.background import Background
from modelgate.clock import Clock, Deadline
from modelgate.store.address import Address
from modelgate.store.faults import DAMAGED, STANDBY, VENDOR, Fault, fault_of
from modelgate.store.together import BEGIN, Question, begin_now, together

if TYPE_CHECKING:
    import psycopg

T = TypeVar("T")
LEAST = 2.0
"""Seconds that there are even when the deadline has passed: a verdict that took all the time is recorded."""
TRYING = 0.9
"""The part of the time after which nothing is tried again, so that the database's own reason is told."""


class Database:
    """Connects to an address within a deadline."""

    def __init__(self, address: Address, deadline: Deadline, clock: Clock, *, read_only: bool = False) -> None:
        self.address = address
        self.deadline = deadline
        self.clock = clock
        self.read_only = read_only
        self.is_unencrypted = False
        """Whether the last connection led over a network in the clear."""
        self.missing = read_only and address.path is not None and not address.path.exists()
        self.least = LEAST
        """Seconds that a transaction may take even when the deadline has passed."""
        self.keeps = False
        """Whether a connection to a server is kept from one transaction to the next, until `rest`."""
        self._kept: Connection | None = None
        self._driver: Callable[[Database], Any] = Database._connect_file
        self._engine = self._empty() if self.missing else self._shared()

    @property
    def is_server(self) -> bool:
        """Whether this is PostgreSQL."""
        return self.address.path is None

    @property
    def seconds(self) -> float:
        """How long one transaction may take, with all its tries."""
        return max(self.deadline.remaining, self.least)

    def extend(self, deadline: Deadline) -> None:
        """From now on there is time until `deadline`, and in any case `least`."""
        self.deadline = Deadline.after(max(deadline.remaining, self.least), self.clock)

    def create_file(self) -> None:
        """Makes a SQLite file that is missing, empty, and its folders. Nothing else ever does."""
        path = self.address.path
        if path is None or path.exists():
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        except OSError as error:
            raise fault_of(error).error(self.address.shown) from error

    def run(self, work: Callable[[Connection], T], *, write: bool = False) -> T:
        """What `work` returns, done in one transaction.

        Transient failures are tried again until the deadline. An attempt that failed while it committed may have been
        written: `work` looks for that first if it must not be done twice. Raises StoreProblem, and what `work` raises.
        """
        tries = Deadline.after(self.deadline.remaining * TRYING, self.clock)
        result, self._kept = _within(self.seconds, lambda: self._retried(work, write, tries), self.address.shown)
        return result

    def ask(self, question: Question[T]) -> T:
        """What the question comes to, read at one instant: on a server in one round trip. Raises as `run`."""
        return self.run(lambda c: question.answer(*together(c, *question.queries, ends=True)))

    def rest(self) -> None:
        """Ends the connection that is kept, if one is: nobody holds one while he waits for something else."""
        kept, self._kept = self._kept, None
        if kept:
            with suppress(SQLAlchemyError):
                kept.close()

    @contextmanager
    def session(self) -> Iterator[Connection]:
        """One connection for as long as it takes: a walk over millions of rows has no deadline."""
        try:
            with self._connect() as connection:
                yield connection
        except VENDOR as error:
            raise fault_of(error).error(self.address.shown) from error

    def _retried(self, work: Callable[[Connection], T], write: bool, tries: Deadline) -> tuple[T, Connection | None]:
        pause = 0.02
        while True:
            try:
                return self._tried(work, write)
            except VENDOR as error:
                fault = fault_of(error)
                waits = fault.transient and not (fault is STANDBY and self.read_only)
                if not waits or tries.remaining <= pause:
                    raise fault.error(self.address.shown) from error
            except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
                if write:
                    raise
                raise DAMAGED.error(self.address.shown) from error
            self.clock.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 # spreads retries, hides nothing
            pause = min(pause * 2, 1.0)

    def _tried(self, work: Callable[[Connection], T], write: bool) -> tuple[T, Connection | None]:
        """What `work` returns, and the connection if it is kept. One that fails is never used again."""
        kept, self._kept = self._kept, None
        connection = kept or self._connect()
        keeps = False
        try:
            with connection.execution_options(write=write, bounded=True).begin():
                result = work(connection)
            keeps = self.keeps and self.is_server
            return result, connection if keeps else None
        finally:
            if not keeps:
                connection.close()

    def _empty(self) -> Engine:
        """A store without rows that stands in for a file that is not there."""
        from modelgate.store.families import EVERY_TABLE

        engine = create_engine(
            "sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False}, hide_parameters=True
        )
        EVERY_TABLE.create_all(engine)
        weakref.finalize(self, engine.dispose)  # the one connection that is kept: Python 3.13 warns of it otherwise
        return engine

    def _shared(self) -> Engine:
        if not self.is_server:
            return _engine_of("sqlite://")
        from modelgate.store import server

        options = server.options_of(self.address)
        self._driver = lambda database: database._connect_server(options)
        return _engine_of(server.URL, use_native_hstore=False)  # one question less at each start

    def _connect(self) -> Connection:
        token = _connecting.set(self)
        try:
            return self._engine.connect().execution_options(database=self)
        finally:
            _connecting.reset(token)

    def connect_driver(self) -> Any:
        """A connection of the driver, for the engine."""
        return self._driver(self)

    def begin(self, connection: Connection, *, write: bool = False, bounded: bool = False) -> None:
        """Begins a transaction, for the engine."""
        if not self.is_server:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
            return
        from modelgate.store import server

        seconds = self.seconds if bounded else 0
        schema = server.schema_of(self.address)
        begin = server.begin(schema=schema, write=write, read_only=self.read_only, milliseconds=int(seconds * 1000))
        connection.info[BEGIN] = begin  # sent with the first question, where `run` would do it all again
        if not bounded:
            begin_now(connection)

    def _connect_file(self) -> sqlite3.Connection:
        assert self.address.path is not None  # noqa: S101 # this is a file
        path = self.address.path.absolute().as_posix()  # its `as_uri` loads an HTTP client on Python 3.15
        connection = sqlite3.connect(
            f"file://{'' if path.startswith('/') else '/'}{quote(os.fsencode(path))}?mode=rw",  # `create_file` creates
            uri=True,
            timeout=self.seconds * TRYING,
            isolation_level=None,
        )
        try:
            connection.execute("PRAGMA synchronous = EXTRA")  # what was reported as recorded survives a power cut
            if self.read_only:
                connection.execute("PRAGMA query_only = ON")
        except BaseException:  # the file is locked, or is no database
            connection.close()
            raise
        return connection

    def _connect_server(self, options: dict[str, str]) -> psycopg.Connection:
        from modelgate.store import server

        connection = server.connect(options, self.seconds)
        info = connection.info
        self.is_unencrypted = server.is_unencrypted(
            host=info.host, address=info.hostaddr, tls=bool(connection.pgconn.ssl_in_use)
        )
        return connection


_connecting: ContextVar[Database] = ContextVar("modelgate_connecting")
"""Whose connection is being made."""


@cache
def _engine_of(url: str, **options: Any) -> Engine:
    """The engine of all databases of a kind: it keeps what it compiled, so that a process compiles a statement once."""
    engine = create_engine(
        url, creator=lambda: _connecting.get().connect_driver(), poolclass=NullPool, hide_parameters=True, **options
    )
    event.listen(engine, "begin", _begin)
    event.listen(engine, "before_cursor_execute", _begin_now)
    return engine


def _begin(connection: Connection) -> None:
    told = connection.get_execution_options()
    database: Database = told["database"]
    database.begin(connection, write=told.get("write", False), bounded=told.get("bounded", False))


def _begin_now(connection: Connection, *_: object) -> None:
    begin_now(connection)


def _within(seconds: float, work: Callable[[], T], shown: str) -> T:
    """What `work` returns or raises, waited for no longer than `seconds`.

    On a daemon thread: a server that hangs, a name that does not resolve and a lock on a dead network volume neither
    outlast the deadline nor hold a signal back.
    """
    outcome = Background[tuple[T] | None](lambda: (work(),), "store").result(seconds, None)
    if outcome is None:
        raise Fault("no answer within the deadline").error(shown)
    return outcome[0]
