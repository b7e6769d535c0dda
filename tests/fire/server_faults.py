"""Deaths of a real PostgreSQL server, each on entry; on exit it lives again."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
import pytest
from scene import Scene
from support.databases import PostgreSQL

_WHO_WAITS = "FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


def database_of(scene: Scene) -> str:
    """The name of its database."""
    return scene.database_url.rpartition("/")[2].partition("?")[0]


@contextlib.contextmanager
def ends_in_transactions(scene: Scene, server: PostgreSQL) -> Iterator[None]:
    """An administrator ends each session in the middle of its transaction, as it comes to add a run."""

    def end() -> None:
        with psycopg.connect(server.url(database_of(scene)), autocommit=True) as hunter:
            while not over.wait(0.02):
                hunter.execute(f"SELECT pg_terminate_backend(pid) {_WHO_WAITS}".encode())

    over = threading.Event()
    hunting = threading.Thread(target=end, daemon=True)
    with psycopg.connect(server.url(database_of(scene))) as other:
        other.execute("LOCK TABLE runs")
        hunting.start()
        yield
        over.set()
        hunting.join()
        other.rollback()


def stops(number: signal.Signals) -> Callable[[Scene, PostgreSQL], AbstractContextManager[None]]:
    """The server's own signals: SIGQUIT, it dies at once; SIGTERM, it lets nobody in until the last client has left."""

    @contextlib.contextmanager
    def play(scene: Scene, server: PostgreSQL) -> Iterator[None]:
        process = server.server.get_postmaster_info().process
        with contextlib.suppress(psycopg.OperationalError), psycopg.connect(server.url("postgres")):
            process.send_signal(number)
            if number is signal.SIGQUIT:
                process.wait(30)
            yield
        process.wait(30)
        server.server.ensure_postgres_running()

    return play


@contextlib.contextmanager
def disk_full(scene: Scene, server: PostgreSQL) -> Iterator[None]:
    """No room is left where the table of the runs is: a file system of its own, filled up."""
    with tempfile.TemporaryDirectory(prefix="mg-disk-") as folder:
        mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "none", folder], capture_output=True)
        if mount.returncode:
            pytest.skip(reason="this user may not mount a small file system")
        try:
            with _moved(scene, server, Path(folder)):
                yield
        finally:
            subprocess.run(["umount", folder], check=True)


@contextlib.contextmanager
def _moved(scene: Scene, server: PostgreSQL, folder: Path) -> Iterator[None]:
    data, space = Path(server.server.pgdata), folder / "space"
    space.mkdir()
    owner = data.stat()
    for each in (folder, space):
        each.chmod(0o755)
    subprocess.run(["chown", f"{owner.st_uid}:{owner.st_gid}", str(space)], check=True)
    name = database_of(scene)
    server.execute(f"CREATE TABLESPACE small LOCATION '{space}'", name)
    server.execute("ALTER TABLE runs SET TABLESPACE small", name)
    with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as filler:
        while filler.write(b"x" * 4096):
            pass
    yield
    (folder / "filler").unlink()
    server.execute("ALTER TABLE runs SET TABLESPACE pg_default", name)
    server.execute("DROP TABLESPACE small", name)
