"""PostgreSQL: how a connection is made, and how each transaction begins. Imported where the store is on a server.

Nothing that an earlier client left in a server's session may matter: behind a pooler in transaction mode that client
may have been anybody. So each transaction begins with settings of its own, in the one round trip that BEGIN takes.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from functools import lru_cache
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import Connection
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from modelgate.domain.errors import SettingsError
from modelgate.domain.text import printable
from modelgate.store.address import Address
from modelgate.store.schema import VERSION_TABLE

if TYPE_CHECKING:
    import psycopg
    from psycopg.abc import Buffer

URL = "postgresql+modelgate://"
_IN_THE_CLEAR = "!password"
_VERIFIED = ("verify-ca", "verify-full")
_LEAST_LIBPQ = 160000
"""Older ones do not know `require_auth`."""

_FIND_SCHEMA = f"""pg_catalog.set_config('search_path', coalesce((
  SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_namespace n
  LEFT JOIN pg_catalog.pg_class c ON c.relnamespace OPERATOR(pg_catalog.=) n.oid
    AND c.relname OPERATOR(pg_catalog.=) '{VERSION_TABLE}' AND c.relkind OPERATOR(pg_catalog.=) 'r'
  WHERE (c.oid IS NOT NULL OR n.nspname OPERATOR(pg_catalog.=) '{{wanted}}')
    AND NOT pg_catalog.starts_with(n.nspname::pg_catalog.text, 'pg_')
    AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
  ORDER BY CASE WHEN n.nspname OPERATOR(pg_catalog.=) '{{wanted}}' THEN 0 ELSE 1 END, c.oid IS NULL, n.oid LIMIT 1
), pg_catalog.quote_ident(pg_catalog.current_schema()::pg_catalog.text), 'public')
OPERATOR(pg_catalog.||) ', pg_temp', true)"""  # noqa: S608 # our own words
"""The store's schema is the one that the URL's `search_path` names, else `modelgate`, else where its tables are; before
it has any, the session's own. Temporary tables come last, so that none shadows one of the store's. Names and operators
are qualified: the path is not ours yet."""
_WANTED = re.compile(r"search_path\s*=\s*(\w+)")


def schema_of(address: Address) -> str:
    """The schema that is looked at first."""
    named = _WANTED.search(address.options.get("options", ""))
    return named[1].lower() if named else "modelgate"


def begin(*, schema: str, write: bool, read_only: bool, milliseconds: int) -> tuple[str, ...]:
    """How a transaction begins: statements that go in one round trip, alone or with the first question.

    A writer waits for a lock, then must see what others wrote before it; a reader wants one instant.
    `milliseconds` bounds each statement; 0 does not.
    """
    isolation = "READ COMMITTED" if write else "REPEATABLE READ"
    access = "READ ONLY" if read_only or not write else ""  # not READ WRITE: a standby then says that it is one
    local = {
        "lock_timeout": str(int(milliseconds * 0.9)),
        "idle_in_transaction_session_timeout": "0",
        "datestyle": "ISO, MDY",
        "timezone": "UTC",
    }
    settings = ", ".join(f"pg_catalog.set_config('{name}', '{value}', true)" for name, value in local.items())
    return (
        f"BEGIN ISOLATION LEVEL {isolation} {access}".strip(),
        f"SET LOCAL statement_timeout = {milliseconds}",  # first: what an earlier client left may be a millisecond
        f"SELECT {settings}, {_FIND_SCHEMA.format(wanted=schema)}",
    )


def options_of(address: Address) -> dict[str, str]:
    """What libpq is given. Where TLS is not verified, no password in the clear, unless the URL or libpq's own variable
    says more. Raises SettingsError for an option that libpq does not take.
    """
    try:
        from psycopg.pq import Conninfo, version
    except ImportError:
        raise SettingsError("PostgreSQL needs psycopg", hint="install modelgate with the extra postgres") from None
    known = {option.keyword.decode() for option in Conninfo.get_defaults()}
    if strange := [name for name in address.options if name not in known]:
        listed = printable(", ".join(strange), 60)
        message = f"the database URL has what libpq does not take: {listed}"
        hint = "leave it out: a schema is options=-csearch_path%3DNAME, and a pooler needs no word"
        raise SettingsError(message, source=address.source, hint=hint)
    guarded = {"require_auth": _IN_THE_CLEAR} if _is_believed_blindly(address.options) else {}
    named = {"application_name": "modelgate", **(guarded if version() >= _LEAST_LIBPQ else {}), **address.options}
    return {**named, "client_encoding": "UTF8"}  # whatever PGCLIENTENCODING says, and a database that has none


def _is_believed_blindly(options: dict[str, str]) -> bool:
    """Whether whoever answers would be given a password: over a network, without verified TLS."""
    if "require_auth" in options or "PGREQUIREAUTH" in os.environ:
        return False
    mode = options.get("sslmode") or os.environ.get("PGSSLMODE", "")
    system = (options.get("sslrootcert") or os.environ.get("PGSSLROOTCERT")) == "system"  # implies verify-full
    if mode in _VERIFIED or system:
        return False
    hosts = (options.get("host") or os.environ.get("PGHOST", "")).split(",")
    elsewhere = {"hostaddr", "service"} & set(options) or {"PGHOSTADDR", "PGSERVICE"} & set(os.environ)
    return bool(elsewhere) or not all(host == "" or host.startswith(("/", "@")) for host in hosts)


def connect(options: dict[str, str], seconds: float) -> psycopg.Connection:
    """A connection whose transactions begin as `begin` says."""
    import psycopg
    from psycopg.types.datetime import TimestamptzLoader

    class Instants(TimestamptzLoader):
        """Whatever somebody wrote there, a row can be read: a time beyond Python's is its last, or its first.

        Rows of one transaction have the same times, which are read once.
        """

        def __init__(self, oid: int, context: Any = None) -> None:
            super().__init__(oid, context)
            self._known = lru_cache(maxsize=256)(self._read)

        def load(self, data: Buffer) -> datetime:
            return self._known(bytes(data))

        def _read(self, data: bytes) -> datetime:
            try:
                return super().load(data).astimezone(UTC)
            except psycopg.DataError:
                is_early = data.startswith(b"-") or data.endswith(b"BC")
                return (datetime.min if is_early else datetime.max).replace(tzinfo=UTC)

    timeout = max(2, int(seconds))  # libpq counts whole seconds, and at least two
    # No prepared statements: a pooler that hands each transaction to another server would not find them.
    connection = psycopg.connect(
        **{"connect_timeout": str(timeout), **options},  # type: ignore[arg-type]  # libpq's options are texts
        prepare_threshold=None,
        autocommit=True,  # `begin` begins
    )
    connection.adapters.register_loader("timestamptz", Instants)
    return connection


def is_unencrypted(*, host: str, address: str, tls: bool) -> bool:
    """Whether others may read what passes: no TLS, and neither a socket nor loopback. Both as libpq names them."""
    if tls or host.startswith(("/", "@")):
        return False
    try:
        return not ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return True


class Dialect(PGDialect_psycopg):
    """SQLAlchemy's, without its four questions on an engine's first connection: four round trips of every command.

    What they ask is in the server's greeting, or of no use here: `begin` says the rest.
    """

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
