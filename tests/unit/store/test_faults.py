"""Every exception of SQLAlchemy, psycopg and sqlite3 becomes one of ours."""

from __future__ import annotations

import inspect
import sqlite3

import psycopg
import psycopg.errors
import pytest
import sqlalchemy.exc
from sqlalchemy.exc import DBAPIError

from modelgate.domain.errors import Conflict, StoreProblem
from modelgate.store.faults import VENDOR, fault_of

CHECKS = {"store.unreachable", "store.schema-incompatible"}


def subclasses(root: type[BaseException]) -> list[type[BaseException]]:
    """`root` and everything below it."""
    return [root, *(each for child in root.__subclasses__() for each in subclasses(child))]


def wrapped(original: BaseException, *, lost: bool = False) -> DBAPIError:
    """The driver's exception as SQLAlchemy raises it, with a secret in its statement."""
    driver = sqlite3.Error if isinstance(original, sqlite3.Error) else psycopg.Error
    return DBAPIError.instance(  # type: ignore[return-value]  # given an exception of the driver's, one of DBAPIError's
        "SELECT 'hunter2'", {"password": "hunter2"}, original, driver, connection_invalidated=lost
    )


def sqlite_error(code: int, text: str = "some text") -> sqlite3.Error:
    """What sqlite3 raises for a result code."""
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode, error.sqlite_errorname = code, "SQLITE_X"  # type: ignore[misc]  # read-only in the stubs alone
    return error


def assert_ours(error: BaseException) -> None:
    """The exception of ours has one short line, a known check and no secret."""
    assert isinstance(error, VENDOR)
    ours = fault_of(error).error("postgresql://gate@db/modelgate")
    assert isinstance(ours, StoreProblem | Conflict)
    assert len(ours.message) < 80
    assert "\n" not in ours.message
    assert "hunter2" not in f"{ours!r} {ours.hint}"
    if isinstance(ours, StoreProblem):
        assert ours.problem.check in CHECKS
        assert ours.problem.graceable == (ours.problem.check == "store.unreachable")


@pytest.mark.parametrize("kind", subclasses(psycopg.Error), ids=lambda kind: kind.__name__)
def test_every_exception_of_psycopg(kind: type[psycopg.Error]) -> None:
    """All of SQLSTATE, and what has none, lost connection or not."""
    for lost in (False, True):
        assert_ours(wrapped(kind("text \x1b[31m\nsecond line" + "x" * 500), lost=lost))


@pytest.mark.parametrize(
    "kind", [each for _, each in inspect.getmembers(sqlalchemy.exc, inspect.isclass) if issubclass(each, VENDOR)]
)
def test_every_exception_of_sqlalchemy(kind: type[Exception]) -> None:
    """SQLAlchemy's own exceptions, however they are made."""
    error = kind.__new__(kind)
    error.args = ("text\nsecond line",)
    if isinstance(error, DBAPIError):
        error.orig, error.connection_invalidated = psycopg.OperationalError("text"), False
    assert_ours(error)


@pytest.mark.parametrize("name", [name for name in dir(sqlite3) if name.startswith("SQLITE_")])
def test_every_result_code_of_sqlite(name: str) -> None:
    """Whatever number SQLite gives, extended or not."""
    code = getattr(sqlite3, name)
    if isinstance(code, int):
        assert_ours(wrapped(sqlite_error(code)))
        assert_ours(sqlite_error(code))


@pytest.mark.parametrize("kind", subclasses(sqlite3.Error), ids=lambda kind: kind.__name__)
def test_every_exception_of_sqlite3(kind: type[sqlite3.Error]) -> None:
    """Also where Python's module refuses by itself, without a code."""
    assert_ours(wrapped(kind("text")))


@pytest.mark.parametrize(
    ("error", "cause", "transient"),
    [
        (sqlite_error(sqlite3.SQLITE_BUSY), "locked by another process", True),
        (sqlite_error(sqlite3.SQLITE_BUSY_SNAPSHOT), "locked by another process", True),
        (sqlite_error(sqlite3.SQLITE_FULL), "the disk is full", False),
        (sqlite_error(sqlite3.SQLITE_NOTADB), "the file is no SQLite database", False),
        (psycopg.errors.DiskFull(), "the disk is full", False),
        (psycopg.errors.InvalidPassword(), "the database refused user or password", False),
        (psycopg.errors.AdminShutdown(), "the database is shutting down or starting", True),
        (psycopg.errors.TooManyConnections(), "the database has too many clients", True),
        (psycopg.errors.DeadlockDetected(), "other transactions were in the way", True),
        (psycopg.errors.InsufficientPrivilege(), "the database user lacks a right that this needs", False),
        (psycopg.errors.ReadOnlySqlTransaction(), "the database is read-only, as a standby is", True),
        (psycopg.errors.InvalidSchemaName(), "its search_path names no schema that is there", False),
        (psycopg.errors.UntranslatableCharacter(), "the database's encoding has no room for a text", False),
        (
            psycopg.OperationalError(
                'connection to server at "x", port 1 failed: Connection refused\n\tIs it running?'
            ),
            "Connection refused",
            True,
        ),
        (
            psycopg.OperationalError('connection failed: FATAL:  password authentication failed for user "gate"'),
            "the database refused user or password",
            False,
        ),
        (
            psycopg.OperationalError('connection failed: FATAL:  database "x" does not exist'),
            "there is no such database",
            False,
        ),
        (
            psycopg.OperationalError('connection failed: FATAL:  too many connections for role "gate"'),
            'too many connections for role "gate"',
            True,
        ),
        (
            psycopg.OperationalError("connection failed: FATAL:  sorry, too many clients already"),
            "sorry, too many clients already",
            True,
        ),
    ],
)
def test_the_cause_is_named_and_only_what_may_pass_is_tried_again(
    error: Exception, cause: str, transient: bool
) -> None:
    """A full disk is told at once; a lock or a full server is waited for."""
    fault = fault_of(wrapped(error))
    assert (fault.cause, fault.transient) == (cause, transient)


def test_a_taken_key_is_a_lost_race() -> None:
    """A unique index or its guard means that somebody else was first."""
    errors = [
        psycopg.errors.UniqueViolation(),
        sqlite_error(sqlite3.SQLITE_CONSTRAINT_UNIQUE),
        sqlite_error(sqlite3.SQLITE_CONSTRAINT_TRIGGER, "pins is append-only: the key is taken"),
    ]
    assert [type(fault_of(wrapped(error)).error("x")) for error in errors] == [Conflict] * 3
    refused = fault_of(wrapped(sqlite_error(sqlite3.SQLITE_CONSTRAINT_TRIGGER, "pins is append-only")))
    assert refused.cause == "rows are only ever added"
