"""Add to jobs of batches a token for custom_ids of their own, their key, and what keeps older versions from them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
usable_from = "0.1.0"

COLUMNS = ("token", "content_digest", "key", "betas")

# A version that knows only form 1 takes the lease `batch:JOB`, and writes events of form 1.
LEASE_ON_SQLITE = """
CREATE TRIGGER claims_check_form BEFORE INSERT ON claims
WHEN EXISTS (SELECT 1 FROM batch_jobs WHERE job_id = substr(NEW.fingerprint, 7) AND form > 1
  AND NEW.fingerprint LIKE 'batch:%')
BEGIN SELECT RAISE(ABORT, 'the job is for later versions of modelgate'); END
"""
EVENT_ON_SQLITE = """
CREATE TRIGGER batch_events_check_form BEFORE INSERT ON batch_events
WHEN NEW.form < (SELECT form FROM batch_jobs WHERE job_id = NEW.job_id)
BEGIN SELECT RAISE(ABORT, 'the job is for later versions of modelgate'); END
"""

FUNCTION = """
RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  known int := 1;
  asked text;
BEGIN
  IF TG_TABLE_NAME = 'claims' THEN
    IF NEW.fingerprint NOT LIKE 'batch:%' THEN
      RETURN NEW;
    END IF;
    asked := substr(NEW.fingerprint, 7);
  ELSE
    asked := NEW.job_id;
    known := NEW.form;
  END IF;
  IF known < (SELECT form FROM batch_jobs WHERE job_id = asked) THEN
    RAISE EXCEPTION 'the job % is for later versions of modelgate', asked USING ERRCODE = '42MG6';
  END IF;
  RETURN NEW;
END $$
"""


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("batch_jobs", sa.Column(name, sa.Text))
    if op.get_context().dialect.name == "sqlite":
        op.execute(LEASE_ON_SQLITE.strip())
        op.execute(EVENT_ON_SQLITE.strip())
        return
    op.execute(f"CREATE FUNCTION modelgate_check_form() {FUNCTION.strip()}")
    op.execute("ALTER FUNCTION modelgate_check_form() SET search_path FROM CURRENT")
    for table in ("claims", "batch_events"):
        op.execute(
            f"CREATE TRIGGER {table}_check_form BEFORE INSERT ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION modelgate_check_form()"
        )


def downgrade() -> None:
    for table in ("claims", "batch_events"):
        on = f" ON {table}" if op.get_context().dialect.name == "postgresql" else ""
        op.execute(f"DROP TRIGGER {table}_check_form{on}")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION modelgate_check_form()")
    for name in COLUMNS:
        op.execute(f"ALTER TABLE batch_jobs DROP COLUMN {name}")
