"""Runs the migrations on the connection that `modelgate.store.migrate` hands over, inside its transaction.

What looks at all tables of the chain at once is no migration's own: the view `modelgate_chain`, the guards of a row's
place, and what roles may read and add. It is taken away before migrations run and made again after them, from
`store_info.chained`: a migration that adds a table of the chain has to name it there, and no more.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, inspect, text

ON_SQLITE = """
CREATE TRIGGER {table}_check_place BEFORE INSERT ON {table} WHEN NOT coalesce(
  typeof(NEW.sequence) = 'integer' AND NEW.sequence >= 1
  AND NEW.recorded_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
  AND NOT EXISTS (SELECT 1 FROM modelgate_chain c WHERE c.service = NEW.service AND c.environment = NEW.environment
    AND c.sequence = NEW.sequence)
  AND CASE WHEN NEW.sequence = 1 THEN NEW.previous = '{genesis}' ELSE coalesce(
    (SELECT c.hash = NEW.previous AND c.recorded_at <= NEW.recorded_at FROM modelgate_chain c
     WHERE c.service = NEW.service AND c.environment = NEW.environment AND c.sequence = NEW.sequence - 1),
    NEW.sequence <= 100000 OR EXISTS (SELECT 1 FROM modelgate_chain c WHERE c.service = NEW.service
      AND c.environment = NEW.environment AND c.sequence BETWEEN NEW.sequence - 100000 AND NEW.sequence - 1)) END
  AND coalesce((SELECT c.previous = NEW.hash AND c.recorded_at >= NEW.recorded_at FROM modelgate_chain c
    WHERE c.service = NEW.service AND c.environment = NEW.environment AND c.sequence = NEW.sequence + 1), 1), 0)
BEGIN SELECT RAISE(ABORT, '{table} is append-only: not the next place of the chain'); END
"""  # noqa: E501 # one pattern
"""One transaction adds rows in the order of their tables, and SQLite has no trigger at its end: so a row may stand
ahead of its predecessors, by less than 100,000 places."""

ON_POSTGRESQL = (
    "CREATE CONSTRAINT TRIGGER {table}_check_place AFTER INSERT ON {table} DEFERRABLE INITIALLY DEFERRED "
    "FOR EACH ROW EXECUTE FUNCTION modelgate_check_place()"
)

SHARED = ("claims", "store_info", "modelgate_version")
BESIDE = ("entries",)
"""Tables that are no part of the chain, which whoever adds runs has to read and to add to."""


def chained(connection: Connection) -> list[str]:
    """The tables of the chain; none before there is a migration that checks places."""
    if not inspect(connection).has_table("chain_ends"):
        return []
    return str(connection.execute(text("SELECT chained FROM store_info")).scalar()).split(",")


def take_away(connection: Connection) -> None:
    """Before migrations: a table that a view names can be neither dropped nor renamed."""
    for table in chained(connection):
        on = "" if connection.dialect.name == "sqlite" else f" ON {table}"
        connection.execute(text(f"DROP TRIGGER IF EXISTS {table}_check_place{on}"))
    connection.execute(text("DROP VIEW IF EXISTS modelgate_chain"))


def make_again(connection: Connection) -> None:
    """After them: the view over all tables of the chain, and on each the guard of places."""
    tables = chained(connection)
    if not tables:
        return
    columns = "service, environment, sequence, previous, hash, recorded_at"
    union = " UNION ALL ".join(f"SELECT {columns} FROM {table}" for table in tables)  # noqa: S608 # our names
    connection.execute(text(f"CREATE VIEW modelgate_chain AS {union}"))
    guard = ON_SQLITE if connection.dialect.name == "sqlite" else ON_POSTGRESQL
    for table in tables:
        connection.exec_driver_sql(guard.format(table=table, genesis="0" * 64).strip())
    if connection.dialect.name == "postgresql":
        beside = [table for table in BESIDE if inspect(connection).has_table(table)]
        let(connection, "SELECT", [*tables, *SHARED, *beside])
        let(connection, "INSERT", beside)


def let(connection: Connection, right: str, tables: list[str]) -> None:
    """Who has the right on `runs` has it on the tables that came since, without a grant that somebody has to
    remember.
    """
    query = text(
        "SELECT DISTINCT grantee::regrole::text FROM pg_class, aclexplode(relacl) "
        "WHERE oid = 'runs'::regclass AND privilege_type = :right AND grantee NOT IN (0, relowner)"
    )
    for role in connection.execute(query, {"right": right}).scalars().all() if tables else ():
        connection.execute(text(f"GRANT {right} ON {', '.join(tables)} TO {role}"))


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=context.config.attributes.get("metadata"),
    version_table="modelgate_version",  # not alembic_version: the application may keep its own tables beside ours
)
take_away(context.config.attributes["connection"])
context.run_migrations()
make_again(context.config.attributes["connection"])
