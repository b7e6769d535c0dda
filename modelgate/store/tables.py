"""The tables that a gate uses, declared once; the others are in `families`, their indexes in `indexes`. `migrations/`
creates all of it; a test holds the two equal.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Float,
    Integer,
    MetaData,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from modelgate.domain.times import format_instant, parse_instant

metadata = MetaData()


class Instant(TypeDecorator[datetime]):
    """An aware UTC instant, in microseconds: `timestamptz` on PostgreSQL, the canonical ISO text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The database's own type."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> object:
        """To the database."""
        return format_instant(value) if value and dialect.name == "sqlite" else value

    def process_result_value(self, value: object, dialect: Dialect) -> datetime | None:  # noqa: ARG002 # as declared
        """From the database, whatever time zone its session has."""
        if value is None:
            return None
        return value.astimezone(UTC) if isinstance(value, datetime) else parse_instant(str(value))


def audited(name: str, *columns: Column[object]) -> Table:
    """A table of the chain: each row's place in it and author, and `columns`. Its migration creates triggers that
    refuse every change.
    """
    return Table(
        name,
        metadata,
        Column("service", Text, primary_key=True),
        Column("environment", Text, primary_key=True),
        Column("sequence", BigInteger, primary_key=True, autoincrement=False),
        Column("recorded_at", Instant, nullable=False),
        Column("clock_at", Instant, nullable=False),
        Column("actor", Text, nullable=False),
        Column("database_user", Text),
        Column("host", Text, nullable=False),
        Column("version", Text, nullable=False),
        Column("commit_sha", Text),
        Column("ci_run", Text),
        Column("form", Integer, nullable=False),
        Column("previous", Text, nullable=False),
        Column("hash", Text, nullable=False),
        *columns,
        sqlite_with_rowid=False,  # REPLACE could name a rowid and so get past the guard of the keys
    )


runs = audited(
    "runs",
    Column("run_id", Text, nullable=False),
    Column("command", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("enforced", Boolean, nullable=False),
    Column("exit_code", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant, nullable=False),
    Column("slots", Text, nullable=False),
    Column("origin", Text),
    Column("requests", Integer, nullable=False),
    Column("facts", Text),
    Column("asked_at", Instant),
    Column("reuse_fingerprint", Text),
    Column("grace_fingerprint", Text),
    Column("reused_from", Text),
    Column("unverified", Boolean, nullable=False),
    Column("lock_commit", Text),
    Column("answers", Text),
    Column("entries", Text),
    Column("seen_at", Instant),
    Column("reuse_mark", Text),
    Column("grace_mark", Text),
    Column("store_schema", Text),
)
resolutions = audited(
    "resolutions",
    Column("run_id", Text, nullable=False),
    Column("slot", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("resolved_id", Text),
    Column("pinned_id", Text),
    Column("handed_off_id", Text),
    Column("revision", Integer),
    Column("held", Boolean, nullable=False),
    Column("lifecycle", Text),
    Column("retires_at", Instant),
    Column("observed_id", Text),
)
findings = audited(
    "findings",
    Column("run_id", Text, nullable=False),
    Column("finding", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("slot", Text),
    Column("source", Text),
    Column("waived", Boolean, nullable=False),
)
pins = audited(
    "pins",
    Column("slot", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("action", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("model_id", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("origin", Text),
    Column("entry", Text),
    Column("expires_at", Instant),
    Column("revokes", Integer),
    Column("run_id", Text),
)

entries = Table(
    "entries",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("entry", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""What the Models API said of a model, once for each text, by its SHA-256. Rows of runs name them, and so the chain
vouches for them; they are of no scope and of no time."""

store_info = Table(
    "store_info",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1"), primary_key=True, autoincrement=False),
    Column("salt", Text, nullable=False),
    Column("usable_from", Text, nullable=False),
    Column("chained", Text, nullable=False),
)
"""One row. `usable_from`: the oldest gate version that may use this store. `chained`: the tables of the chain, with
commas, so that a gate finds the chain's end in tables that are younger than itself."""

leases = Table(
    "claims",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("until", Float, nullable=False),
)
"""Leases, not evidence: the only table that is changed. `until` is in seconds since 1970, by the database's clock."""

chain_ends = Table(
    "chain_ends",
    metadata,
    Column("service", Text, primary_key=True),
    Column("environment", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("hash", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("transaction", BigInteger, nullable=False),
    Column("since", BigInteger, nullable=False),
)
"""PostgreSQL's own note of where each chain ends: what writers lock, and what its triggers check a row's place by. Only
they write it, and it proves nothing. `since`: the end before the transaction that wrote last. Empty on SQLite."""

CHAIN = (
    "runs",
    "resolutions",
    "findings",
    "pins",
    "batch_jobs",
    "batch_parts",
    "batch_events",
    "notices",
    "tellings",
    "evidence",
    "archives",
)
"""The tables whose rows this version can read and add: those above and those of `families`."""
