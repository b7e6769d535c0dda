"""Faults of the audit store, made on the store itself: each breaks it on entry; those that can heal, do on exit."""

from __future__ import annotations

import contextlib
import signal
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from scene import Scene
from server_faults import database_of, disk_full, ends_in_transactions, stops
from support.databases import PostgreSQL

UNREACHABLE, BEHIND, INCOMPATIBLE = "store.unreachable", "store.schema-behind", "store.schema-incompatible"
Break = Callable[[Scene, PostgreSQL], AbstractContextManager[None]]


@dataclass(frozen=True)
class StoreFault:
    """One way in which a store breaks."""

    name: str
    database: str
    play: Break
    check: str = UNREACHABLE
    heals: bool = False
    moments: tuple[str, ...] = ("before", "asking")
    """When it breaks: before the run, or while the gate asks the API."""


def path_of(scene: Scene) -> Path:
    """The SQLite file."""
    return Path(scene.database_url.removeprefix("sqlite:///"))


def _file(*statements: str, wait: bool = False) -> Break:
    """Statements of somebody else, in a transaction that is left open (`wait`) or committed."""

    @contextlib.contextmanager
    def play(scene: Scene, _server: PostgreSQL) -> Iterator[None]:
        with contextlib.closing(
            sqlite3.connect(path_of(scene), isolation_level=None, check_same_thread=False)
        ) as other:
            for statement in statements:
                other.execute(statement)
            if wait:
                yield
                other.rollback()
        if not wait:
            yield

    return play


def _bytes(change: Callable[[bytes], bytes]) -> Break:
    @contextlib.contextmanager
    def play(scene: Scene, _server: PostgreSQL) -> Iterator[None]:
        path_of(scene).write_bytes(change(path_of(scene).read_bytes()))
        yield

    return play


@contextlib.contextmanager
def _folder(scene: Scene, _server: PostgreSQL) -> Iterator[None]:
    path_of(scene).unlink()
    path_of(scene).mkdir()
    yield


@contextlib.contextmanager
def _gone(scene: Scene, _server: PostgreSQL) -> Iterator[None]:
    path_of(scene).unlink()
    yield


def _elsewhere(url: str) -> Break:
    """The URL leads elsewhere. `{}` is this database's place behind the `@`."""

    @contextlib.contextmanager
    def play(scene: Scene, server: PostgreSQL) -> Iterator[None]:
        server.require_password("locked_out", "right")
        before = scene.database_url
        scene.database_url = url.format(before.partition("@")[2], host=before.partition("?")[2])
        yield
        scene.database_url = before

    return play


@contextlib.contextmanager
def _silent(scene: Scene, _server: PostgreSQL) -> Iterator[None]:
    before = scene.database_url
    with socket.create_server(("127.0.0.1", 0)) as listener:  # the kernel lets in whom nobody ever greets
        scene.database_url = f"postgresql://gate@127.0.0.1:{listener.getsockname()[1]}/audit"
        yield
    scene.database_url = before


@contextlib.contextmanager
def _mute(scene: Scene, _server: PostgreSQL) -> Iterator[None]:
    """Each connection is cut as soon as it is there."""
    before = scene.database_url

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                listener.accept()[0].close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        scene.database_url = f"postgresql://gate@127.0.0.1:{listener.getsockname()[1]}/audit"
        yield
    scene.database_url = before


def _server(*statements: str, user: str = "postgres", wait: bool = False) -> Break:
    """Statements of the superuser in this database, in a transaction that is left open (`wait`) or committed.

    With `user`, the gate is that role from then on.
    """

    @contextlib.contextmanager
    def play(scene: Scene, server: PostgreSQL) -> Iterator[None]:
        name = database_of(scene)
        with psycopg.connect(server.url(name)) as other:
            for statement in statements:
                other.execute(statement.format(name=name).encode())
            if not wait:
                other.commit()
            before, scene.database_url = scene.database_url, scene.database_url.replace("postgres@", f"{user}@")
            yield
            scene.database_url = before
            other.rollback()

    return play


_ROLE = """DO $$ BEGIN CREATE ROLE {0} LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$"""
_READER = _ROLE.replace("{0}", "fire_reader")
_CROWD = _ROLE.replace("{0}", "fire_crowd")

_FIRST = ("before",)
"""A run that has begun knows its store: where it is, as whom it goes there, which schema it has."""
SQLITE = (
    StoreFault("locked", "sqlite", _file("BEGIN EXCLUSIVE", wait=True), heals=True),
    StoreFault("locked-for-writers", "sqlite", _file("BEGIN IMMEDIATE", wait=True), heals=True),
    StoreFault("no-database", "sqlite", _bytes(lambda _: b"dear diary, " * 1000)),
    StoreFault("header-damaged", "sqlite", _bytes(lambda old: old[:16] + b"\xff" * 84 + old[100:])),
    StoreFault("pages-damaged", "sqlite", _bytes(lambda old: old[:4096] + b"\xa5" * (len(old) - 4096))),
    StoreFault("cut-in-half", "sqlite", _bytes(lambda old: old[: len(old) // 2])),
    StoreFault("a-folder", "sqlite", _folder),
    StoreFault("gone", "sqlite", _gone, moments=("asking",)),
    StoreFault("emptied", "sqlite", _bytes(lambda _: b""), INCOMPATIBLE, moments=("asking",)),
    StoreFault("table-dropped", "sqlite", _file("DROP TABLE pins"), INCOMPATIBLE),
    StoreFault("runs-dropped", "sqlite", _file("DROP TABLE runs"), INCOMPATIBLE),
    StoreFault(
        "schema-of-the-future",
        "sqlite",
        _file("UPDATE modelgate_version SET version_num = '9999'", "UPDATE store_info SET usable_from = '99.0'"),
        INCOMPATIBLE,
        moments=_FIRST,
    ),
    StoreFault("salt-odd", "sqlite", _file("UPDATE store_info SET salt = 'zz'"), moments=_FIRST),
    StoreFault("chained-odd", "sqlite", _file("UPDATE store_info SET chained = 'a;b'"), moments=_FIRST),
)
POSTGRESQL = (
    StoreFault("refused", "postgresql", _elsewhere("postgresql://gate@127.0.0.1:9/audit"), heals=True, moments=_FIRST),
    StoreFault(
        "unknown-host", "postgresql", _elsewhere("postgresql://gate@nowhere.invalid/audit"), heals=True, moments=_FIRST
    ),
    StoreFault("silent", "postgresql", _silent, heals=True, moments=_FIRST),
    StoreFault("mute", "postgresql", _mute, heals=True, moments=_FIRST),
    StoreFault(
        "password-wrong", "postgresql", _elsewhere("postgresql://locked_out:wrong@{}"), heals=True, moments=_FIRST
    ),
    StoreFault("password-missing", "postgresql", _elsewhere("postgresql://locked_out@{}"), heals=True, moments=_FIRST),
    StoreFault("no-such-role", "postgresql", _elsewhere("postgresql://nobody_here@{}"), heals=True, moments=_FIRST),
    StoreFault(
        "no-such-database",
        "postgresql",
        _elsewhere("postgresql://postgres@/no_such_audit?{host}"),
        heals=True,
        moments=_FIRST,
    ),
    StoreFault(
        "no-tables",
        "postgresql",
        _elsewhere("postgresql://postgres@/template1?{host}"),
        BEHIND,
        heals=True,
        moments=_FIRST,
    ),
    StoreFault("no-rights", "postgresql", _server(_READER, user="fire_reader"), heals=True, moments=_FIRST),
    StoreFault(
        "may-only-read",
        "postgresql",
        _server(_READER, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO fire_reader", user="fire_reader"),
        heals=True,
        moments=_FIRST,
    ),
    StoreFault(
        "too-many-clients",
        "postgresql",
        _server(_CROWD, "ALTER DATABASE {name} CONNECTION LIMIT 0", user="fire_crowd"),
        heals=True,
        moments=_FIRST,
    ),
    StoreFault("table-locked", "postgresql", _server("LOCK TABLE runs", wait=True), heals=True),
    StoreFault("pins-locked", "postgresql", _server("LOCK TABLE pins", wait=True), heals=True),
    StoreFault("ended-in-transactions", "postgresql", ends_in_transactions, heals=True),
    StoreFault("server-dead", "postgresql", stops(signal.SIGQUIT), heals=True),
    StoreFault("server-shutting-down", "postgresql", stops(signal.SIGTERM), heals=True),
    StoreFault("disk-full", "postgresql", disk_full, heals=True),
    StoreFault("table-dropped", "postgresql", _server("DROP TABLE pins CASCADE"), INCOMPATIBLE),
    StoreFault("column-dropped", "postgresql", _server("ALTER TABLE runs DROP COLUMN verdict"), INCOMPATIBLE),
    StoreFault(
        "schema-behind",
        "postgresql",
        _server("UPDATE modelgate_version SET version_num = '0001'"),
        BEHIND,
        moments=_FIRST,
    ),
    StoreFault(
        "schema-of-the-future",
        "postgresql",
        _server("UPDATE modelgate_version SET version_num = '9999'", "UPDATE store_info SET usable_from = '99.0'"),
        INCOMPATIBLE,
        moments=_FIRST,
    ),
)
FAULTS = (*SQLITE, *POSTGRESQL)
