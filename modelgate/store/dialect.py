"""SQLAlchemy's PostgreSQL with psycopg, which asks a server nothing that the connection was told when it was made.

SQLAlchemy's own asks four questions on each engine's first connection: four round trips of every command.
"""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy import Connection
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

URL = "postgresql+modelgate://"


class Dialect(PGDialect_psycopg):
    """What each method would ask is in the server's greeting, or is of no use here: `server.begin` says the rest."""

    supports_statement_cache = True

    def _get_server_version_info(self, connection: Connection) -> tuple[int, ...]:
        version: int = _raw(connection).info.server_version
        return divmod(version, 10000)

    def _get_default_schema_name(self, connection: Connection) -> str:  # noqa: ARG002 # as SQLAlchemy calls it
        return "public"

    def get_default_isolation_level(self, dbapi_conn: Any) -> Literal["READ COMMITTED"]:  # noqa: ARG002 # as above
        """Each transaction says its own."""
        return "READ COMMITTED"

    def _set_backslash_escapes(self, connection: Connection) -> None:
        self._backslash_escapes = _raw(connection).info.parameter_status("standard_conforming_strings") == "off"


def _raw(connection: Connection) -> Any:
    return connection.connection.driver_connection


registry.register("postgresql.modelgate", __name__, "Dialect")
