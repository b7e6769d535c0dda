"""The tables of the chain that no gate's start needs, declared once, and all of the chain by their names."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text

from modelgate.store.tables import CHAIN, Instant, audited, metadata

batch_jobs = audited(
    "batch_jobs",
    Column("job_id", Text, nullable=False),
    Column("slot", Text, nullable=False),
    Column("reference", Text, nullable=False),
    Column("model_id", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("file_digest", Text, nullable=False),
    Column("file_path", Text, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("run_id", Text),
    Column("token", Text),
    Column("content_digest", Text),
    Column("key", Text),
    Column("betas", Text),
)
batch_parts = audited(
    "batch_parts",
    Column("job_id", Text, nullable=False),
    Column("part", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("positions", Text, nullable=False),
    Column("requests", Integer, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("at", Instant, nullable=False),
)
batch_events = audited(
    "batch_events",
    Column("job_id", Text, nullable=False),
    Column("part", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("event", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("batch_id", Text),
    Column("detail", Text),
)

notices = audited(
    "notices",
    Column("notice_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("about_service", Text, nullable=False),
    Column("about_environment", Text, nullable=False),
    Column("slot", Text, nullable=False),
    Column("check_id", Text, nullable=False),
    Column("model_id", Text, nullable=False),
    Column("level", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("hint", Text, nullable=False),
    Column("threshold", Integer),
    Column("retires_at", Instant),
)
tellings = audited(
    "tellings",
    Column("channel", Text, nullable=False),
    Column("digest_id", Text, nullable=False),
    Column("through", BigInteger, nullable=False),
    Column("notices", Integer, nullable=False),
)

evidence = audited(
    "evidence",
    Column("slot", Text, nullable=False),
    Column("model_id", Text, nullable=False),
    Column("suite", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("workspace_id", Text, nullable=False),
    Column("passed", Integer),
    Column("failed", Integer),
    Column("file_format", Text),
    Column("file_digest", Text),
    Column("status", Integer),
    Column("error_type", Text),
    Column("request_id", Text),
    Column("input_tokens", Integer),
    Column("output_tokens", Integer),
    Column("served_model", Text),
)

archives = audited(
    "archives",
    Column("first_sequence", BigInteger, nullable=False),
    Column("last_sequence", BigInteger, nullable=False),
    Column("first_previous", Text, nullable=False),
    Column("last_hash", Text, nullable=False),
    Column("older_than", Instant, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("file_digest", Text, nullable=False),
)

EVERY_TABLE: MetaData = metadata
"""All that a store consists of."""

CHAINED: Mapping[str, Table] = {name: metadata.tables[name] for name in CHAIN}
"""By name, each that is in `CHAIN`."""
