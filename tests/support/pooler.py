"""PgBouncer in transaction mode before a test's PostgreSQL, with one server connection: what a client leaves there, the
next one finds.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from support.databases import PostgreSQL

ROLES = ("modelgate_migrator", "modelgate_gate", "modelgate_operator", "postgres")


@contextlib.contextmanager
def pooled(server: PostgreSQL, folder: Path) -> Iterator[str]:
    """The folder of a socket, quoted for a URL, behind which one pooler serves every database and role."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip(reason="no pgbouncer on this machine: apt-get install pgbouncer")
    users = folder / "users.txt"
    users.write_text("".join(f'"{role}" ""\n' for role in ROLES))
    host = server.server.get_postmaster_info().socket_dir
    settings = folder / "pgbouncer.ini"
    settings.write_text(
        f"[databases]\n* = host={host} port=5432\n"
        f"[pgbouncer]\nlisten_addr =\nlisten_port = 6432\nunix_socket_dir = {folder}\nauth_type = trust\n"
        f"auth_file = {users}\npool_mode = transaction\nquery_wait_timeout = 8\n"
        "server_connect_timeout = 4\ndefault_pool_size = 1\nmin_pool_size = 0\n"
        f"logfile = {folder}/log\n"
    )
    as_root = []
    if os.geteuid() == 0:  # it refuses to run as root: it runs as who may reach the server's socket
        owner = Path(str(host)).owner()
        as_root = ["-u", owner if owner != "root" else "nobody"]
        for path in (folder, users, settings):
            shutil.chown(path, as_root[1])
        for parent in folder.parents[:-2]:
            parent.chmod(parent.stat().st_mode | 0o011)
    process = subprocess.Popen([program, "-q", *as_root, str(settings)], stdout=subprocess.DEVNULL)
    try:
        socket = folder / ".s.PGSQL.6432"
        deadline = time.monotonic() + 20
        while not socket.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        yield quote(str(folder), safe="")
    finally:
        process.terminate()
        process.wait(20)


def by_way_of(url: str, folder: str) -> str:
    """`url` by way of the pooler."""
    return f"{url.partition('?')[0]}?host={folder}&port=6432"


def left_in_the_session(url: str, statement: str) -> None:
    """Executes a statement as a client of the pooler that goes, and leaves what it did in the server's session."""
    with psycopg.connect(url, autocommit=True, prepare_threshold=None) as client:
        client.execute(statement.encode())
