"""Create evidence: what was shown of an ID in a slot before anybody approved it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
usable_from = "0.1.0"

UNIQUE_KEYS = {"evidence": [("service", "environment", "sequence")]}

Instant = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    create_tables()
    op.create_index("evidence_about", "evidence", ["service", "environment", "slot", "model_id", "sequence"])
    guard = guard_on_sqlite if op.get_context().dialect.name == "sqlite" else guard_on_postgresql
    for table, keys in UNIQUE_KEYS.items():
        guard(table, keys)
    op.execute(f"UPDATE store_info SET chained = chained || ',{','.join(UNIQUE_KEYS)}'")  # noqa: S608 # our names


def create_tables() -> None:
    audited(
        "evidence",
        sa.Column("slot", sa.Text, nullable=False),
        sa.Column("model_id", sa.Text, nullable=False),
        sa.Column("suite", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("origin", sa.Text, nullable=False),
        sa.Column("workspace_id", sa.Text, nullable=False),
        sa.Column("passed", sa.Integer),
        sa.Column("failed", sa.Integer),
        sa.Column("file_format", sa.Text),
        sa.Column("file_digest", sa.Text),
        sa.Column("status", sa.Integer),
        sa.Column("error_type", sa.Text),
        sa.Column("request_id", sa.Text),
        sa.Column("input_tokens", sa.Integer),
        sa.Column("output_tokens", sa.Integer),
        sa.Column("served_model", sa.Text),
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
    op.execute(f"UPDATE store_info SET chained = replace(chained, ',{','.join(UNIQUE_KEYS)}', '')")  # noqa: S608 # our names
    for table in UNIQUE_KEYS:
        op.drop_table(table)
