"""Create the audit store: runs, resolutions, findings and pins, append-only and chained; claims."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
usable_from = "0.1.0"

UNIQUE_KEYS = {
    "runs": [("service", "environment", "sequence"), ("run_id",)],
    "resolutions": [("service", "environment", "sequence")],
    "findings": [("service", "environment", "sequence")],
    "pins": [("service", "environment", "sequence"), ("service", "environment", "slot", "revision")],
}

Instant = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    create_tables()
    create_indexes()
    on_sqlite = op.get_context().dialect.name == "sqlite"
    if not on_sqlite:
        create_guard_functions()
    for table, keys in UNIQUE_KEYS.items():
        guard = guard_on_sqlite if on_sqlite else guard_on_postgresql
        guard(table, keys)


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


def create_tables() -> None:
    audited(
        "runs",
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("command", sa.Text, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("enforced", sa.Boolean, nullable=False),
        sa.Column("exit_code", sa.Integer, nullable=False),
        sa.Column("started_at", Instant, nullable=False),
        sa.Column("finished_at", Instant, nullable=False),
        sa.Column("slots", sa.Text, nullable=False),
        sa.Column("origin", sa.Text),
        sa.Column("requests", sa.Integer, nullable=False),
        sa.Column("facts", sa.Text),
        sa.Column("asked_at", Instant),
        sa.Column("reuse_fingerprint", sa.Text),
        sa.Column("grace_fingerprint", sa.Text),
        sa.Column("reused_from", sa.Text),
        sa.Column("unverified", sa.Boolean, nullable=False),
        sa.Column("lock_commit", sa.Text),
    )
    audited(
        "resolutions",
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("slot", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("resolved_id", sa.Text),
        sa.Column("pinned_id", sa.Text),
        sa.Column("handed_off_id", sa.Text),
        sa.Column("revision", sa.Integer),
        sa.Column("held", sa.Boolean, nullable=False),
        sa.Column("lifecycle", sa.Text),
        sa.Column("retires_at", Instant),
    )
    audited(
        "findings",
        sa.Column("run_id", sa.Text, nullable=False),
        sa.Column("finding", sa.Text, nullable=False),
        sa.Column("level", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("hint", sa.Text, nullable=False),
        sa.Column("slot", sa.Text),
        sa.Column("source", sa.Text),
        sa.Column("waived", sa.Boolean, nullable=False),
    )
    audited(
        "pins",
        sa.Column("slot", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("model_id", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("origin", sa.Text),
        sa.Column("entry", sa.Text),
        sa.Column("expires_at", Instant),
        sa.Column("revokes", sa.Integer),
        sa.Column("run_id", sa.Text),
    )
    info = op.create_table(
        "store_info",
        sa.Column("id", sa.Integer, sa.CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
        sa.Column("salt", sa.Text, nullable=False),
        sa.Column("usable_from", sa.Text, nullable=False),
        sa.Column("chained", sa.Text, nullable=False),
    )
    op.bulk_insert(
        info,
        [{"id": 1, "salt": secrets.token_hex(32), "usable_from": usable_from, "chained": ",".join(UNIQUE_KEYS)}],
    )
    op.create_table(
        "claims",
        sa.Column("fingerprint", sa.Text, primary_key=True),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
    )


def partial(name: str, table: str, *columns: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(
        name, table, ["service", "environment", *columns], sqlite_where=condition, postgresql_where=condition
    )


def create_indexes() -> None:
    op.create_index("runs_run_id", "runs", ["run_id"], unique=True)
    op.create_index("runs_recorded_at", "runs", ["service", "environment", "recorded_at", "sequence"])
    partial("runs_reuse", "runs", "reuse_fingerprint", "sequence", where="reuse_fingerprint IS NOT NULL")
    partial("runs_grace", "runs", "grace_fingerprint", "sequence", where="grace_fingerprint IS NOT NULL")
    partial("runs_asked", "runs", "sequence", "asked_at", where="asked_at IS NOT NULL")
    op.create_index("runs_verdict", "runs", ["service", "environment", "command", "verdict", "sequence"])
    partial(
        "resolutions_handed_off", "resolutions", "slot", "handed_off_id", "sequence",
        where="handed_off_id IS NOT NULL",
    )  # fmt: skip
    op.create_index("pins_revision", "pins", ["service", "environment", "slot", "revision"], unique=True)


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


def create_guard_functions() -> None:
    op.execute(
        "CREATE FUNCTION modelgate_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'MG001'; END $$"
    )
    op.execute(
        "CREATE FUNCTION modelgate_check_author() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF NEW.database_user IS DISTINCT FROM session_user THEN "
        "RAISE EXCEPTION 'database_user must be the session user' USING ERRCODE = 'MG002'; END IF; "
        "RETURN NEW; END $$"
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
    for table in ("claims", "store_info", *UNIQUE_KEYS):
        op.drop_table(table)
    if op.get_context().dialect.name != "sqlite":
        op.execute("DROP FUNCTION modelgate_refuse_change()")
        op.execute("DROP FUNCTION modelgate_check_author()")
