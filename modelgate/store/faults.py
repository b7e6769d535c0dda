"""Every failure of a database and its driver, as a problem of ours."""

from __future__ import annotations

import re
import sqlite3
from typing import NamedTuple

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from modelgate.domain.errors import Conflict, ModelgateError, StoreProblem
from modelgate.domain.problems import Problem
from modelgate.domain.text import printable

VENDOR = (SQLAlchemyError, sqlite3.Error)
"""What leaves SQLAlchemy and the drivers. psycopg's own exceptions always come wrapped in SQLAlchemy's."""

UNREACHABLE = "store.unreachable"
INCOMPATIBLE = "store.schema-incompatible"


class Fault(NamedTuple):
    """What happened, and whether trying again may help."""

    cause: str
    transient: bool = False
    check: str = UNREACHABLE
    conflict: bool = False
    """Somebody else wrote the same key first."""
    see: str = ""
    """Where more is said, such as a page of the documentation."""

    def error(self, shown: str) -> ModelgateError:
        """The exception of ours; `shown` is the database without its password."""
        if self.conflict:
            return Conflict("somebody else changed the same slot first", hint="look again, then repeat the command")
        hint = f"look at {shown}" + (f"; {self.see}" if self.see else "")
        return StoreProblem(
            Problem(self.check, f"audit store: {self.cause}", hint, graceable=self.check == UNREACHABLE)
        )


DAMAGED = Fault("a row holds what modelgate never wrote: audit verify")
STANDBY = Fault("the database is read-only, as a standby is", transient=True)
"""After a failover, until the primary is back. Reads go on."""
LOST = Fault("the connection was lost", transient=True)
CANCELED = Fault("the database ended the statement", transient=True)
"""Somebody cancelled it, or the time for it was over that an earlier client of a pooled session left."""
_SQLITE = {
    sqlite3.SQLITE_BUSY: Fault("locked by another process", transient=True),
    sqlite3.SQLITE_LOCKED: Fault("locked by another process", transient=True),
    sqlite3.SQLITE_PROTOCOL: Fault("locked by another process", transient=True),
    sqlite3.SQLITE_FULL: Fault("the disk is full"),
    sqlite3.SQLITE_READONLY: Fault("the file or its folder is read-only"),
    sqlite3.SQLITE_CANTOPEN: Fault("the file cannot be opened"),
    sqlite3.SQLITE_PERM: Fault("the file may not be opened"),
    sqlite3.SQLITE_AUTH: Fault("the file may not be opened"),
    sqlite3.SQLITE_CORRUPT: Fault("the file is damaged"),
    sqlite3.SQLITE_NOTADB: Fault("the file is no SQLite database"),
    sqlite3.SQLITE_IOERR: Fault("the disk cannot be read or written"),
    sqlite3.SQLITE_NOMEM: Fault("out of memory"),
}
_POSTGRESQL = {
    "08": LOST,
    "22P05": Fault("the database's encoding has no room for a text", see="make the database anew with ENCODING 'UTF8'"),
    "28": Fault("the database refused user or password"),
    "3F": Fault("its search_path names no schema that is there"),
    "3D": Fault("there is no such database"),
    "40": Fault("other transactions were in the way", transient=True),
    "42": Fault("its tables are not what this version of modelgate knows", check=INCOMPATIBLE),
    "53": Fault("the database is out of memory"),
    "57": Fault("the database is shutting down or starting", transient=True),
    "58": Fault("the database cannot read or write its disk"),
    "XX": Fault("the database is damaged"),
    "25006": STANDBY,
    "42501": Fault(
        "the database user lacks a right that this needs", see="docs/postgresql.md says which role may what"
    ),
    "53100": Fault("the disk is full"),
    "53300": Fault("the database has too many clients", transient=True),
    "42P07": Fault("another upgrade makes its tables", conflict=True),
    "55P03": Fault("locked by another process", transient=True),
    "57014": CANCELED,
    "MG001": Fault("rows are only ever added"),
    "MG002": Fault("rows are only added in one's own name"),
    "MG003": Fault("rows are only added at the end of the chain"),
    "MG004": Fault("a row says another time than the database's clock"),
    "MG005": Fault("a lease ends within a day"),
    "MG007": Fault("an entry is not that of its digest"),
    "MG008": Fault("a run names an entry that is not there"),
    "MG009": Fault("the rows to archive are no longer those that were read"),
    "23505": Fault("the key is taken", conflict=True),
    "in the clear": Fault(
        "the server asked for the password in the clear",
        see="sslmode=verify-full there, or require_auth=password if that is meant",
    ),
}
_HOPELESS = {
    'requirement "!password" failed': "in the clear",
    "authentication failed": "28",
    "no password supplied": "28",
    "no pg_hba.conf entry": "28",
    'role ".*" does not exist': "28",
    'role ".*" is not permitted to log in': "28",
    'database ".*" does not exist': "3D",
}
"""Before it lets a client in, PostgreSQL gives its reasons in words alone; in other tongues they are tried again."""


def fault_of(error: BaseException) -> Fault:
    """What `error` means; of vendor exceptions only."""
    original = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(original, sqlite3.Error):
        return _of_sqlite(original)
    if isinstance(error, DBAPIError):
        return _of_postgresql(error)
    if isinstance(original, OSError):
        return Fault(printable(original.strerror or type(original).__name__, 50))
    return Fault(f"the database driver failed ({type(original).__name__})"[:60])


def _of_sqlite(error: sqlite3.Error) -> Fault:
    code = getattr(error, "sqlite_errorcode", None)  # absent where Python's module, not SQLite, refused
    if code in (sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE):
        return _POSTGRESQL["23505"]
    if code == sqlite3.SQLITE_CONSTRAINT_TRIGGER:
        said = str(error)
        return _POSTGRESQL["23505" if "key is taken" in said else "MG009" if "no range" in said else "MG001"]
    if code == sqlite3.SQLITE_ERROR and "no such" in str(error):
        return _POSTGRESQL["42"]
    return _SQLITE.get((code or 0) & 0xFF) or Fault(f"SQLite failed ({getattr(error, 'sqlite_errorname', 'misuse')})")


def _of_postgresql(error: DBAPIError) -> Fault:
    original = error.orig
    state = getattr(original, "sqlstate", None)
    if state:
        known = _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2])
        return known or Fault(f"PostgreSQL failed (SQLSTATE {printable(state, 5)})")
    words = str(original)
    hopeless = next((_POSTGRESQL[state] for start, state in _HOPELESS.items() if re.search(start, words)), None)
    if hopeless:
        return hopeless
    if error.connection_invalidated:
        return LOST
    if type(original).__name__ in ("OperationalError", "ConnectionTimeout"):
        return Fault(_first_line(words), transient=True)
    return Fault(f"the database driver failed ({type(original).__name__})"[:60])


def _first_line(words: str) -> str:
    """The cause at the end of libpq's first line: `connection to server at … failed: Connection refused`."""
    first = next(iter(words.strip().splitlines()), "")
    cause = first.rpartition("failed: ")[2] if "failed: " in first else first
    return printable(cause.removeprefix("FATAL:").strip(), 58) or "the connection failed"
