SELECT pg_catalog.set_config('search_path', '', false);
CREATE FUNCTION public.modelgate_begin(of_service text, of_environment text, key bigint) RETURNS TABLE(last_sequence bigint, last_hash text, last_at timestamp with time zone, now_at timestamp with time zone, database_user text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  IF NOT (SELECT bool_or(has_table_privilege(session_user, name, 'INSERT'))
          FROM store_info, unnest(string_to_array(chained, ',')) AS name) THEN
    RAISE EXCEPTION 'the role % may not add rows', session_user USING ERRCODE = '42501';
  END IF;
  -- Older gates wait for this lock alone. Anybody could hold it, so it is waited for briefly, and nothing rests on it.
  FOR i IN 1..10 LOOP
    EXIT WHEN pg_try_advisory_xact_lock(key);
    PERFORM pg_sleep(0.02);
  END LOOP;
  INSERT INTO chain_ends VALUES (of_service, of_environment, 0, repeat('0', 64), '-infinity', 0, 0)
    ON CONFLICT DO NOTHING;
  RETURN QUERY SELECT e.sequence, e.hash, e.recorded_at, modelgate_now(), session_user::text FROM chain_ends e
    WHERE e.service = of_service AND e.environment = of_environment FOR UPDATE;
END $$;
CREATE FUNCTION public.modelgate_check_author() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$ BEGIN IF NEW.database_user IS DISTINCT FROM session_user THEN RAISE EXCEPTION 'database_user must be the session user' USING ERRCODE = 'MG002'; END IF; RETURN NEW; END $$;
CREATE FUNCTION public.modelgate_check_digest() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  IF NEW.digest IS DISTINCT FROM encode(sha256(convert_to(NEW.entry, 'UTF8')), 'hex') THEN
    RAISE EXCEPTION 'the entry is not that of its digest %', NEW.digest USING ERRCODE = 'MG007';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION public.modelgate_check_entries() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
END $$;
CREATE FUNCTION public.modelgate_check_form() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
END $$;
CREATE FUNCTION public.modelgate_check_lease() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
END $$;
CREATE FUNCTION public.modelgate_check_place() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'public', 'pg_temp'
    AS $$
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
END $$;
CREATE FUNCTION public.modelgate_check_range() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  IF NOT pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
    RAISE EXCEPTION 'rows are archived by the owner of the tables alone' USING ERRCODE = '42501';
  ELSIF NOT coalesce(NEW.first_sequence >= 1 AND NEW.first_sequence <= NEW.last_sequence AND NEW.last_sequence < NEW.sequence
  AND NEW.last_sequence - NEW.first_sequence < 20000
  AND NEW.first_previous = (SELECT r.previous FROM runs r WHERE r.service = NEW.service AND r.environment = NEW.environment AND r.sequence = NEW.first_sequence UNION ALL SELECT r.previous FROM resolutions r WHERE r.service = NEW.service AND r.environment = NEW.environment AND r.sequence = NEW.first_sequence UNION ALL SELECT r.previous FROM findings r WHERE r.service = NEW.service AND r.environment = NEW.environment AND r.sequence = NEW.first_sequence)
  AND NEW.last_hash = (SELECT r.hash FROM runs r WHERE r.service = NEW.service AND r.environment = NEW.environment AND r.sequence = NEW.last_sequence UNION ALL SELECT r.hash FROM resolutions r WHERE r.service = NEW.service AND r.environment = NEW.environment AND r.sequence = NEW.last_sequence UNION ALL SELECT r.hash FROM findings r WHERE r.service = NEW.service AND r.environment = NEW.environment AND r.sequence = NEW.last_sequence)
  AND (SELECT count(*) FROM runs r WHERE r.service = NEW.service AND r.environment = NEW.environment AND r.sequence BETWEEN NEW.first_sequence AND NEW.last_sequence) + (SELECT count(*) FROM resolutions r WHERE r.service = NEW.service AND r.environment = NEW.environment AND r.sequence BETWEEN NEW.first_sequence AND NEW.last_sequence) + (SELECT count(*) FROM findings r WHERE r.service = NEW.service AND r.environment = NEW.environment AND r.sequence BETWEEN NEW.first_sequence AND NEW.last_sequence) = NEW.last_sequence - NEW.first_sequence + 1, false) THEN
    RAISE EXCEPTION 'no range of rows that are here' USING ERRCODE = 'MG009';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION public.modelgate_now() RETURNS timestamp with time zone
    LANGUAGE sql
    SET search_path TO 'public', 'pg_temp'
    AS $$SELECT pg_catalog.clock_timestamp()$$;
CREATE FUNCTION public.modelgate_refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'public', 'pg_temp'
    AS $$
BEGIN
  IF TG_OP = 'DELETE' AND TG_LEVEL = 'ROW' AND TG_TABLE_NAME IN ('runs', 'resolutions', 'findings') THEN
    IF pg_has_role(session_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') AND EXISTS (SELECT 1 FROM archives a WHERE a.service = OLD.service AND a.environment = OLD.environment
  AND a.last_sequence = (SELECT min(b.last_sequence) FROM archives b WHERE b.service = OLD.service
    AND b.environment = OLD.environment AND b.last_sequence >= OLD.sequence)
  AND a.first_sequence <= OLD.sequence) THEN
      RETURN OLD;
    END IF;
  END IF;
  RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'MG001';
END $$;
CREATE TABLE public.archives (
    service text NOT NULL,
    environment text NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    clock_at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    database_user text,
    host text NOT NULL,
    version text NOT NULL,
    commit_sha text,
    ci_run text,
    form integer NOT NULL,
    previous text NOT NULL,
    hash text NOT NULL,
    first_sequence bigint NOT NULL,
    last_sequence bigint NOT NULL,
    first_previous text NOT NULL,
    last_hash text NOT NULL,
    older_than timestamp with time zone NOT NULL,
    file_name text NOT NULL,
    file_digest text NOT NULL
);
CREATE TABLE public.batch_events (
    service text NOT NULL,
    environment text NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    clock_at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    database_user text,
    host text NOT NULL,
    version text NOT NULL,
    commit_sha text,
    ci_run text,
    form integer NOT NULL,
    previous text NOT NULL,
    hash text NOT NULL,
    job_id text NOT NULL,
    part integer NOT NULL,
    attempt integer NOT NULL,
    event text NOT NULL,
    at timestamp with time zone NOT NULL,
    batch_id text,
    detail text
);
CREATE TABLE public.batch_jobs (
    service text NOT NULL,
    environment text NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    clock_at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    database_user text,
    host text NOT NULL,
    version text NOT NULL,
    commit_sha text,
    ci_run text,
    form integer NOT NULL,
    previous text NOT NULL,
    hash text NOT NULL,
    job_id text NOT NULL,
    slot text NOT NULL,
    reference text NOT NULL,
    model_id text NOT NULL,
    origin text NOT NULL,
    file_digest text NOT NULL,
    file_path text NOT NULL,
    requests integer NOT NULL,
    parts integer NOT NULL,
    at timestamp with time zone NOT NULL,
    run_id text,
    token text,
    content_digest text,
    key text,
    betas text
);
CREATE TABLE public.batch_parts (
    service text NOT NULL,
    environment text NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    clock_at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    database_user text,
    host text NOT NULL,
    version text NOT NULL,
    commit_sha text,
    ci_run text,
    form integer NOT NULL,
    previous text NOT NULL,
    hash text NOT NULL,
    job_id text NOT NULL,
    part integer NOT NULL,
    round integer NOT NULL,
    positions text NOT NULL,
    requests integer NOT NULL,
    bytes integer NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE public.chain_ends (
    service text NOT NULL,
    environment text NOT NULL,
    sequence bigint NOT NULL,
    hash text NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    transaction bigint NOT NULL,
    since bigint NOT NULL
);
CREATE TABLE public.claims (
    fingerprint text NOT NULL,
    holder text NOT NULL,
    until double precision NOT NULL
);
CREATE TABLE public.entries (
    digest text NOT NULL,
    entry text NOT NULL
);
CREATE TABLE public.evidence (
    service text NOT NULL,
    environment text NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    clock_at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    database_user text,
    host text NOT NULL,
    version text NOT NULL,
    commit_sha text,
    ci_run text,
    form integer NOT NULL,
    previous text NOT NULL,
    hash text NOT NULL,
    slot text NOT NULL,
    model_id text NOT NULL,
    suite text NOT NULL,
    outcome text NOT NULL,
    origin text NOT NULL,
    workspace_id text NOT NULL,
    passed integer,
    failed integer,
    file_format text,
    file_digest text,
    status integer,
    error_type text,
    request_id text,
    input_tokens integer,
    output_tokens integer,
    served_model text
);
CREATE TABLE public.findings (
    service text NOT NULL,
    environment text NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    clock_at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    database_user text,
    host text NOT NULL,
    version text NOT NULL,
    commit_sha text,
    ci_run text,
    form integer NOT NULL,
    previous text NOT NULL,
    hash text NOT NULL,
    run_id text NOT NULL,
    finding text NOT NULL,
    level text NOT NULL,
    message text NOT NULL,
    hint text NOT NULL,
    slot text,
    source text,
    waived boolean NOT NULL
);
CREATE TABLE public.notices (
    service text NOT NULL,
    environment text NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    clock_at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    database_user text,
    host text NOT NULL,
    version text NOT NULL,
    commit_sha text,
    ci_run text,
    form integer NOT NULL,
    previous text NOT NULL,
    hash text NOT NULL,
    notice_id text NOT NULL,
    kind text NOT NULL,
    about_service text NOT NULL,
    about_environment text NOT NULL,
    slot text NOT NULL,
    check_id text NOT NULL,
    model_id text NOT NULL,
    level text NOT NULL,
    message text NOT NULL,
    hint text NOT NULL,
    threshold integer,
    retires_at timestamp with time zone
);
CREATE TABLE public.pins (
    service text NOT NULL,
    environment text NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    clock_at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    database_user text,
    host text NOT NULL,
    version text NOT NULL,
    commit_sha text,
    ci_run text,
    form integer NOT NULL,
    previous text NOT NULL,
    hash text NOT NULL,
    slot text NOT NULL,
    revision integer NOT NULL,
    action text NOT NULL,
    reference text NOT NULL,
    model_id text NOT NULL,
    reason text NOT NULL,
    origin text,
    entry text,
    expires_at timestamp with time zone,
    revokes integer,
    run_id text
);
CREATE TABLE public.resolutions (
    service text NOT NULL,
    environment text NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    clock_at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    database_user text,
    host text NOT NULL,
    version text NOT NULL,
    commit_sha text,
    ci_run text,
    form integer NOT NULL,
    previous text NOT NULL,
    hash text NOT NULL,
    run_id text NOT NULL,
    slot text NOT NULL,
    reference text NOT NULL,
    outcome text NOT NULL,
    resolved_id text,
    pinned_id text,
    handed_off_id text,
    revision integer,
    held boolean NOT NULL,
    lifecycle text,
    retires_at timestamp with time zone,
    observed_id text
);
CREATE TABLE public.runs (
    service text NOT NULL,
    environment text NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    clock_at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    database_user text,
    host text NOT NULL,
    version text NOT NULL,
    commit_sha text,
    ci_run text,
    form integer NOT NULL,
    previous text NOT NULL,
    hash text NOT NULL,
    run_id text NOT NULL,
    command text NOT NULL,
    verdict text NOT NULL,
    enforced boolean NOT NULL,
    exit_code integer NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    slots text NOT NULL,
    origin text,
    requests integer NOT NULL,
    facts text,
    asked_at timestamp with time zone,
    reuse_fingerprint text,
    grace_fingerprint text,
    reused_from text,
    unverified boolean NOT NULL,
    lock_commit text,
    answers text,
    entries text,
    reuse_mark text,
    grace_mark text,
    store_schema text,
    seen_at timestamp with time zone
);
CREATE TABLE public.tellings (
    service text NOT NULL,
    environment text NOT NULL,
    sequence bigint NOT NULL,
    recorded_at timestamp with time zone NOT NULL,
    clock_at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    database_user text,
    host text NOT NULL,
    version text NOT NULL,
    commit_sha text,
    ci_run text,
    form integer NOT NULL,
    previous text NOT NULL,
    hash text NOT NULL,
    channel text NOT NULL,
    digest_id text NOT NULL,
    through bigint NOT NULL,
    notices integer NOT NULL
);
CREATE VIEW public.modelgate_chain AS
 SELECT runs.service,
    runs.environment,
    runs.sequence,
    runs.previous,
    runs.hash,
    runs.recorded_at
   FROM public.runs
UNION ALL
 SELECT resolutions.service,
    resolutions.environment,
    resolutions.sequence,
    resolutions.previous,
    resolutions.hash,
    resolutions.recorded_at
   FROM public.resolutions
UNION ALL
 SELECT findings.service,
    findings.environment,
    findings.sequence,
    findings.previous,
    findings.hash,
    findings.recorded_at
   FROM public.findings
UNION ALL
 SELECT pins.service,
    pins.environment,
    pins.sequence,
    pins.previous,
    pins.hash,
    pins.recorded_at
   FROM public.pins
UNION ALL
 SELECT batch_jobs.service,
    batch_jobs.environment,
    batch_jobs.sequence,
    batch_jobs.previous,
    batch_jobs.hash,
    batch_jobs.recorded_at
   FROM public.batch_jobs
UNION ALL
 SELECT batch_parts.service,
    batch_parts.environment,
    batch_parts.sequence,
    batch_parts.previous,
    batch_parts.hash,
    batch_parts.recorded_at
   FROM public.batch_parts
UNION ALL
 SELECT batch_events.service,
    batch_events.environment,
    batch_events.sequence,
    batch_events.previous,
    batch_events.hash,
    batch_events.recorded_at
   FROM public.batch_events
UNION ALL
 SELECT notices.service,
    notices.environment,
    notices.sequence,
    notices.previous,
    notices.hash,
    notices.recorded_at
   FROM public.notices
UNION ALL
 SELECT tellings.service,
    tellings.environment,
    tellings.sequence,
    tellings.previous,
    tellings.hash,
    tellings.recorded_at
   FROM public.tellings
UNION ALL
 SELECT evidence.service,
    evidence.environment,
    evidence.sequence,
    evidence.previous,
    evidence.hash,
    evidence.recorded_at
   FROM public.evidence
UNION ALL
 SELECT archives.service,
    archives.environment,
    archives.sequence,
    archives.previous,
    archives.hash,
    archives.recorded_at
   FROM public.archives;
CREATE TABLE public.modelgate_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.store_info (
    id integer NOT NULL,
    salt text NOT NULL,
    usable_from text NOT NULL,
    chained text NOT NULL,
    CONSTRAINT store_info_id_check CHECK ((id = 1))
);
INSERT INTO public.chain_ends VALUES ('checkout', 'prod', 5, '0a46f165e36ab9d7cb8adba4623e457d76d0289fdfc520a7700e1c926300d915', '2026-11-27 19:23:51.26664+00', 755, 0);
INSERT INTO public.entries VALUES ('cd1aec3b3b5971cbc8d7e4512a5634c9ea0e9dff77cebd0873b44c37d54abfc6', '{"id":"x","lifecycle":"active"}');
INSERT INTO public.findings VALUES ('checkout', 'prod', 4, '2026-11-27 19:23:51.26664+00', '2026-11-22 12:00:00.123456+00', 'ada', 'postgres', 'pod-1', '0.1.0', 'abc123', 'run/7', 1, '354c82ce48a60e5f6f6a2541409f916cc0e50da2a2de24f2b1718a8bb00a89df', '1a14eb0171ae6d0a28379f2623d3456543f1a5f6060980b1811aff75cb2e0fb1', 'r1', 'f', 'note', 'm', 'h', NULL, NULL, false);
INSERT INTO public.modelgate_version VALUES ('0011');
INSERT INTO public.pins VALUES ('checkout', 'prod', 5, '2026-11-27 19:23:51.26664+00', '2026-11-22 12:00:00.123456+00', 'ada', 'postgres', 'pod-1', '0.1.0', 'abc123', 'run/7', 1, '1a14eb0171ae6d0a28379f2623d3456543f1a5f6060980b1811aff75cb2e0fb1', '0a46f165e36ab9d7cb8adba4623e457d76d0289fdfc520a7700e1c926300d915', 'summarizer', 1, 'accept', 'claude-a', 'x', 'first', NULL, NULL, '2026-11-22 12:00:00.123456+00', NULL, NULL);
INSERT INTO public.resolutions VALUES ('checkout', 'prod', 2, '2026-11-27 19:23:51.26664+00', '2026-11-22 12:00:00.123456+00', 'ada', 'postgres', 'pod-1', '0.1.0', 'abc123', 'run/7', 1, 'f8fc80b8a79ada8cc720782f0e59ec22fdbe70ba83b0ad55244712ff12579df0', 'b7759ffcac2f338002efefb7fa87797f79f51ed3fbbb52d1563093dfd2cc75a8', 'r1', 'summarizer', 'claude-a', 'resolved', 'x', 'x', 'x', 1, false, NULL, NULL, NULL);
INSERT INTO public.resolutions VALUES ('checkout', 'prod', 3, '2026-11-27 19:23:51.26664+00', '2026-11-22 12:00:00.123456+00', 'ada', 'postgres', 'pod-1', '0.1.0', 'abc123', 'run/7', 1, 'b7759ffcac2f338002efefb7fa87797f79f51ed3fbbb52d1563093dfd2cc75a8', '354c82ce48a60e5f6f6a2541409f916cc0e50da2a2de24f2b1718a8bb00a89df', 'r1', 'grader', 'claude-a', 'resolved', 'é🙂', 'é🙂', 'é🙂', 1, false, NULL, NULL, NULL);
INSERT INTO public.runs VALUES ('checkout', 'prod', 1, '2026-11-27 19:23:51.26664+00', '2026-11-22 12:00:00.123456+00', 'ada', 'postgres', 'pod-1', '0.1.0', 'abc123', 'run/7', 4, '0000000000000000000000000000000000000000000000000000000000000000', 'f8fc80b8a79ada8cc720782f0e59ec22fdbe70ba83b0ad55244712ff12579df0', 'r1', 'preflight', 'pass', true, 0, '2026-11-22 12:00:00.123456+00', '2026-11-22 12:00:00.123456+00', '{}', 'o', 0, NULL, NULL, NULL, NULL, NULL, false, NULL, '{"gone":[]}', 'cd1aec3b3b5971cbc8d7e4512a5634c9ea0e9dff77cebd0873b44c37d54abfc6', 'f', NULL, '0011:899d675f695a4c261999479e3431f794', '2026-11-22 12:00:00.123456+00');
INSERT INTO public.store_info VALUES (1, 'd6e5ddb54a147de36f1d52415ac309df8643234e25d98acde073f3bda3773d60', '0.1.0', 'runs,resolutions,findings,pins,batch_jobs,batch_parts,batch_events,notices,tellings,evidence,archives');
ALTER TABLE ONLY public.archives
    ADD CONSTRAINT archives_pkey PRIMARY KEY (service, environment, sequence);
ALTER TABLE ONLY public.batch_events
    ADD CONSTRAINT batch_events_pkey PRIMARY KEY (service, environment, sequence);
ALTER TABLE ONLY public.batch_jobs
    ADD CONSTRAINT batch_jobs_pkey PRIMARY KEY (service, environment, sequence);
ALTER TABLE ONLY public.batch_parts
    ADD CONSTRAINT batch_parts_pkey PRIMARY KEY (service, environment, sequence);
ALTER TABLE ONLY public.chain_ends
    ADD CONSTRAINT chain_ends_pkey PRIMARY KEY (service, environment);
ALTER TABLE ONLY public.claims
    ADD CONSTRAINT claims_pkey PRIMARY KEY (fingerprint);
ALTER TABLE ONLY public.entries
    ADD CONSTRAINT entries_pkey PRIMARY KEY (digest);
ALTER TABLE ONLY public.evidence
    ADD CONSTRAINT evidence_pkey PRIMARY KEY (service, environment, sequence);
ALTER TABLE ONLY public.findings
    ADD CONSTRAINT findings_pkey PRIMARY KEY (service, environment, sequence);
ALTER TABLE ONLY public.modelgate_version
    ADD CONSTRAINT modelgate_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.notices
    ADD CONSTRAINT notices_pkey PRIMARY KEY (service, environment, sequence);
ALTER TABLE ONLY public.pins
    ADD CONSTRAINT pins_pkey PRIMARY KEY (service, environment, sequence);
ALTER TABLE ONLY public.resolutions
    ADD CONSTRAINT resolutions_pkey PRIMARY KEY (service, environment, sequence);
ALTER TABLE ONLY public.runs
    ADD CONSTRAINT runs_pkey PRIMARY KEY (service, environment, sequence);
ALTER TABLE ONLY public.store_info
    ADD CONSTRAINT store_info_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public.tellings
    ADD CONSTRAINT tellings_pkey PRIMARY KEY (service, environment, sequence);
CREATE UNIQUE INDEX archives_last ON public.archives USING btree (service, environment, last_sequence);
CREATE UNIQUE INDEX batch_events_event ON public.batch_events USING btree (job_id, part, attempt, event);
CREATE UNIQUE INDEX batch_jobs_job_id ON public.batch_jobs USING btree (job_id);
CREATE UNIQUE INDEX batch_parts_part ON public.batch_parts USING btree (job_id, part);
CREATE INDEX evidence_about ON public.evidence USING btree (service, environment, slot, model_id, sequence);
CREATE UNIQUE INDEX notices_notice_id ON public.notices USING btree (notice_id);
CREATE INDEX pins_model ON public.pins USING btree (model_id, service, environment, slot);
CREATE UNIQUE INDEX pins_revision ON public.pins USING btree (service, environment, slot, revision);
CREATE INDEX resolutions_handed_off ON public.resolutions USING btree (service, environment, slot, handed_off_id, sequence) WHERE (handed_off_id IS NOT NULL);
CREATE INDEX resolutions_handed_off_to ON public.resolutions USING btree (handed_off_id, service, environment, slot) WHERE (handed_off_id IS NOT NULL);
CREATE INDEX resolutions_observed ON public.resolutions USING btree (service, environment, slot, observed_id, sequence) WHERE (observed_id IS NOT NULL);
CREATE INDEX resolutions_observed_as ON public.resolutions USING btree (observed_id, service, environment, slot) WHERE (observed_id IS NOT NULL);
CREATE INDEX runs_asked ON public.runs USING btree (service, environment, sequence, asked_at) WHERE (asked_at IS NOT NULL);
CREATE INDEX runs_grace ON public.runs USING btree (service, environment, grace_fingerprint, sequence) WHERE (grace_fingerprint IS NOT NULL);
CREATE INDEX runs_grace_mark ON public.runs USING btree (service, environment, grace_mark, sequence) WHERE (grace_mark IS NOT NULL);
CREATE INDEX runs_recorded_at ON public.runs USING btree (service, environment, recorded_at, sequence);
CREATE INDEX runs_reuse ON public.runs USING btree (service, environment, reuse_fingerprint, sequence) WHERE (reuse_fingerprint IS NOT NULL);
CREATE INDEX runs_reuse_mark ON public.runs USING btree (service, environment, reuse_mark, sequence) WHERE (reuse_mark IS NOT NULL);
CREATE UNIQUE INDEX runs_run_id ON public.runs USING btree (run_id);
CREATE INDEX runs_seen ON public.runs USING btree (service, environment, sequence, seen_at) WHERE (seen_at IS NOT NULL);
CREATE INDEX runs_verdict ON public.runs USING btree (service, environment, command, verdict, sequence);
CREATE TRIGGER archives_check_author BEFORE INSERT ON public.archives FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_author();
CREATE CONSTRAINT TRIGGER archives_check_place AFTER INSERT ON public.archives DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_place();
CREATE TRIGGER archives_check_range BEFORE INSERT ON public.archives FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_range();
CREATE TRIGGER archives_refuse_change BEFORE DELETE OR UPDATE ON public.archives FOR EACH ROW EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.archives ENABLE ALWAYS TRIGGER archives_refuse_change;
CREATE TRIGGER archives_refuse_truncate BEFORE TRUNCATE ON public.archives FOR EACH STATEMENT EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.archives ENABLE ALWAYS TRIGGER archives_refuse_truncate;
CREATE TRIGGER batch_events_check_author BEFORE INSERT ON public.batch_events FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_author();
CREATE TRIGGER batch_events_check_form BEFORE INSERT ON public.batch_events FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_form();
CREATE CONSTRAINT TRIGGER batch_events_check_place AFTER INSERT ON public.batch_events DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_place();
CREATE TRIGGER batch_events_refuse_change BEFORE DELETE OR UPDATE ON public.batch_events FOR EACH ROW EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.batch_events ENABLE ALWAYS TRIGGER batch_events_refuse_change;
CREATE TRIGGER batch_events_refuse_truncate BEFORE TRUNCATE ON public.batch_events FOR EACH STATEMENT EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.batch_events ENABLE ALWAYS TRIGGER batch_events_refuse_truncate;
CREATE TRIGGER batch_jobs_check_author BEFORE INSERT ON public.batch_jobs FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_author();
CREATE CONSTRAINT TRIGGER batch_jobs_check_place AFTER INSERT ON public.batch_jobs DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_place();
CREATE TRIGGER batch_jobs_refuse_change BEFORE DELETE OR UPDATE ON public.batch_jobs FOR EACH ROW EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.batch_jobs ENABLE ALWAYS TRIGGER batch_jobs_refuse_change;
CREATE TRIGGER batch_jobs_refuse_truncate BEFORE TRUNCATE ON public.batch_jobs FOR EACH STATEMENT EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.batch_jobs ENABLE ALWAYS TRIGGER batch_jobs_refuse_truncate;
CREATE TRIGGER batch_parts_check_author BEFORE INSERT ON public.batch_parts FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_author();
CREATE CONSTRAINT TRIGGER batch_parts_check_place AFTER INSERT ON public.batch_parts DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_place();
CREATE TRIGGER batch_parts_refuse_change BEFORE DELETE OR UPDATE ON public.batch_parts FOR EACH ROW EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.batch_parts ENABLE ALWAYS TRIGGER batch_parts_refuse_change;
CREATE TRIGGER batch_parts_refuse_truncate BEFORE TRUNCATE ON public.batch_parts FOR EACH STATEMENT EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.batch_parts ENABLE ALWAYS TRIGGER batch_parts_refuse_truncate;
CREATE TRIGGER claims_check_form BEFORE INSERT ON public.claims FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_form();
CREATE TRIGGER claims_check_lease BEFORE INSERT OR DELETE OR UPDATE ON public.claims FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_lease();
CREATE TRIGGER entries_check_digest BEFORE INSERT ON public.entries FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_digest();
ALTER TABLE public.entries ENABLE ALWAYS TRIGGER entries_check_digest;
CREATE TRIGGER entries_refuse_change BEFORE DELETE OR UPDATE ON public.entries FOR EACH ROW EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.entries ENABLE ALWAYS TRIGGER entries_refuse_change;
CREATE TRIGGER entries_refuse_truncate BEFORE TRUNCATE ON public.entries FOR EACH STATEMENT EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.entries ENABLE ALWAYS TRIGGER entries_refuse_truncate;
CREATE TRIGGER evidence_check_author BEFORE INSERT ON public.evidence FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_author();
CREATE CONSTRAINT TRIGGER evidence_check_place AFTER INSERT ON public.evidence DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_place();
CREATE TRIGGER evidence_refuse_change BEFORE DELETE OR UPDATE ON public.evidence FOR EACH ROW EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.evidence ENABLE ALWAYS TRIGGER evidence_refuse_change;
CREATE TRIGGER evidence_refuse_truncate BEFORE TRUNCATE ON public.evidence FOR EACH STATEMENT EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.evidence ENABLE ALWAYS TRIGGER evidence_refuse_truncate;
CREATE TRIGGER findings_check_author BEFORE INSERT ON public.findings FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_author();
CREATE CONSTRAINT TRIGGER findings_check_place AFTER INSERT ON public.findings DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_place();
CREATE TRIGGER findings_refuse_change BEFORE DELETE OR UPDATE ON public.findings FOR EACH ROW EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.findings ENABLE ALWAYS TRIGGER findings_refuse_change;
CREATE TRIGGER findings_refuse_truncate BEFORE TRUNCATE ON public.findings FOR EACH STATEMENT EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.findings ENABLE ALWAYS TRIGGER findings_refuse_truncate;
CREATE TRIGGER notices_check_author BEFORE INSERT ON public.notices FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_author();
CREATE CONSTRAINT TRIGGER notices_check_place AFTER INSERT ON public.notices DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_place();
CREATE TRIGGER notices_refuse_change BEFORE DELETE OR UPDATE ON public.notices FOR EACH ROW EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.notices ENABLE ALWAYS TRIGGER notices_refuse_change;
CREATE TRIGGER notices_refuse_truncate BEFORE TRUNCATE ON public.notices FOR EACH STATEMENT EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.notices ENABLE ALWAYS TRIGGER notices_refuse_truncate;
CREATE TRIGGER pins_check_author BEFORE INSERT ON public.pins FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_author();
CREATE CONSTRAINT TRIGGER pins_check_place AFTER INSERT ON public.pins DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_place();
CREATE TRIGGER pins_refuse_change BEFORE DELETE OR UPDATE ON public.pins FOR EACH ROW EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.pins ENABLE ALWAYS TRIGGER pins_refuse_change;
CREATE TRIGGER pins_refuse_truncate BEFORE TRUNCATE ON public.pins FOR EACH STATEMENT EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.pins ENABLE ALWAYS TRIGGER pins_refuse_truncate;
CREATE TRIGGER resolutions_check_author BEFORE INSERT ON public.resolutions FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_author();
CREATE CONSTRAINT TRIGGER resolutions_check_place AFTER INSERT ON public.resolutions DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_place();
CREATE TRIGGER resolutions_refuse_change BEFORE DELETE OR UPDATE ON public.resolutions FOR EACH ROW EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.resolutions ENABLE ALWAYS TRIGGER resolutions_refuse_change;
CREATE TRIGGER resolutions_refuse_truncate BEFORE TRUNCATE ON public.resolutions FOR EACH STATEMENT EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.resolutions ENABLE ALWAYS TRIGGER resolutions_refuse_truncate;
CREATE TRIGGER runs_check_author BEFORE INSERT ON public.runs FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_author();
CREATE TRIGGER runs_check_entries BEFORE INSERT ON public.runs FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_entries();
CREATE CONSTRAINT TRIGGER runs_check_place AFTER INSERT ON public.runs DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_place();
CREATE TRIGGER runs_refuse_change BEFORE DELETE OR UPDATE ON public.runs FOR EACH ROW EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.runs ENABLE ALWAYS TRIGGER runs_refuse_change;
CREATE TRIGGER runs_refuse_truncate BEFORE TRUNCATE ON public.runs FOR EACH STATEMENT EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.runs ENABLE ALWAYS TRIGGER runs_refuse_truncate;
CREATE TRIGGER tellings_check_author BEFORE INSERT ON public.tellings FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_author();
CREATE CONSTRAINT TRIGGER tellings_check_place AFTER INSERT ON public.tellings DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_place();
CREATE TRIGGER tellings_refuse_change BEFORE DELETE OR UPDATE ON public.tellings FOR EACH ROW EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.tellings ENABLE ALWAYS TRIGGER tellings_refuse_change;
CREATE TRIGGER tellings_refuse_truncate BEFORE TRUNCATE ON public.tellings FOR EACH STATEMENT EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.tellings ENABLE ALWAYS TRIGGER tellings_refuse_truncate;
