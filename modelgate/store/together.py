"""Questions that are asked together: on PostgreSQL a whole transaction of them takes one round trip.

psycopg's pipeline sends every statement before it waits for an answer. SQLAlchemy waits after each, so statements go to
the driver here, as SQLAlchemy compiled them, and rows come back as SQLAlchemy's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import Compiled, Connection, CursorResult, Executable, Result, Row
from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData
from sqlalchemy.exc import DBAPIError

from modelgate.store.faults import CANCELED, fault_of

T = TypeVar("T")
Rows = Sequence[Row[Any]]
BEGIN = "modelgate.begin"
"""In a connection's `info`: the statements that begin its transaction and have not been sent yet."""

BEGINNINGS = 8
"""How often a transaction is begun where the time that an earlier client left for a statement is too short for that."""


class Question(NamedTuple, Generic[T]):
    """Queries that do not depend on each other, and what their rows come to."""

    queries: tuple[Executable, ...]
    answer: Callable[..., T]
    """Given the rows of each query."""


def both(one: Question[Any], other: Question[Any]) -> Question[tuple[Any, Any]]:
    """Two questions as one."""
    first = len(one.queries)
    queries = (*one.queries, *other.queries)
    return Question(queries, lambda *rows: (one.answer(*rows[:first]), other.answer(*rows[first:])))


def begin_now(connection: Connection) -> None:
    """Sends what begins the transaction, if nothing has been asked in it yet."""
    statements = connection.info.pop(BEGIN, ())
    for left in reversed(range(BEGINNINGS if statements else 0)):
        try:
            connection.exec_driver_sql("; ".join(statements), execution_options={"no_parameters": True})
            return
        except DBAPIError as error:
            if not left or fault_of(error) is not CANCELED:
                raise
            connection.connection.rollback()


def together(connection: Connection, *queries: Executable, ends: bool = False) -> list[Rows]:
    """The rows of each query; none of a statement that has none.

    With `ends` the transaction is over: nothing more may be asked in it.
    """
    if not queries:
        return []
    if not _has_pipelines(connection):
        return [_all(connection.execute(query)) for query in queries]
    compiled = _compiled(connection, queries)
    with pipeline(connection) as raw:
        cursors = _sent(raw, compiled)
        if ends:
            raw.execute("COMMIT")
    return [_rows(cursor) for cursor in cursors]


def in_turn(connection: Connection, asked: Iterable[Sequence[Executable]]) -> Iterator[list[Rows]]:
    """The rows of some queries after those of others: on a server the next are under way while the last are used.

    Every one of them has rows.
    """
    if not _has_pipelines(connection):
        for queries in asked:
            yield together(connection, *queries)
        return
    waiting: list[Any] = []
    with pipeline(connection) as raw:
        for queries in asked:
            compiled = _compiled(connection, queries)
            found = [_fetched(cursor) for cursor in waiting]
            before, waiting = waiting, _sent(raw, compiled)
            if before:
                yield found
    if waiting:
        yield [_fetched(cursor) for cursor in waiting]


@contextmanager
def pipeline(connection: Connection) -> Iterator[Any]:
    """The driver's connection, which waits for answers only when they are read, and at the end.

    Raises DBAPIError, as SQLAlchemy would. Where there are no pipelines each statement is waited for.
    """
    raw: Any = connection.connection.driver_connection
    if not _has_pipelines(connection):
        yield raw
        return
    import psycopg

    if not connection.in_transaction():
        connection.begin()  # as SQLAlchemy does with a first statement
    failed: BaseException | None = None
    try:
        with raw.pipeline():
            try:
                for statement in connection.info.pop(BEGIN, ()):
                    raw.execute(statement)
                yield raw
            except BaseException as error:  # psycopg would log what it raises after that
                failed = error
    except psycopg.Error as error:
        failed = failed or error
    if isinstance(failed, psycopg.Error):
        lost = bool(raw.closed or raw.broken)
        raise DBAPIError(None, None, failed, hide_parameters=True, connection_invalidated=lost) from failed
    if failed:
        raise failed


def _has_pipelines(connection: Connection) -> bool:
    if connection.dialect.name == "sqlite":
        return False
    import psycopg

    return psycopg.Pipeline.is_supported()


def _compiled(connection: Connection, queries: Iterable[Executable]) -> list[Compiled]:
    options: dict[str, Any] = {"dialect": connection.dialect, "compile_kwargs": {"render_postcompile": True}}
    return [query.compile(**options) for query in queries]  # type: ignore[attr-defined]  # each statement has it


def _sent(raw: Any, compiled: Sequence[Compiled]) -> list[Any]:
    return [raw.execute(str(each), each.params) for each in compiled]


def _all(result: CursorResult[Any]) -> Rows:
    return result.all() if result.returns_rows else []


def _rows(cursor: Any) -> Rows:
    return _fetched(cursor) if cursor.description else []


def _fetched(cursor: Any) -> Rows:
    rows = cursor.fetchall()  # in a pipeline nothing is described before
    names = SimpleResultMetaData([column.name for column in cursor.description])
    found: Result[Any] = IteratorResult(names, iter(rows))
    return found.all()
