"""The indexes, declared beside their tables for the migrations alone.

Each covers a look for one place in a chain (`places.newest`): SQLite then prefers it to the key, which it would follow
through the whole history. An option of a dialect loads that dialect, and PostgreSQL's with all its drivers: a tenth of
what a gate imports.
"""

from __future__ import annotations

from sqlalchemy import Index, Table, text

from modelgate.store.families import archives, batch_events, batch_jobs, batch_parts, evidence, notices
from modelgate.store.tables import pins, resolutions, runs


def _partial(name: str, of: Table, *columns: str, where: str) -> None:
    Index(
        name,
        *(of.c[each] for each in ("service", "environment", *columns)),
        sqlite_where=text(where),
        postgresql_where=text(where),
    )


def _by_id(name: str, of: Table, column: str, where: str | None = None) -> None:
    """On a server alone, which keeps an ID that repeats once: SQLite would write it all anew with each run."""
    columns = (of.c[each] for each in (column, "service", "environment", "slot"))
    only = text(where) if where else None
    Index(name, *columns, postgresql_where=only, info={"on": "postgresql"}).ddl_if(dialect="postgresql")


Index("runs_run_id", runs.c.run_id, unique=True)
Index("runs_recorded_at", runs.c.service, runs.c.environment, runs.c.recorded_at, runs.c.sequence)
_partial("runs_reuse", runs, "reuse_fingerprint", "sequence", where="reuse_fingerprint IS NOT NULL")
_partial("runs_grace", runs, "grace_fingerprint", "sequence", where="grace_fingerprint IS NOT NULL")
_partial("runs_asked", runs, "sequence", "asked_at", where="asked_at IS NOT NULL")
_partial("runs_reuse_mark", runs, "reuse_mark", "sequence", where="reuse_mark IS NOT NULL")
_partial("runs_grace_mark", runs, "grace_mark", "sequence", where="grace_mark IS NOT NULL")
_partial("runs_seen", runs, "sequence", "seen_at", where="seen_at IS NOT NULL")
Index("runs_verdict", runs.c.service, runs.c.environment, runs.c.command, runs.c.verdict, runs.c.sequence)
_partial("resolutions_handed_off", resolutions, "slot", "handed_off_id", "sequence", where="handed_off_id IS NOT NULL")
_partial("resolutions_observed", resolutions, "slot", "observed_id", "sequence", where="observed_id IS NOT NULL")
Index("pins_revision", pins.c.service, pins.c.environment, pins.c.slot, pins.c.revision, unique=True)
_by_id("pins_model", pins, "model_id")
_by_id("resolutions_handed_off_to", resolutions, "handed_off_id", "handed_off_id IS NOT NULL")
_by_id("resolutions_observed_as", resolutions, "observed_id", "observed_id IS NOT NULL")
Index("notices_notice_id", notices.c.notice_id, unique=True)
Index("evidence_about", *(evidence.c[each] for each in ("service", "environment", "slot", "model_id", "sequence")))
Index("archives_last", archives.c.service, archives.c.environment, archives.c.last_sequence, unique=True)
Index("batch_jobs_job_id", batch_jobs.c.job_id, unique=True)
Index("batch_parts_part", batch_parts.c.job_id, batch_parts.c.part, unique=True)
Index(
    "batch_events_event",
    batch_events.c.job_id, batch_events.c.part, batch_events.c.attempt, batch_events.c.event,
    unique=True,
)  # fmt: skip
