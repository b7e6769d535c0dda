"""Let only those lease the watch that may add notices: whoever else could keep every watcher from its work."""

from __future__ import annotations

from alembic import op

revision = "0010"
down_revision = "0009"
usable_from = "0.1.0"

FUNCTION = """
RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  present float8 := extract(epoch FROM clock_timestamp());
  lease text;
BEGIN
  IF TG_OP <> 'DELETE' AND NOT (NEW.until <= present + 86400) THEN
    RAISE EXCEPTION 'a lease ends within a day' USING ERRCODE = 'MG005';
  END IF;
  IF TG_OP = 'DELETE' AND OLD.until < present - 86400 THEN
    RETURN OLD;  -- nobody's any more
  END IF;
  FOREACH lease IN ARRAY CASE TG_OP WHEN 'INSERT' THEN ARRAY[NEW.fingerprint] WHEN 'DELETE' THEN ARRAY[OLD.fingerprint]
    ELSE ARRAY[OLD.fingerprint, NEW.fingerprint] END
  LOOP
    IF lease LIKE 'batch:%' AND NOT has_table_privilege(session_user, 'batch_jobs', 'INSERT') THEN
      RAISE EXCEPTION 'a batch is leased by those that may add batches' USING ERRCODE = '42501';
    END IF;
    IF lease = 'modelgate-watch' AND NOT has_table_privilege(session_user, 'notices', 'INSERT') THEN
      RAISE EXCEPTION 'the watch is leased by those that may add notices' USING ERRCODE = '42501';
    END IF;
  END LOOP;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$
"""
BEFORE = """
RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  present float8 := extract(epoch FROM clock_timestamp());
BEGIN
  IF TG_OP <> 'DELETE' AND NOT (NEW.until <= present + 86400) THEN
    RAISE EXCEPTION 'a lease ends within a day' USING ERRCODE = 'MG005';
  END IF;
  IF TG_OP = 'DELETE' AND OLD.until < present - 86400 THEN
    RETURN OLD;  -- nobody's any more
  END IF;
  IF (CASE TG_OP WHEN 'INSERT' THEN NEW.fingerprint LIKE 'batch:%' WHEN 'DELETE' THEN OLD.fingerprint LIKE 'batch:%'
      ELSE NEW.fingerprint LIKE 'batch:%' OR OLD.fingerprint LIKE 'batch:%' END)
    AND NOT has_table_privilege(session_user, 'batch_jobs', 'INSERT') THEN
    RAISE EXCEPTION 'a batch is leased by those that may add batches' USING ERRCODE = '42501';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$
"""


def upgrade() -> None:
    replace(FUNCTION)


def downgrade() -> None:
    replace(BEFORE)


def replace(body: str) -> None:
    if op.get_context().dialect.name == "postgresql":  # on SQLite whoever may write may do everything
        op.execute(f"CREATE OR REPLACE FUNCTION modelgate_check_lease() {body.strip()}")
        op.execute("ALTER FUNCTION modelgate_check_lease() SET search_path FROM CURRENT")
