"""Create entries: what the Models API said of a model, stored once by its digest; runs name the digests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
usable_from = "0.1.0"

TEXTS = ("answers", "entries", "reuse_mark", "grace_mark", "store_schema")

Instant = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")

# SQLite has no SHA-256: there the digest's shape is checked, and what is taken stays as it is, whatever is tried.
ON_SQLITE = (
    """
CREATE TRIGGER entries_refuse_update BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'entries is append-only'); END
""",
    """
CREATE TRIGGER entries_refuse_delete BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'entries is append-only'); END
""",
    """
CREATE TRIGGER entries_refuse_replace BEFORE INSERT ON entries
WHEN EXISTS (SELECT 1 FROM entries WHERE digest = NEW.digest) BEGIN SELECT RAISE(IGNORE); END
""",
    """
CREATE TRIGGER entries_check_digest BEFORE INSERT ON entries
WHEN NOT coalesce(typeof(NEW.digest) = 'text' AND length(NEW.digest) = 64 AND NEW.digest NOT GLOB '*[^0-9a-f]*'
  AND typeof(NEW.entry) = 'text', 0)
BEGIN SELECT RAISE(ABORT, 'entries: the digest is none'); END
""",
    """
CREATE TRIGGER runs_check_entries BEFORE INSERT ON runs
WHEN NEW.entries <> '' AND EXISTS (
  WITH RECURSIVE cut(digest, mark, rest) AS (
    SELECT substr(NEW.entries, 1, 64), substr(NEW.entries, 65, 1), substr(NEW.entries, 66)
    UNION SELECT substr(rest, 1, 64), substr(rest, 65, 1), substr(rest, 66) FROM cut WHERE rest <> ''
  ) SELECT 1 FROM cut
  WHERE mark NOT IN ('', ',') OR mark || rest = ',' OR digest NOT IN (SELECT digest FROM entries))
BEGIN SELECT RAISE(ABORT, 'the run names an entry that is not there'); END
""",
)

OF_DIGESTS = """
RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.digest IS DISTINCT FROM encode(sha256(convert_to(NEW.entry, 'UTF8')), 'hex') THEN
    RAISE EXCEPTION 'the entry is not that of its digest %', NEW.digest USING ERRCODE = 'MG007';
  END IF;
  RETURN NEW;
END $$
"""

OF_RUNS = """
RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  missing text;
BEGIN
  IF NEW.entries IS NOT NULL THEN
    SELECT named.digest INTO missing FROM unnest(string_to_array(NEW.entries, ',')) AS named (digest)
      WHERE NOT EXISTS (SELECT 1 FROM entries e WHERE e.digest = named.digest) LIMIT 1;
    IF FOUND THEN
      RAISE EXCEPTION 'the run names an entry that is not there: %', missing USING ERRCODE = 'MG008';
    END IF;
  END IF;
  RETURN NEW;
END $$
"""

ON_POSTGRESQL = (
    f"CREATE FUNCTION modelgate_check_digest() {OF_DIGESTS.strip()}",
    f"CREATE FUNCTION modelgate_check_entries() {OF_RUNS.strip()}",
    "ALTER FUNCTION modelgate_check_digest() SET search_path FROM CURRENT",
    "ALTER FUNCTION modelgate_check_entries() SET search_path FROM CURRENT",
    "CREATE TRIGGER runs_check_entries BEFORE INSERT ON runs FOR EACH ROW EXECUTE FUNCTION modelgate_check_entries()",
    "CREATE TRIGGER entries_refuse_change BEFORE UPDATE OR DELETE ON entries "
    "FOR EACH ROW EXECUTE FUNCTION modelgate_refuse_change()",
    "CREATE TRIGGER entries_refuse_truncate BEFORE TRUNCATE ON entries "
    "FOR EACH STATEMENT EXECUTE FUNCTION modelgate_refuse_change()",
    "CREATE TRIGGER entries_check_digest BEFORE INSERT ON entries "
    "FOR EACH ROW EXECUTE FUNCTION modelgate_check_digest()",
    *(
        f"ALTER TABLE entries ENABLE ALWAYS TRIGGER entries_{name}"
        for name in ("refuse_change", "refuse_truncate", "check_digest")
    ),
)


def upgrade() -> None:
    op.create_table(
        "entries",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("entry", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    for name in TEXTS:
        op.add_column("runs", sa.Column(name, sa.Text))
    op.add_column("runs", sa.Column("seen_at", Instant))
    partial("runs_reuse_mark", "reuse_mark", "sequence", where="reuse_mark IS NOT NULL")
    partial("runs_grace_mark", "grace_mark", "sequence", where="grace_mark IS NOT NULL")
    partial("runs_seen", "sequence", "seen_at", where="seen_at IS NOT NULL")
    for statement in ON_SQLITE if op.get_context().dialect.name == "sqlite" else ON_POSTGRESQL:
        op.execute(statement.strip())


def partial(name: str, *columns: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(
        name, "runs", ["service", "environment", *columns], sqlite_where=condition, postgresql_where=condition
    )


def downgrade() -> None:
    on_sqlite = op.get_context().dialect.name == "sqlite"
    op.execute(f"DROP TRIGGER runs_check_entries{'' if on_sqlite else ' ON runs'}")
    for name in ("runs_reuse_mark", "runs_grace_mark", "runs_seen"):
        op.drop_index(name, "runs")
    for name in (*TEXTS, "seen_at"):
        op.execute(f"ALTER TABLE runs DROP COLUMN {name}")
    op.drop_table("entries")
    for name in () if on_sqlite else ("digest", "entries"):
        op.execute(f"DROP FUNCTION modelgate_check_{name}()")
