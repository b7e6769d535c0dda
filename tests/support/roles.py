"""The roles of docs/postgresql.md, made by the page's own SQL."""

from __future__ import annotations

from collections.abc import Callable

import psycopg

from support.databases import PostgreSQL, upgraded
from support.documents import code_blocks

ROLES = tuple(f"modelgate_{name}" for name in ("migrator", "gate", "operator", "prover", "watcher", "reader"))
As = Callable[[str], str]


def store_with_roles(server: PostgreSQL) -> As:
    """The URL of a fresh store, made as the page says, for a role."""
    once, each_time, _ = code_blocks("postgresql.md", "sql")
    url = server.create(upgraded=False)
    name = url.partition("?")[0].rpartition("/")[2]
    for role in ROLES:  # of an earlier test's database: roles are the whole server's
        if server.execute(f"SELECT 1 FROM pg_roles WHERE rolname = '{role}'"):
            once = once.replace(f"CREATE ROLE {role} LOGIN;\n", "")
    server.execute(once.replace("ON DATABASE modelgate ", f"ON DATABASE {name} "), name)
    upgraded(server.url(name, "modelgate_migrator"))
    with psycopg.connect(server.url(name, "modelgate_migrator"), autocommit=True) as migrator:
        migrator.execute(("SET search_path = modelgate; " + each_time).encode())
    return lambda role: server.url(name, role)
