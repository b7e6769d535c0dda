SELECT pg_catalog.set_config('search_path', '', false);
CREATE FUNCTION public.modelgate_check_author() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN IF NEW.database_user IS DISTINCT FROM session_user THEN RAISE EXCEPTION 'database_user must be the session user' USING ERRCODE = 'MG002'; END IF; RETURN NEW; END $$;
CREATE FUNCTION public.modelgate_refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'MG001'; END $$;
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
    run_id text
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
CREATE TABLE public.claims (
    fingerprint text NOT NULL,
    holder text NOT NULL,
    until double precision NOT NULL
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
CREATE TABLE public.modelgate_version (
    version_num character varying(32) NOT NULL
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
    lock_commit text
);
CREATE TABLE public.store_info (
    id integer NOT NULL,
    salt text NOT NULL,
    usable_from text NOT NULL,
    chained text NOT NULL,
    CONSTRAINT store_info_id_check CHECK ((id = 1))
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
INSERT INTO public.findings VALUES ('checkout', 'prod', 4, '2026-11-22 12:00:00.123456+00', '2026-11-22 12:00:00.123456+00', 'ada', 'postgres', 'pod-1', '0.1.0', 'abc123', 'run/7', 1, '780a69fbf5c20a393506171394658ee3a8a0b3e650a3324618fc745d1a7bcd32', '1ac056719c831e0f475dd02551299fc10320249bae4efaec6090b26fdfa4acd8', 'r1', 'f', 'note', 'm', 'h', NULL, NULL, false);
INSERT INTO public.modelgate_version VALUES ('0004');
INSERT INTO public.pins VALUES ('checkout', 'prod', 5, '2026-11-22 12:00:00.123456+00', '2026-11-22 12:00:00.123456+00', 'ada', 'postgres', 'pod-1', '0.1.0', 'abc123', 'run/7', 1, '1ac056719c831e0f475dd02551299fc10320249bae4efaec6090b26fdfa4acd8', '068c0fc93447e2457e6aa2a8b388532e958b453069cb2584dbc81fa2fa46a179', 'summarizer', 1, 'accept', 'claude-a', 'x', 'first', NULL, NULL, '2026-11-22 12:00:00.123456+00', NULL, NULL);
INSERT INTO public.resolutions VALUES ('checkout', 'prod', 2, '2026-11-22 12:00:00.123456+00', '2026-11-22 12:00:00.123456+00', 'ada', 'postgres', 'pod-1', '0.1.0', 'abc123', 'run/7', 1, 'dcc7c3c6efb8bdfa6141bacb88659a76613f2e9bb7330b3eb4f78f25f1a08d88', '0e7a219908bd80786ff77084093b58b86be1f492fc05da1384d93147cd9477bf', 'r1', 'summarizer', 'claude-a', 'resolved', 'x', 'x', 'x', 1, false, NULL, NULL, NULL);
INSERT INTO public.resolutions VALUES ('checkout', 'prod', 3, '2026-11-22 12:00:00.123456+00', '2026-11-22 12:00:00.123456+00', 'ada', 'postgres', 'pod-1', '0.1.0', 'abc123', 'run/7', 1, '0e7a219908bd80786ff77084093b58b86be1f492fc05da1384d93147cd9477bf', '780a69fbf5c20a393506171394658ee3a8a0b3e650a3324618fc745d1a7bcd32', 'r1', 'grader', 'claude-a', 'resolved', 'é🙂', 'é🙂', 'é🙂', 1, false, NULL, NULL, NULL);
INSERT INTO public.runs VALUES ('checkout', 'prod', 1, '2026-11-22 12:00:00.123456+00', '2026-11-22 12:00:00.123456+00', 'ada', 'postgres', 'pod-1', '0.1.0', 'abc123', 'run/7', 1, '0000000000000000000000000000000000000000000000000000000000000000', 'dcc7c3c6efb8bdfa6141bacb88659a76613f2e9bb7330b3eb4f78f25f1a08d88', 'r1', 'preflight', 'pass', true, 0, '2026-11-22 12:00:00.123456+00', '2026-11-22 12:00:00.123456+00', '{}', NULL, 0, '{"answers":{},"entries":{},"gone":[],"origin":"o"}', '2026-11-22 12:00:00.123456+00', 'f', NULL, NULL, false, NULL);
INSERT INTO public.store_info VALUES (1, 'af183a9becfffa15df2a5ab96d9185140c759750a85bbad53f732265843f4ff6', '0.1.0', 'runs,resolutions,findings,pins,batch_jobs,batch_parts,batch_events,notices,tellings');
ALTER TABLE ONLY public.batch_events
    ADD CONSTRAINT batch_events_pkey PRIMARY KEY (service, environment, sequence);
ALTER TABLE ONLY public.batch_jobs
    ADD CONSTRAINT batch_jobs_pkey PRIMARY KEY (service, environment, sequence);
ALTER TABLE ONLY public.batch_parts
    ADD CONSTRAINT batch_parts_pkey PRIMARY KEY (service, environment, sequence);
ALTER TABLE ONLY public.claims
    ADD CONSTRAINT claims_pkey PRIMARY KEY (fingerprint);
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
CREATE UNIQUE INDEX batch_events_event ON public.batch_events USING btree (job_id, part, attempt, event);
CREATE UNIQUE INDEX batch_jobs_job_id ON public.batch_jobs USING btree (job_id);
CREATE UNIQUE INDEX batch_parts_part ON public.batch_parts USING btree (job_id, part);
CREATE UNIQUE INDEX notices_notice_id ON public.notices USING btree (notice_id);
CREATE UNIQUE INDEX pins_revision ON public.pins USING btree (service, environment, slot, revision);
CREATE INDEX resolutions_handed_off ON public.resolutions USING btree (service, environment, slot, handed_off_id, sequence) WHERE (handed_off_id IS NOT NULL);
CREATE INDEX resolutions_observed ON public.resolutions USING btree (service, environment, slot, observed_id, sequence) WHERE (observed_id IS NOT NULL);
CREATE INDEX runs_asked ON public.runs USING btree (service, environment, sequence, asked_at) WHERE (asked_at IS NOT NULL);
CREATE INDEX runs_grace ON public.runs USING btree (service, environment, grace_fingerprint, sequence) WHERE (grace_fingerprint IS NOT NULL);
CREATE INDEX runs_recorded_at ON public.runs USING btree (service, environment, recorded_at, sequence);
CREATE INDEX runs_reuse ON public.runs USING btree (service, environment, reuse_fingerprint, sequence) WHERE (reuse_fingerprint IS NOT NULL);
CREATE UNIQUE INDEX runs_run_id ON public.runs USING btree (run_id);
CREATE INDEX runs_verdict ON public.runs USING btree (service, environment, command, verdict, sequence);
CREATE TRIGGER batch_events_check_author BEFORE INSERT ON public.batch_events FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_author();
CREATE TRIGGER batch_events_refuse_change BEFORE DELETE OR UPDATE ON public.batch_events FOR EACH ROW EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.batch_events ENABLE ALWAYS TRIGGER batch_events_refuse_change;
CREATE TRIGGER batch_events_refuse_truncate BEFORE TRUNCATE ON public.batch_events FOR EACH STATEMENT EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.batch_events ENABLE ALWAYS TRIGGER batch_events_refuse_truncate;
CREATE TRIGGER batch_jobs_check_author BEFORE INSERT ON public.batch_jobs FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_author();
CREATE TRIGGER batch_jobs_refuse_change BEFORE DELETE OR UPDATE ON public.batch_jobs FOR EACH ROW EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.batch_jobs ENABLE ALWAYS TRIGGER batch_jobs_refuse_change;
CREATE TRIGGER batch_jobs_refuse_truncate BEFORE TRUNCATE ON public.batch_jobs FOR EACH STATEMENT EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.batch_jobs ENABLE ALWAYS TRIGGER batch_jobs_refuse_truncate;
CREATE TRIGGER batch_parts_check_author BEFORE INSERT ON public.batch_parts FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_author();
CREATE TRIGGER batch_parts_refuse_change BEFORE DELETE OR UPDATE ON public.batch_parts FOR EACH ROW EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.batch_parts ENABLE ALWAYS TRIGGER batch_parts_refuse_change;
CREATE TRIGGER batch_parts_refuse_truncate BEFORE TRUNCATE ON public.batch_parts FOR EACH STATEMENT EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.batch_parts ENABLE ALWAYS TRIGGER batch_parts_refuse_truncate;
CREATE TRIGGER findings_check_author BEFORE INSERT ON public.findings FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_author();
CREATE TRIGGER findings_refuse_change BEFORE DELETE OR UPDATE ON public.findings FOR EACH ROW EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.findings ENABLE ALWAYS TRIGGER findings_refuse_change;
CREATE TRIGGER findings_refuse_truncate BEFORE TRUNCATE ON public.findings FOR EACH STATEMENT EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.findings ENABLE ALWAYS TRIGGER findings_refuse_truncate;
CREATE TRIGGER notices_check_author BEFORE INSERT ON public.notices FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_author();
CREATE TRIGGER notices_refuse_change BEFORE DELETE OR UPDATE ON public.notices FOR EACH ROW EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.notices ENABLE ALWAYS TRIGGER notices_refuse_change;
CREATE TRIGGER notices_refuse_truncate BEFORE TRUNCATE ON public.notices FOR EACH STATEMENT EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.notices ENABLE ALWAYS TRIGGER notices_refuse_truncate;
CREATE TRIGGER pins_check_author BEFORE INSERT ON public.pins FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_author();
CREATE TRIGGER pins_refuse_change BEFORE DELETE OR UPDATE ON public.pins FOR EACH ROW EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.pins ENABLE ALWAYS TRIGGER pins_refuse_change;
CREATE TRIGGER pins_refuse_truncate BEFORE TRUNCATE ON public.pins FOR EACH STATEMENT EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.pins ENABLE ALWAYS TRIGGER pins_refuse_truncate;
CREATE TRIGGER resolutions_check_author BEFORE INSERT ON public.resolutions FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_author();
CREATE TRIGGER resolutions_refuse_change BEFORE DELETE OR UPDATE ON public.resolutions FOR EACH ROW EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.resolutions ENABLE ALWAYS TRIGGER resolutions_refuse_change;
CREATE TRIGGER resolutions_refuse_truncate BEFORE TRUNCATE ON public.resolutions FOR EACH STATEMENT EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.resolutions ENABLE ALWAYS TRIGGER resolutions_refuse_truncate;
CREATE TRIGGER runs_check_author BEFORE INSERT ON public.runs FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_author();
CREATE TRIGGER runs_refuse_change BEFORE DELETE OR UPDATE ON public.runs FOR EACH ROW EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.runs ENABLE ALWAYS TRIGGER runs_refuse_change;
CREATE TRIGGER runs_refuse_truncate BEFORE TRUNCATE ON public.runs FOR EACH STATEMENT EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.runs ENABLE ALWAYS TRIGGER runs_refuse_truncate;
CREATE TRIGGER tellings_check_author BEFORE INSERT ON public.tellings FOR EACH ROW EXECUTE FUNCTION public.modelgate_check_author();
CREATE TRIGGER tellings_refuse_change BEFORE DELETE OR UPDATE ON public.tellings FOR EACH ROW EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.tellings ENABLE ALWAYS TRIGGER tellings_refuse_change;
CREATE TRIGGER tellings_refuse_truncate BEFORE TRUNCATE ON public.tellings FOR EACH STATEMENT EXECUTE FUNCTION public.modelgate_refuse_change();
ALTER TABLE public.tellings ENABLE ALWAYS TRIGGER tellings_refuse_truncate;
