"""Create archives, which name the rows that left for a file; PostgreSQL lets its owner delete just those rows.

On SQLite nothing can be deleted before or after: `db archive` puts a guard that lets just those rows go in the place of
the one that there is, for as long as its transaction, so that versions that know no archives find what they know.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
usable_from = "0.1.0"

UNIQUE_KEYS = {
    "archives": [("service", "environment", "sequence"), ("service", "environment", "last_sequence")],
}
LEAVING = ("runs", "resolutions", "findings")
"""Whose rows may leave."""
MOST = 20000
"""Rows of one range, as one transaction takes it."""

Instant = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")

# A range of rows that are here, all of the three tables, below the row that names it, with the hashes at its ends.
COUNT = " + ".join(
    f"(SELECT count(*) FROM {table} r WHERE r.service = NEW.service AND r.environment = NEW.environment "  # noqa: S608 # our names
    "AND r.sequence BETWEEN NEW.first_sequence AND NEW.last_sequence)"
    for table in LEAVING
)
AT = " UNION ALL ".join(
    f"SELECT {{column}} FROM {table} r WHERE r.service = NEW.service AND r.environment = NEW.environment "  # noqa: S608 # our names
    "AND r.sequence = NEW.{place}"
    for table in LEAVING
)
IS_A_RANGE = f"""
  NEW.first_sequence >= 1 AND NEW.first_sequence <= NEW.last_sequence AND NEW.last_sequence < NEW.sequence
  AND NEW.last_sequence - NEW.first_sequence < {MOST}
  AND NEW.first_previous = ({AT.format(column="r.previous", place="first_sequence")})
  AND NEW.last_hash = ({AT.format(column="r.hash", place="last_sequence")})
  AND {COUNT} = NEW.last_sequence - NEW.first_sequence + 1
"""
NAMED = """
  SELECT 1 FROM archives a WHERE a.service = OLD.service AND a.environment = OLD.environment
  AND a.last_sequence = (SELECT min(b.last_sequence) FROM archives b WHERE b.service = OLD.service
    AND b.environment = OLD.environment AND b.last_sequence >= OLD.sequence)
  AND a.first_sequence <= OLD.sequence
"""

RANGE_ON_SQLITE = f"""
CREATE TRIGGER archives_check_range BEFORE INSERT ON archives WHEN NOT coalesce({IS_A_RANGE}, 0)
BEGIN SELECT RAISE(ABORT, 'archives is append-only: no range of rows that are here'); END
"""
REFUSE = "RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'MG001';"
REFUSE_BEFORE = f" BEGIN {REFUSE} END "
IS_OWNER = "pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE')"
REFUSE_CHANGE = f"""
BEGIN
  IF TG_OP = 'DELETE' AND TG_LEVEL = 'ROW' AND TG_TABLE_NAME IN ('{"', '".join(LEAVING)}') THEN
    IF {IS_OWNER} AND EXISTS ({NAMED.strip()}) THEN
      RETURN OLD;
    END IF;
  END IF;
  {REFUSE}
END """
CHECK_RANGE = f"""
BEGIN
  IF NOT {IS_OWNER} THEN
    RAISE EXCEPTION 'rows are archived by the owner of the tables alone' USING ERRCODE = '42501';
  ELSIF NOT coalesce({IS_A_RANGE.strip()}, false) THEN
    RAISE EXCEPTION 'no range of rows that are here' USING ERRCODE = 'MG009';
  END IF;
  RETURN NEW;
END """


def upgrade() -> None:
    create_tables()
    op.create_index("archives_last", "archives", ["service", "environment", "last_sequence"], unique=True)
    on_sqlite = op.get_context().dialect.name == "sqlite"
    for table, keys in UNIQUE_KEYS.items():
        (guard_on_sqlite if on_sqlite else guard_on_postgresql)(table, keys)
    if on_sqlite:
        op.execute(RANGE_ON_SQLITE.strip())
    else:
        op.execute(f"CREATE FUNCTION modelgate_check_range() RETURNS trigger LANGUAGE plpgsql AS $${CHECK_RANGE}$$")
        op.execute("ALTER FUNCTION modelgate_check_range() SET search_path FROM CURRENT")
        op.execute(
            "CREATE TRIGGER archives_check_range BEFORE INSERT ON archives "
            "FOR EACH ROW EXECUTE FUNCTION modelgate_check_range()"
        )
        refuse_change(REFUSE_CHANGE)
    op.execute(f"UPDATE store_info SET chained = chained || ',{','.join(UNIQUE_KEYS)}'")  # noqa: S608 # our names


def refuse_change(body: str) -> None:
    """PostgreSQL's guard of all tables, anew: to replace a function takes its search_path away."""
    op.execute(f"CREATE OR REPLACE FUNCTION modelgate_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $${body}$$")
    op.execute("ALTER FUNCTION modelgate_refuse_change() SET search_path FROM CURRENT")


def create_tables() -> None:
    audited(
        "archives",
        sa.Column("first_sequence", sa.BigInteger, nullable=False),
        sa.Column("last_sequence", sa.BigInteger, nullable=False),
        sa.Column("first_previous", sa.Text, nullable=False),
        sa.Column("last_hash", sa.Text, nullable=False),
        sa.Column("older_than", Instant, nullable=False),
        sa.Column("file_name", sa.Text, nullable=False),
        sa.Column("file_digest", sa.Text, nullable=False),
    )


def audited(name: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        name,
        sa.Column("service", sa.Text, primary_key=True),
        sa.Column("environment", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("recorded_at", Instant, nullable=False),
        sa.Column("clock_at", Instant, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("database_user", sa.Text),
        sa.Column("host", sa.Text, nullable=False),
        sa.Column("version", sa.Text, nullable=False),
        sa.Column("commit_sha", sa.Text),
        sa.Column("ci_run", sa.Text),
        sa.Column("form", sa.Integer, nullable=False),
        sa.Column("previous", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        *columns,
        sqlite_with_rowid=False,
    )


def guard_on_sqlite(table: str, keys: list[tuple[str, ...]]) -> None:
    """Refuses UPDATE, DELETE and REPLACE: REPLACE fires no DELETE trigger, so an INSERT over a key is refused."""
    for event in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER {table}_refuse_{event} BEFORE {event.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )
    same_key = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} WHERE " + " AND ".join(f"{column} = NEW.{column}" for column in key) + ")"  # noqa: S608 # our names
        for key in keys
    )
    op.execute(
        f"CREATE TRIGGER {table}_refuse_replace BEFORE INSERT ON {table} WHEN {same_key} "
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: the key is taken'); END"
    )


def guard_on_postgresql(table: str, keys: list[tuple[str, ...]]) -> None:  # noqa: ARG001 # REPLACE is SQLite's alone
    """Refuses UPDATE, DELETE and TRUNCATE, to the owner too and in replica mode; takes rows in one's own name only."""
    op.execute(
        f"CREATE TRIGGER {table}_refuse_change BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION modelgate_refuse_change()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_refuse_truncate BEFORE TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION modelgate_refuse_change()"
    )
    for trigger in ("refuse_change", "refuse_truncate"):
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_{trigger}")
    op.execute(
        f"CREATE TRIGGER {table}_check_author BEFORE INSERT ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION modelgate_check_author()"
    )


def downgrade() -> None:
    """Rows that left are not brought back: a chain with gaps does not verify without this table."""
    op.execute(f"UPDATE store_info SET chained = replace(chained, ',{','.join(UNIQUE_KEYS)}', '')")  # noqa: S608 # our names
    for table in UNIQUE_KEYS:
        op.drop_table(table)
    if op.get_context().dialect.name == "postgresql":
        refuse_change(REFUSE_BEFORE)
        op.execute("DROP FUNCTION modelgate_check_range()")
