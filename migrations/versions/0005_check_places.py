"""Check each row's place and time in the database itself, and keep leases short and batches' own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
usable_from = "0.1.0"

MAY_ADD = """
  IF NOT (SELECT bool_or(has_table_privilege(session_user, name, 'INSERT'))
          FROM store_info, unnest(string_to_array(chained, ',')) AS name) THEN
    RAISE EXCEPTION 'the role % may not add rows', session_user USING ERRCODE = '42501';
  END IF;
"""

FUNCTIONS = {
    "modelgate_now()": """
RETURNS timestamptz LANGUAGE sql VOLATILE AS $$SELECT pg_catalog.clock_timestamp()$$
""",
    "modelgate_begin(of_service text, of_environment text, key bigint)": f"""
RETURNS TABLE (last_sequence bigint, last_hash text, last_at timestamptz, now_at timestamptz, database_user text)
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  {MAY_ADD.strip()}
  -- Older gates wait for this lock alone. Anybody could hold it, so it is waited for briefly, and nothing rests on it.
  FOR i IN 1..10 LOOP
    EXIT WHEN pg_try_advisory_xact_lock(key);
    PERFORM pg_sleep(0.02);
  END LOOP;
  INSERT INTO chain_ends VALUES (of_service, of_environment, 0, repeat('0', 64), '-infinity', 0, 0)
    ON CONFLICT DO NOTHING;
  RETURN QUERY SELECT e.sequence, e.hash, e.recorded_at, modelgate_now(), session_user::text FROM chain_ends e
    WHERE e.service = of_service AND e.environment = of_environment FOR UPDATE;
END $$
""",  # noqa: S608 # our own words
    "modelgate_check_place()": """
RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  tip record;
  link record;
  present timestamptz;
BEGIN
  INSERT INTO chain_ends VALUES (NEW.service, NEW.environment, 0, repeat('0', 64), '-infinity', 0, 0)
    ON CONFLICT DO NOTHING;
  SELECT * INTO tip FROM chain_ends e WHERE e.service = NEW.service AND e.environment = NEW.environment FOR UPDATE;
  IF NEW.sequence > tip.sequence THEN  -- the first row of the transaction that is looked at: its others with it
    present := modelgate_now();
    IF tip.transaction <> txid_current() THEN
      tip.transaction := txid_current();
      tip.since := tip.sequence;
    END IF;
    FOR link IN SELECT * FROM modelgate_chain c WHERE c.service = NEW.service AND c.environment = NEW.environment
      AND c.sequence > tip.sequence ORDER BY c.sequence
    LOOP
      IF link.sequence <> tip.sequence + 1 THEN
        RAISE EXCEPTION 'row % is not the next of the chain, which ends at %', link.sequence, tip.sequence
          USING ERRCODE = 'MG003';
      ELSIF link.previous <> tip.hash THEN  -- somebody else was faster: the client looks again
        RAISE EXCEPTION 'row % does not name the row before it', link.sequence USING ERRCODE = '40001';
      ELSIF link.recorded_at < least(tip.recorded_at, timestamptz '9999-12-31 23:59:59.999999+00')
        OR link.recorded_at < present - interval '10 minutes'
        OR link.recorded_at > greatest(present + interval '10 minutes', tip.recorded_at) THEN
        RAISE EXCEPTION 'row % says another time than the database: %', link.sequence, link.recorded_at
          USING ERRCODE = 'MG004';
      END IF;
      tip.sequence := link.sequence;
      tip.hash := link.hash;
      tip.recorded_at := link.recorded_at;
    END LOOP;
    UPDATE chain_ends e SET sequence = tip.sequence, hash = tip.hash, recorded_at = tip.recorded_at,
      transaction = tip.transaction, since = tip.since
      WHERE e.service = NEW.service AND e.environment = NEW.environment;
  ELSIF tip.transaction <> txid_current() OR NEW.sequence <= tip.since THEN
    RAISE EXCEPTION 'the place % of the chain is taken', NEW.sequence USING ERRCODE = '40001';
  END IF;
  IF (SELECT count(*) FROM modelgate_chain c WHERE c.service = NEW.service AND c.environment = NEW.environment
      AND c.sequence = NEW.sequence) <> 1 THEN
    RAISE EXCEPTION 'the place % of the chain is taken twice', NEW.sequence USING ERRCODE = 'MG003';
  END IF;
  RETURN NULL;
END $$
""",
    "modelgate_check_lease()": """
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
""",
}
EARLIER = ("modelgate_refuse_change()", "modelgate_check_author()")

ENDS = """
INSERT INTO chain_ends
SELECT DISTINCT ON (service, environment) service, environment, sequence, hash, recorded_at, 0, 0
FROM ({every}) AS every
ORDER BY service, environment, sequence DESC
"""
"""The ends of the chains that there are, whatever anybody wrote there: they go on where they stand."""

SHORT_ON_SQLITE = """
CREATE TRIGGER claims_check_lease_{event} BEFORE {event} ON claims
WHEN NOT (NEW.until <= (julianday('now') - 2440587.5) * 86400.0 + 86400)
BEGIN SELECT RAISE(ABORT, 'a lease ends within a day'); END
"""


def upgrade() -> None:
    op.create_table(
        "chain_ends",
        sa.Column("service", sa.Text, primary_key=True),
        sa.Column("environment", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite"), nullable=False),
        sa.Column("transaction", sa.BigInteger, nullable=False),
        sa.Column("since", sa.BigInteger, nullable=False),
    )
    if op.get_context().dialect.name == "sqlite":
        op.execute("DELETE FROM claims WHERE NOT until <= (julianday('now') - 2440587.5) * 86400.0 + 86400")
        for event in ("insert", "update"):
            op.execute(SHORT_ON_SQLITE.format(event=event).strip())
        return
    op.execute("DELETE FROM claims WHERE NOT until <= extract(epoch FROM clock_timestamp()) + 86400")
    for name, body in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {name} {body.strip()}")
    for name in (*FUNCTIONS, *EARLIER):
        op.execute(f"ALTER FUNCTION {name} SET search_path FROM CURRENT")
    op.execute(
        "CREATE TRIGGER claims_check_lease BEFORE INSERT OR UPDATE OR DELETE ON claims "
        "FOR EACH ROW EXECUTE FUNCTION modelgate_check_lease()"
    )
    chained = op.get_bind().execute(sa.text("SELECT chained FROM store_info")).scalar_one().split(",")
    columns = "service, environment, sequence, hash, recorded_at"
    op.execute(ENDS.format(every=" UNION ALL ".join(f"SELECT {columns} FROM {table}" for table in chained)))  # noqa: S608 # our names


def downgrade() -> None:
    op.drop_table("chain_ends")
    if op.get_context().dialect.name == "sqlite":
        for event in ("insert", "update"):
            op.execute(f"DROP TRIGGER claims_check_lease_{event}")
        return
    op.execute("DROP TRIGGER claims_check_lease ON claims")
    for name in EARLIER:
        op.execute(f"ALTER FUNCTION {name} RESET search_path")
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}")
