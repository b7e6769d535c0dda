BEGIN TRANSACTION;
CREATE TABLE archives (
	service TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	sequence BIGINT NOT NULL, 
	recorded_at TEXT NOT NULL, 
	clock_at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	database_user TEXT, 
	host TEXT NOT NULL, 
	version TEXT NOT NULL, 
	commit_sha TEXT, 
	ci_run TEXT, 
	form INTEGER NOT NULL, 
	previous TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	first_sequence BIGINT NOT NULL, 
	last_sequence BIGINT NOT NULL, 
	first_previous TEXT NOT NULL, 
	last_hash TEXT NOT NULL, 
	older_than TEXT NOT NULL, 
	file_name TEXT NOT NULL, 
	file_digest TEXT NOT NULL, 
	PRIMARY KEY (service, environment, sequence)
)
 WITHOUT ROWID

;
CREATE TABLE batch_events (
	service TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	sequence BIGINT NOT NULL, 
	recorded_at TEXT NOT NULL, 
	clock_at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	database_user TEXT, 
	host TEXT NOT NULL, 
	version TEXT NOT NULL, 
	commit_sha TEXT, 
	ci_run TEXT, 
	form INTEGER NOT NULL, 
	previous TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	job_id TEXT NOT NULL, 
	part INTEGER NOT NULL, 
	attempt INTEGER NOT NULL, 
	event TEXT NOT NULL, 
	at TEXT NOT NULL, 
	batch_id TEXT, 
	detail TEXT, 
	PRIMARY KEY (service, environment, sequence)
)
 WITHOUT ROWID

;
CREATE TABLE batch_jobs (
	service TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	sequence BIGINT NOT NULL, 
	recorded_at TEXT NOT NULL, 
	clock_at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	database_user TEXT, 
	host TEXT NOT NULL, 
	version TEXT NOT NULL, 
	commit_sha TEXT, 
	ci_run TEXT, 
	form INTEGER NOT NULL, 
	previous TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	job_id TEXT NOT NULL, 
	slot TEXT NOT NULL, 
	reference TEXT NOT NULL, 
	model_id TEXT NOT NULL, 
	origin TEXT NOT NULL, 
	file_digest TEXT NOT NULL, 
	file_path TEXT NOT NULL, 
	requests INTEGER NOT NULL, 
	parts INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	run_id TEXT, token TEXT, content_digest TEXT, "key" TEXT, betas TEXT, 
	PRIMARY KEY (service, environment, sequence)
)
 WITHOUT ROWID

;
CREATE TABLE batch_parts (
	service TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	sequence BIGINT NOT NULL, 
	recorded_at TEXT NOT NULL, 
	clock_at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	database_user TEXT, 
	host TEXT NOT NULL, 
	version TEXT NOT NULL, 
	commit_sha TEXT, 
	ci_run TEXT, 
	form INTEGER NOT NULL, 
	previous TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	job_id TEXT NOT NULL, 
	part INTEGER NOT NULL, 
	round INTEGER NOT NULL, 
	positions TEXT NOT NULL, 
	requests INTEGER NOT NULL, 
	bytes INTEGER NOT NULL, 
	at TEXT NOT NULL, 
	PRIMARY KEY (service, environment, sequence)
)
 WITHOUT ROWID

;
CREATE TABLE chain_ends (
	service TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	sequence BIGINT NOT NULL, 
	hash TEXT NOT NULL, 
	recorded_at TEXT NOT NULL, 
	"transaction" BIGINT NOT NULL, 
	since BIGINT NOT NULL, 
	PRIMARY KEY (service, environment)
);
CREATE TABLE claims (
	fingerprint TEXT NOT NULL, 
	holder TEXT NOT NULL, 
	until FLOAT NOT NULL, 
	PRIMARY KEY (fingerprint)
);
CREATE TABLE entries (
	digest TEXT NOT NULL, 
	entry TEXT NOT NULL, 
	PRIMARY KEY (digest)
)
 WITHOUT ROWID

;
INSERT INTO "entries" VALUES('cd1aec3b3b5971cbc8d7e4512a5634c9ea0e9dff77cebd0873b44c37d54abfc6','{"id":"x","lifecycle":"active"}');
CREATE TABLE evidence (
	service TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	sequence BIGINT NOT NULL, 
	recorded_at TEXT NOT NULL, 
	clock_at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	database_user TEXT, 
	host TEXT NOT NULL, 
	version TEXT NOT NULL, 
	commit_sha TEXT, 
	ci_run TEXT, 
	form INTEGER NOT NULL, 
	previous TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	slot TEXT NOT NULL, 
	model_id TEXT NOT NULL, 
	suite TEXT NOT NULL, 
	outcome TEXT NOT NULL, 
	origin TEXT NOT NULL, 
	workspace_id TEXT NOT NULL, 
	passed INTEGER, 
	failed INTEGER, 
	file_format TEXT, 
	file_digest TEXT, 
	status INTEGER, 
	error_type TEXT, 
	request_id TEXT, 
	input_tokens INTEGER, 
	output_tokens INTEGER, 
	served_model TEXT, 
	PRIMARY KEY (service, environment, sequence)
)
 WITHOUT ROWID

;
CREATE TABLE findings (
	service TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	sequence BIGINT NOT NULL, 
	recorded_at TEXT NOT NULL, 
	clock_at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	database_user TEXT, 
	host TEXT NOT NULL, 
	version TEXT NOT NULL, 
	commit_sha TEXT, 
	ci_run TEXT, 
	form INTEGER NOT NULL, 
	previous TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	run_id TEXT NOT NULL, 
	finding TEXT NOT NULL, 
	level TEXT NOT NULL, 
	message TEXT NOT NULL, 
	hint TEXT NOT NULL, 
	slot TEXT, 
	source TEXT, 
	waived BOOLEAN NOT NULL, 
	PRIMARY KEY (service, environment, sequence)
)
 WITHOUT ROWID

;
INSERT INTO "findings" VALUES('checkout','prod',4,'2026-11-22T12:00:00.123456Z','2026-11-22T12:00:00.123456Z','ada',NULL,'pod-1','0.1.0','abc123','run/7',1,'713c2a5ee282ad860d5f995673fffd9321c568d5b828dfc40348ffe283407048','df5b063986da91bc98abe2e36db34ef700df578bf1d48f977d604f1e00fecf04','r1','f','note','m','h',NULL,NULL,0);
CREATE TABLE modelgate_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT modelgate_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "modelgate_version" VALUES('0011');
CREATE TABLE notices (
	service TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	sequence BIGINT NOT NULL, 
	recorded_at TEXT NOT NULL, 
	clock_at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	database_user TEXT, 
	host TEXT NOT NULL, 
	version TEXT NOT NULL, 
	commit_sha TEXT, 
	ci_run TEXT, 
	form INTEGER NOT NULL, 
	previous TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	notice_id TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	about_service TEXT NOT NULL, 
	about_environment TEXT NOT NULL, 
	slot TEXT NOT NULL, 
	check_id TEXT NOT NULL, 
	model_id TEXT NOT NULL, 
	level TEXT NOT NULL, 
	message TEXT NOT NULL, 
	hint TEXT NOT NULL, 
	threshold INTEGER, 
	retires_at TEXT, 
	PRIMARY KEY (service, environment, sequence)
)
 WITHOUT ROWID

;
CREATE TABLE pins (
	service TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	sequence BIGINT NOT NULL, 
	recorded_at TEXT NOT NULL, 
	clock_at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	database_user TEXT, 
	host TEXT NOT NULL, 
	version TEXT NOT NULL, 
	commit_sha TEXT, 
	ci_run TEXT, 
	form INTEGER NOT NULL, 
	previous TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	slot TEXT NOT NULL, 
	revision INTEGER NOT NULL, 
	action TEXT NOT NULL, 
	reference TEXT NOT NULL, 
	model_id TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	origin TEXT, 
	entry TEXT, 
	expires_at TEXT, 
	revokes INTEGER, 
	run_id TEXT, 
	PRIMARY KEY (service, environment, sequence)
)
 WITHOUT ROWID

;
INSERT INTO "pins" VALUES('checkout','prod',5,'2026-11-22T12:00:00.123456Z','2026-11-22T12:00:00.123456Z','ada',NULL,'pod-1','0.1.0','abc123','run/7',1,'df5b063986da91bc98abe2e36db34ef700df578bf1d48f977d604f1e00fecf04','7d84b6f691dea0cda87d056d6559fd20058a6df5160d88697b71635ed8313ef0','summarizer',1,'accept','claude-a','x','first',NULL,NULL,'2026-11-22T12:00:00.123456Z',NULL,NULL);
CREATE TABLE resolutions (
	service TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	sequence BIGINT NOT NULL, 
	recorded_at TEXT NOT NULL, 
	clock_at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	database_user TEXT, 
	host TEXT NOT NULL, 
	version TEXT NOT NULL, 
	commit_sha TEXT, 
	ci_run TEXT, 
	form INTEGER NOT NULL, 
	previous TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	run_id TEXT NOT NULL, 
	slot TEXT NOT NULL, 
	reference TEXT NOT NULL, 
	outcome TEXT NOT NULL, 
	resolved_id TEXT, 
	pinned_id TEXT, 
	handed_off_id TEXT, 
	revision INTEGER, 
	held BOOLEAN NOT NULL, 
	lifecycle TEXT, 
	retires_at TEXT, observed_id TEXT, 
	PRIMARY KEY (service, environment, sequence)
)
 WITHOUT ROWID

;
INSERT INTO "resolutions" VALUES('checkout','prod',2,'2026-11-22T12:00:00.123456Z','2026-11-22T12:00:00.123456Z','ada',NULL,'pod-1','0.1.0','abc123','run/7',1,'5f995fbe8edb82107bccf8b139fa534822896037c0ccedb6c0a57f41c4f1c240','a72e4fb8a207957948ae2b4672e67d8de18c46c8273a4fe72fc7b56d5ed7a0c6','r1','summarizer','claude-a','resolved','x','x','x',1,0,NULL,NULL,NULL);
INSERT INTO "resolutions" VALUES('checkout','prod',3,'2026-11-22T12:00:00.123456Z','2026-11-22T12:00:00.123456Z','ada',NULL,'pod-1','0.1.0','abc123','run/7',1,'a72e4fb8a207957948ae2b4672e67d8de18c46c8273a4fe72fc7b56d5ed7a0c6','713c2a5ee282ad860d5f995673fffd9321c568d5b828dfc40348ffe283407048','r1','grader','claude-a','resolved','é🙂','é🙂','é🙂',1,0,NULL,NULL,NULL);
CREATE TABLE runs (
	service TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	sequence BIGINT NOT NULL, 
	recorded_at TEXT NOT NULL, 
	clock_at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	database_user TEXT, 
	host TEXT NOT NULL, 
	version TEXT NOT NULL, 
	commit_sha TEXT, 
	ci_run TEXT, 
	form INTEGER NOT NULL, 
	previous TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	run_id TEXT NOT NULL, 
	command TEXT NOT NULL, 
	verdict TEXT NOT NULL, 
	enforced BOOLEAN NOT NULL, 
	exit_code INTEGER NOT NULL, 
	started_at TEXT NOT NULL, 
	finished_at TEXT NOT NULL, 
	slots TEXT NOT NULL, 
	origin TEXT, 
	requests INTEGER NOT NULL, 
	facts TEXT, 
	asked_at TEXT, 
	reuse_fingerprint TEXT, 
	grace_fingerprint TEXT, 
	reused_from TEXT, 
	unverified BOOLEAN NOT NULL, 
	lock_commit TEXT, answers TEXT, entries TEXT, reuse_mark TEXT, grace_mark TEXT, store_schema TEXT, seen_at TEXT, 
	PRIMARY KEY (service, environment, sequence)
)
 WITHOUT ROWID

;
INSERT INTO "runs" VALUES('checkout','prod',1,'2026-11-22T12:00:00.123456Z','2026-11-22T12:00:00.123456Z','ada',NULL,'pod-1','0.1.0','abc123','run/7',4,'0000000000000000000000000000000000000000000000000000000000000000','5f995fbe8edb82107bccf8b139fa534822896037c0ccedb6c0a57f41c4f1c240','r1','preflight','pass',1,0,'2026-11-22T12:00:00.123456Z','2026-11-22T12:00:00.123456Z','{}','o',0,NULL,NULL,NULL,NULL,NULL,0,NULL,'{"gone":[]}','cd1aec3b3b5971cbc8d7e4512a5634c9ea0e9dff77cebd0873b44c37d54abfc6','f',NULL,'0011:91cebe2a2028039ee59e3369143457da','2026-11-22T12:00:00.123456Z');
CREATE TABLE store_info (
	id INTEGER NOT NULL CHECK (id = 1), 
	salt TEXT NOT NULL, 
	usable_from TEXT NOT NULL, 
	chained TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "store_info" VALUES(1,'ca28baa3fb218cae002215c12c324c1df1662a62f14ee1e2c41153b391c78230','0.1.0','runs,resolutions,findings,pins,batch_jobs,batch_parts,batch_events,notices,tellings,evidence,archives');
CREATE TABLE tellings (
	service TEXT NOT NULL, 
	environment TEXT NOT NULL, 
	sequence BIGINT NOT NULL, 
	recorded_at TEXT NOT NULL, 
	clock_at TEXT NOT NULL, 
	actor TEXT NOT NULL, 
	database_user TEXT, 
	host TEXT NOT NULL, 
	version TEXT NOT NULL, 
	commit_sha TEXT, 
	ci_run TEXT, 
	form INTEGER NOT NULL, 
	previous TEXT NOT NULL, 
	hash TEXT NOT NULL, 
	channel TEXT NOT NULL, 
	digest_id TEXT NOT NULL, 
	through BIGINT NOT NULL, 
	notices INTEGER NOT NULL, 
	PRIMARY KEY (service, environment, sequence)
)
 WITHOUT ROWID

;
CREATE UNIQUE INDEX runs_run_id ON runs (run_id);
CREATE INDEX runs_recorded_at ON runs (service, environment, recorded_at, sequence);
CREATE INDEX runs_reuse ON runs (service, environment, reuse_fingerprint, sequence) WHERE reuse_fingerprint IS NOT NULL;
CREATE INDEX runs_grace ON runs (service, environment, grace_fingerprint, sequence) WHERE grace_fingerprint IS NOT NULL;
CREATE INDEX runs_asked ON runs (service, environment, sequence, asked_at) WHERE asked_at IS NOT NULL;
CREATE INDEX runs_verdict ON runs (service, environment, command, verdict, sequence);
CREATE INDEX resolutions_handed_off ON resolutions (service, environment, slot, handed_off_id, sequence) WHERE handed_off_id IS NOT NULL;
CREATE UNIQUE INDEX pins_revision ON pins (service, environment, slot, revision);
CREATE TRIGGER runs_refuse_update BEFORE UPDATE ON runs BEGIN SELECT RAISE(ABORT, 'runs is append-only'); END;
CREATE TRIGGER runs_refuse_delete BEFORE DELETE ON runs BEGIN SELECT RAISE(ABORT, 'runs is append-only'); END;
CREATE TRIGGER runs_refuse_replace BEFORE INSERT ON runs WHEN EXISTS (SELECT 1 FROM runs WHERE service = NEW.service AND environment = NEW.environment AND sequence = NEW.sequence) OR EXISTS (SELECT 1 FROM runs WHERE run_id = NEW.run_id) BEGIN SELECT RAISE(ABORT, 'runs is append-only: the key is taken'); END;
CREATE TRIGGER resolutions_refuse_update BEFORE UPDATE ON resolutions BEGIN SELECT RAISE(ABORT, 'resolutions is append-only'); END;
CREATE TRIGGER resolutions_refuse_delete BEFORE DELETE ON resolutions BEGIN SELECT RAISE(ABORT, 'resolutions is append-only'); END;
CREATE TRIGGER resolutions_refuse_replace BEFORE INSERT ON resolutions WHEN EXISTS (SELECT 1 FROM resolutions WHERE service = NEW.service AND environment = NEW.environment AND sequence = NEW.sequence) BEGIN SELECT RAISE(ABORT, 'resolutions is append-only: the key is taken'); END;
CREATE TRIGGER findings_refuse_update BEFORE UPDATE ON findings BEGIN SELECT RAISE(ABORT, 'findings is append-only'); END;
CREATE TRIGGER findings_refuse_delete BEFORE DELETE ON findings BEGIN SELECT RAISE(ABORT, 'findings is append-only'); END;
CREATE TRIGGER findings_refuse_replace BEFORE INSERT ON findings WHEN EXISTS (SELECT 1 FROM findings WHERE service = NEW.service AND environment = NEW.environment AND sequence = NEW.sequence) BEGIN SELECT RAISE(ABORT, 'findings is append-only: the key is taken'); END;
CREATE TRIGGER pins_refuse_update BEFORE UPDATE ON pins BEGIN SELECT RAISE(ABORT, 'pins is append-only'); END;
CREATE TRIGGER pins_refuse_delete BEFORE DELETE ON pins BEGIN SELECT RAISE(ABORT, 'pins is append-only'); END;
CREATE TRIGGER pins_refuse_replace BEFORE INSERT ON pins WHEN EXISTS (SELECT 1 FROM pins WHERE service = NEW.service AND environment = NEW.environment AND sequence = NEW.sequence) OR EXISTS (SELECT 1 FROM pins WHERE service = NEW.service AND environment = NEW.environment AND slot = NEW.slot AND revision = NEW.revision) BEGIN SELECT RAISE(ABORT, 'pins is append-only: the key is taken'); END;
CREATE UNIQUE INDEX batch_jobs_job_id ON batch_jobs (job_id);
CREATE UNIQUE INDEX batch_parts_part ON batch_parts (job_id, part);
CREATE UNIQUE INDEX batch_events_event ON batch_events (job_id, part, attempt, event);
CREATE TRIGGER batch_jobs_refuse_update BEFORE UPDATE ON batch_jobs BEGIN SELECT RAISE(ABORT, 'batch_jobs is append-only'); END;
CREATE TRIGGER batch_jobs_refuse_delete BEFORE DELETE ON batch_jobs BEGIN SELECT RAISE(ABORT, 'batch_jobs is append-only'); END;
CREATE TRIGGER batch_jobs_refuse_replace BEFORE INSERT ON batch_jobs WHEN EXISTS (SELECT 1 FROM batch_jobs WHERE service = NEW.service AND environment = NEW.environment AND sequence = NEW.sequence) OR EXISTS (SELECT 1 FROM batch_jobs WHERE job_id = NEW.job_id) BEGIN SELECT RAISE(ABORT, 'batch_jobs is append-only: the key is taken'); END;
CREATE TRIGGER batch_parts_refuse_update BEFORE UPDATE ON batch_parts BEGIN SELECT RAISE(ABORT, 'batch_parts is append-only'); END;
CREATE TRIGGER batch_parts_refuse_delete BEFORE DELETE ON batch_parts BEGIN SELECT RAISE(ABORT, 'batch_parts is append-only'); END;
CREATE TRIGGER batch_parts_refuse_replace BEFORE INSERT ON batch_parts WHEN EXISTS (SELECT 1 FROM batch_parts WHERE service = NEW.service AND environment = NEW.environment AND sequence = NEW.sequence) OR EXISTS (SELECT 1 FROM batch_parts WHERE job_id = NEW.job_id AND part = NEW.part) BEGIN SELECT RAISE(ABORT, 'batch_parts is append-only: the key is taken'); END;
CREATE TRIGGER batch_events_refuse_update BEFORE UPDATE ON batch_events BEGIN SELECT RAISE(ABORT, 'batch_events is append-only'); END;
CREATE TRIGGER batch_events_refuse_delete BEFORE DELETE ON batch_events BEGIN SELECT RAISE(ABORT, 'batch_events is append-only'); END;
CREATE TRIGGER batch_events_refuse_replace BEFORE INSERT ON batch_events WHEN EXISTS (SELECT 1 FROM batch_events WHERE service = NEW.service AND environment = NEW.environment AND sequence = NEW.sequence) OR EXISTS (SELECT 1 FROM batch_events WHERE job_id = NEW.job_id AND part = NEW.part AND attempt = NEW.attempt AND event = NEW.event) BEGIN SELECT RAISE(ABORT, 'batch_events is append-only: the key is taken'); END;
CREATE UNIQUE INDEX notices_notice_id ON notices (notice_id);
CREATE TRIGGER notices_refuse_update BEFORE UPDATE ON notices BEGIN SELECT RAISE(ABORT, 'notices is append-only'); END;
CREATE TRIGGER notices_refuse_delete BEFORE DELETE ON notices BEGIN SELECT RAISE(ABORT, 'notices is append-only'); END;
CREATE TRIGGER notices_refuse_replace BEFORE INSERT ON notices WHEN EXISTS (SELECT 1 FROM notices WHERE service = NEW.service AND environment = NEW.environment AND sequence = NEW.sequence) OR EXISTS (SELECT 1 FROM notices WHERE notice_id = NEW.notice_id) BEGIN SELECT RAISE(ABORT, 'notices is append-only: the key is taken'); END;
CREATE TRIGGER tellings_refuse_update BEFORE UPDATE ON tellings BEGIN SELECT RAISE(ABORT, 'tellings is append-only'); END;
CREATE TRIGGER tellings_refuse_delete BEFORE DELETE ON tellings BEGIN SELECT RAISE(ABORT, 'tellings is append-only'); END;
CREATE TRIGGER tellings_refuse_replace BEFORE INSERT ON tellings WHEN EXISTS (SELECT 1 FROM tellings WHERE service = NEW.service AND environment = NEW.environment AND sequence = NEW.sequence) BEGIN SELECT RAISE(ABORT, 'tellings is append-only: the key is taken'); END;
CREATE INDEX resolutions_observed ON resolutions (service, environment, slot, observed_id, sequence) WHERE observed_id IS NOT NULL;
CREATE TRIGGER claims_check_lease_insert BEFORE insert ON claims
WHEN NOT (NEW.until <= (julianday('now') - 2440587.5) * 86400.0 + 86400)
BEGIN SELECT RAISE(ABORT, 'a lease ends within a day'); END;
CREATE TRIGGER claims_check_lease_update BEFORE update ON claims
WHEN NOT (NEW.until <= (julianday('now') - 2440587.5) * 86400.0 + 86400)
BEGIN SELECT RAISE(ABORT, 'a lease ends within a day'); END;
CREATE INDEX evidence_about ON evidence (service, environment, slot, model_id, sequence);
CREATE TRIGGER evidence_refuse_update BEFORE UPDATE ON evidence BEGIN SELECT RAISE(ABORT, 'evidence is append-only'); END;
CREATE TRIGGER evidence_refuse_delete BEFORE DELETE ON evidence BEGIN SELECT RAISE(ABORT, 'evidence is append-only'); END;
CREATE TRIGGER evidence_refuse_replace BEFORE INSERT ON evidence WHEN EXISTS (SELECT 1 FROM evidence WHERE service = NEW.service AND environment = NEW.environment AND sequence = NEW.sequence) BEGIN SELECT RAISE(ABORT, 'evidence is append-only: the key is taken'); END;
CREATE TRIGGER claims_check_form BEFORE INSERT ON claims
WHEN EXISTS (SELECT 1 FROM batch_jobs WHERE job_id = substr(NEW.fingerprint, 7) AND form > 1
  AND NEW.fingerprint LIKE 'batch:%')
BEGIN SELECT RAISE(ABORT, 'the job is for later versions of modelgate'); END;
CREATE TRIGGER batch_events_check_form BEFORE INSERT ON batch_events
WHEN NEW.form < (SELECT form FROM batch_jobs WHERE job_id = NEW.job_id)
BEGIN SELECT RAISE(ABORT, 'the job is for later versions of modelgate'); END;
CREATE INDEX runs_reuse_mark ON runs (service, environment, reuse_mark, sequence) WHERE reuse_mark IS NOT NULL;
CREATE INDEX runs_grace_mark ON runs (service, environment, grace_mark, sequence) WHERE grace_mark IS NOT NULL;
CREATE INDEX runs_seen ON runs (service, environment, sequence, seen_at) WHERE seen_at IS NOT NULL;
CREATE TRIGGER entries_refuse_update BEFORE UPDATE ON entries BEGIN SELECT RAISE(ABORT, 'entries is append-only'); END;
CREATE TRIGGER entries_refuse_delete BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'entries is append-only'); END;
CREATE TRIGGER entries_refuse_replace BEFORE INSERT ON entries
WHEN EXISTS (SELECT 1 FROM entries WHERE digest = NEW.digest) BEGIN SELECT RAISE(IGNORE); END;
CREATE TRIGGER entries_check_digest BEFORE INSERT ON entries
WHEN NOT coalesce(typeof(NEW.digest) = 'text' AND length(NEW.digest) = 64 AND NEW.digest NOT GLOB '*[^0-9a-f]*'
  AND typeof(NEW.entry) = 'text', 0)
BEGIN SELECT RAISE(ABORT, 'entries: the digest is none'); END;
CREATE TRIGGER runs_check_entries BEFORE INSERT ON runs
WHEN NEW.entries <> '' AND EXISTS (
  WITH RECURSIVE cut(digest, mark, rest) AS (
    SELECT substr(NEW.entries, 1, 64), substr(NEW.entries, 65, 1), substr(NEW.entries, 66)
    UNION SELECT substr(rest, 1, 64), substr(rest, 65, 1), substr(rest, 66) FROM cut WHERE rest <> ''
  ) SELECT 1 FROM cut
  WHERE mark NOT IN ('', ',') OR mark || rest = ',' OR digest NOT IN (SELECT digest FROM entries))
BEGIN SELECT RAISE(ABORT, 'the run names an entry that is not there'); END;
CREATE UNIQUE INDEX archives_last ON archives (service, environment, last_sequence);
CREATE TRIGGER archives_refuse_update BEFORE UPDATE ON archives BEGIN SELECT RAISE(ABORT, 'archives is append-only'); END;
CREATE TRIGGER archives_refuse_delete BEFORE DELETE ON archives BEGIN SELECT RAISE(ABORT, 'archives is append-only'); END;
CREATE TRIGGER archives_refuse_replace BEFORE INSERT ON archives WHEN EXISTS (SELECT 1 FROM archives WHERE service = NEW.service AND environment = NEW.environment AND sequence = NEW.sequence) OR EXISTS (SELECT 1 FROM archives WHERE service = NEW.service AND environment = NEW.environment AND last_sequence = NEW.last_sequence) BEGIN SELECT RAISE(ABORT, 'archives is append-only: the key is taken'); END;
CREATE TRIGGER archives_check_range BEFORE INSERT ON archives WHEN NOT coalesce(
  NEW.first_sequence >= 1 AND NEW.first_sequence <= NEW.last_sequence AND NEW.last_sequence < NEW.sequence
  AND NEW.last_sequence - NEW.first_sequence < 20000
  AND NEW.first_previous = (SELECT r.previous FROM runs r WHERE r.service = NEW.service AND r.environment = NEW.environment AND r.sequence = NEW.first_sequence UNION ALL SELECT r.previous FROM resolutions r WHERE r.service = NEW.service AND r.environment = NEW.environment AND r.sequence = NEW.first_sequence UNION ALL SELECT r.previous FROM findings r WHERE r.service = NEW.service AND r.environment = NEW.environment AND r.sequence = NEW.first_sequence)
  AND NEW.last_hash = (SELECT r.hash FROM runs r WHERE r.service = NEW.service AND r.environment = NEW.environment AND r.sequence = NEW.last_sequence UNION ALL SELECT r.hash FROM resolutions r WHERE r.service = NEW.service AND r.environment = NEW.environment AND r.sequence = NEW.last_sequence UNION ALL SELECT r.hash FROM findings r WHERE r.service = NEW.service AND r.environment = NEW.environment AND r.sequence = NEW.last_sequence)
  AND (SELECT count(*) FROM runs r WHERE r.service = NEW.service AND r.environment = NEW.environment AND r.sequence BETWEEN NEW.first_sequence AND NEW.last_sequence) + (SELECT count(*) FROM resolutions r WHERE r.service = NEW.service AND r.environment = NEW.environment AND r.sequence BETWEEN NEW.first_sequence AND NEW.last_sequence) + (SELECT count(*) FROM findings r WHERE r.service = NEW.service AND r.environment = NEW.environment AND r.sequence BETWEEN NEW.first_sequence AND NEW.last_sequence) = NEW.last_sequence - NEW.first_sequence + 1
, 0)
BEGIN SELECT RAISE(ABORT, 'archives is append-only: no range of rows that are here'); END;
CREATE VIEW modelgate_chain AS SELECT service, environment, sequence, previous, hash, recorded_at FROM runs UNION ALL SELECT service, environment, sequence, previous, hash, recorded_at FROM resolutions UNION ALL SELECT service, environment, sequence, previous, hash, recorded_at FROM findings UNION ALL SELECT service, environment, sequence, previous, hash, recorded_at FROM pins UNION ALL SELECT service, environment, sequence, previous, hash, recorded_at FROM batch_jobs UNION ALL SELECT service, environment, sequence, previous, hash, recorded_at FROM batch_parts UNION ALL SELECT service, environment, sequence, previous, hash, recorded_at FROM batch_events UNION ALL SELECT service, environment, sequence, previous, hash, recorded_at FROM notices UNION ALL SELECT service, environment, sequence, previous, hash, recorded_at FROM tellings UNION ALL SELECT service, environment, sequence, previous, hash, recorded_at FROM evidence UNION ALL SELECT service, environment, sequence, previous, hash, recorded_at FROM archives;
CREATE TRIGGER runs_check_place BEFORE INSERT ON runs WHEN NOT coalesce(
  typeof(NEW.sequence) = 'integer' AND NEW.sequence >= 1
  AND NEW.recorded_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
  AND NOT EXISTS (SELECT 1 FROM modelgate_chain c WHERE c.service = NEW.service AND c.environment = NEW.environment
    AND c.sequence = NEW.sequence)
  AND CASE WHEN NEW.sequence = 1 THEN NEW.previous = '0000000000000000000000000000000000000000000000000000000000000000' ELSE coalesce(
    (SELECT c.hash = NEW.previous AND c.recorded_at <= NEW.recorded_at FROM modelgate_chain c
     WHERE c.service = NEW.service AND c.environment = NEW.environment AND c.sequence = NEW.sequence - 1),
    NEW.sequence <= 100000 OR EXISTS (SELECT 1 FROM modelgate_chain c WHERE c.service = NEW.service
      AND c.environment = NEW.environment AND c.sequence BETWEEN NEW.sequence - 100000 AND NEW.sequence - 1)) END
  AND coalesce((SELECT c.previous = NEW.hash AND c.recorded_at >= NEW.recorded_at FROM modelgate_chain c
    WHERE c.service = NEW.service AND c.environment = NEW.environment AND c.sequence = NEW.sequence + 1), 1), 0)
BEGIN SELECT RAISE(ABORT, 'runs is append-only: not the next place of the chain'); END;
CREATE TRIGGER resolutions_check_place BEFORE INSERT ON resolutions WHEN NOT coalesce(
  typeof(NEW.sequence) = 'integer' AND NEW.sequence >= 1
  AND NEW.recorded_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
  AND NOT EXISTS (SELECT 1 FROM modelgate_chain c WHERE c.service = NEW.service AND c.environment = NEW.environment
    AND c.sequence = NEW.sequence)
  AND CASE WHEN NEW.sequence = 1 THEN NEW.previous = '0000000000000000000000000000000000000000000000000000000000000000' ELSE coalesce(
    (SELECT c.hash = NEW.previous AND c.recorded_at <= NEW.recorded_at FROM modelgate_chain c
     WHERE c.service = NEW.service AND c.environment = NEW.environment AND c.sequence = NEW.sequence - 1),
    NEW.sequence <= 100000 OR EXISTS (SELECT 1 FROM modelgate_chain c WHERE c.service = NEW.service
      AND c.environment = NEW.environment AND c.sequence BETWEEN NEW.sequence - 100000 AND NEW.sequence - 1)) END
  AND coalesce((SELECT c.previous = NEW.hash AND c.recorded_at >= NEW.recorded_at FROM modelgate_chain c
    WHERE c.service = NEW.service AND c.environment = NEW.environment AND c.sequence = NEW.sequence + 1), 1), 0)
BEGIN SELECT RAISE(ABORT, 'resolutions is append-only: not the next place of the chain'); END;
CREATE TRIGGER findings_check_place BEFORE INSERT ON findings WHEN NOT coalesce(
  typeof(NEW.sequence) = 'integer' AND NEW.sequence >= 1
  AND NEW.recorded_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
  AND NOT EXISTS (SELECT 1 FROM modelgate_chain c WHERE c.service = NEW.service AND c.environment = NEW.environment
    AND c.sequence = NEW.sequence)
  AND CASE WHEN NEW.sequence = 1 THEN NEW.previous = '0000000000000000000000000000000000000000000000000000000000000000' ELSE coalesce(
    (SELECT c.hash = NEW.previous AND c.recorded_at <= NEW.recorded_at FROM modelgate_chain c
     WHERE c.service = NEW.service AND c.environment = NEW.environment AND c.sequence = NEW.sequence - 1),
    NEW.sequence <= 100000 OR EXISTS (SELECT 1 FROM modelgate_chain c WHERE c.service = NEW.service
      AND c.environment = NEW.environment AND c.sequence BETWEEN NEW.sequence - 100000 AND NEW.sequence - 1)) END
  AND coalesce((SELECT c.previous = NEW.hash AND c.recorded_at >= NEW.recorded_at FROM modelgate_chain c
    WHERE c.service = NEW.service AND c.environment = NEW.environment AND c.sequence = NEW.sequence + 1), 1), 0)
BEGIN SELECT RAISE(ABORT, 'findings is append-only: not the next place of the chain'); END;
CREATE TRIGGER pins_check_place BEFORE INSERT ON pins WHEN NOT coalesce(
  typeof(NEW.sequence) = 'integer' AND NEW.sequence >= 1
  AND NEW.recorded_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
  AND NOT EXISTS (SELECT 1 FROM modelgate_chain c WHERE c.service = NEW.service AND c.environment = NEW.environment
    AND c.sequence = NEW.sequence)
  AND CASE WHEN NEW.sequence = 1 THEN NEW.previous = '0000000000000000000000000000000000000000000000000000000000000000' ELSE coalesce(
    (SELECT c.hash = NEW.previous AND c.recorded_at <= NEW.recorded_at FROM modelgate_chain c
     WHERE c.service = NEW.service AND c.environment = NEW.environment AND c.sequence = NEW.sequence - 1),
    NEW.sequence <= 100000 OR EXISTS (SELECT 1 FROM modelgate_chain c WHERE c.service = NEW.service
      AND c.environment = NEW.environment AND c.sequence BETWEEN NEW.sequence - 100000 AND NEW.sequence - 1)) END
  AND coalesce((SELECT c.previous = NEW.hash AND c.recorded_at >= NEW.recorded_at FROM modelgate_chain c
    WHERE c.service = NEW.service AND c.environment = NEW.environment AND c.sequence = NEW.sequence + 1), 1), 0)
BEGIN SELECT RAISE(ABORT, 'pins is append-only: not the next place of the chain'); END;
CREATE TRIGGER batch_jobs_check_place BEFORE INSERT ON batch_jobs WHEN NOT coalesce(
  typeof(NEW.sequence) = 'integer' AND NEW.sequence >= 1
  AND NEW.recorded_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
  AND NOT EXISTS (SELECT 1 FROM modelgate_chain c WHERE c.service = NEW.service AND c.environment = NEW.environment
    AND c.sequence = NEW.sequence)
  AND CASE WHEN NEW.sequence = 1 THEN NEW.previous = '0000000000000000000000000000000000000000000000000000000000000000' ELSE coalesce(
    (SELECT c.hash = NEW.previous AND c.recorded_at <= NEW.recorded_at FROM modelgate_chain c
     WHERE c.service = NEW.service AND c.environment = NEW.environment AND c.sequence = NEW.sequence - 1),
    NEW.sequence <= 100000 OR EXISTS (SELECT 1 FROM modelgate_chain c WHERE c.service = NEW.service
      AND c.environment = NEW.environment AND c.sequence BETWEEN NEW.sequence - 100000 AND NEW.sequence - 1)) END
  AND coalesce((SELECT c.previous = NEW.hash AND c.recorded_at >= NEW.recorded_at FROM modelgate_chain c
    WHERE c.service = NEW.service AND c.environment = NEW.environment AND c.sequence = NEW.sequence + 1), 1), 0)
BEGIN SELECT RAISE(ABORT, 'batch_jobs is append-only: not the next place of the chain'); END;
CREATE TRIGGER batch_parts_check_place BEFORE INSERT ON batch_parts WHEN NOT coalesce(
  typeof(NEW.sequence) = 'integer' AND NEW.sequence >= 1
  AND NEW.recorded_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
  AND NOT EXISTS (SELECT 1 FROM modelgate_chain c WHERE c.service = NEW.service AND c.environment = NEW.environment
    AND c.sequence = NEW.sequence)
  AND CASE WHEN NEW.sequence = 1 THEN NEW.previous = '0000000000000000000000000000000000000000000000000000000000000000' ELSE coalesce(
    (SELECT c.hash = NEW.previous AND c.recorded_at <= NEW.recorded_at FROM modelgate_chain c
     WHERE c.service = NEW.service AND c.environment = NEW.environment AND c.sequence = NEW.sequence - 1),
    NEW.sequence <= 100000 OR EXISTS (SELECT 1 FROM modelgate_chain c WHERE c.service = NEW.service
      AND c.environment = NEW.environment AND c.sequence BETWEEN NEW.sequence - 100000 AND NEW.sequence - 1)) END
  AND coalesce((SELECT c.previous = NEW.hash AND c.recorded_at >= NEW.recorded_at FROM modelgate_chain c
    WHERE c.service = NEW.service AND c.environment = NEW.environment AND c.sequence = NEW.sequence + 1), 1), 0)
BEGIN SELECT RAISE(ABORT, 'batch_parts is append-only: not the next place of the chain'); END;
CREATE TRIGGER batch_events_check_place BEFORE INSERT ON batch_events WHEN NOT coalesce(
  typeof(NEW.sequence) = 'integer' AND NEW.sequence >= 1
  AND NEW.recorded_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
  AND NOT EXISTS (SELECT 1 FROM modelgate_chain c WHERE c.service = NEW.service AND c.environment = NEW.environment
    AND c.sequence = NEW.sequence)
  AND CASE WHEN NEW.sequence = 1 THEN NEW.previous = '0000000000000000000000000000000000000000000000000000000000000000' ELSE coalesce(
    (SELECT c.hash = NEW.previous AND c.recorded_at <= NEW.recorded_at FROM modelgate_chain c
     WHERE c.service = NEW.service AND c.environment = NEW.environment AND c.sequence = NEW.sequence - 1),
    NEW.sequence <= 100000 OR EXISTS (SELECT 1 FROM modelgate_chain c WHERE c.service = NEW.service
      AND c.environment = NEW.environment AND c.sequence BETWEEN NEW.sequence - 100000 AND NEW.sequence - 1)) END
  AND coalesce((SELECT c.previous = NEW.hash AND c.recorded_at >= NEW.recorded_at FROM modelgate_chain c
    WHERE c.service = NEW.service AND c.environment = NEW.environment AND c.sequence = NEW.sequence + 1), 1), 0)
BEGIN SELECT RAISE(ABORT, 'batch_events is append-only: not the next place of the chain'); END;
CREATE TRIGGER notices_check_place BEFORE INSERT ON notices WHEN NOT coalesce(
  typeof(NEW.sequence) = 'integer' AND NEW.sequence >= 1
  AND NEW.recorded_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
  AND NOT EXISTS (SELECT 1 FROM modelgate_chain c WHERE c.service = NEW.service AND c.environment = NEW.environment
    AND c.sequence = NEW.sequence)
  AND CASE WHEN NEW.sequence = 1 THEN NEW.previous = '0000000000000000000000000000000000000000000000000000000000000000' ELSE coalesce(
    (SELECT c.hash = NEW.previous AND c.recorded_at <= NEW.recorded_at FROM modelgate_chain c
     WHERE c.service = NEW.service AND c.environment = NEW.environment AND c.sequence = NEW.sequence - 1),
    NEW.sequence <= 100000 OR EXISTS (SELECT 1 FROM modelgate_chain c WHERE c.service = NEW.service
      AND c.environment = NEW.environment AND c.sequence BETWEEN NEW.sequence - 100000 AND NEW.sequence - 1)) END
  AND coalesce((SELECT c.previous = NEW.hash AND c.recorded_at >= NEW.recorded_at FROM modelgate_chain c
    WHERE c.service = NEW.service AND c.environment = NEW.environment AND c.sequence = NEW.sequence + 1), 1), 0)
BEGIN SELECT RAISE(ABORT, 'notices is append-only: not the next place of the chain'); END;
CREATE TRIGGER tellings_check_place BEFORE INSERT ON tellings WHEN NOT coalesce(
  typeof(NEW.sequence) = 'integer' AND NEW.sequence >= 1
  AND NEW.recorded_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
  AND NOT EXISTS (SELECT 1 FROM modelgate_chain c WHERE c.service = NEW.service AND c.environment = NEW.environment
    AND c.sequence = NEW.sequence)
  AND CASE WHEN NEW.sequence = 1 THEN NEW.previous = '0000000000000000000000000000000000000000000000000000000000000000' ELSE coalesce(
    (SELECT c.hash = NEW.previous AND c.recorded_at <= NEW.recorded_at FROM modelgate_chain c
     WHERE c.service = NEW.service AND c.environment = NEW.environment AND c.sequence = NEW.sequence - 1),
    NEW.sequence <= 100000 OR EXISTS (SELECT 1 FROM modelgate_chain c WHERE c.service = NEW.service
      AND c.environment = NEW.environment AND c.sequence BETWEEN NEW.sequence - 100000 AND NEW.sequence - 1)) END
  AND coalesce((SELECT c.previous = NEW.hash AND c.recorded_at >= NEW.recorded_at FROM modelgate_chain c
    WHERE c.service = NEW.service AND c.environment = NEW.environment AND c.sequence = NEW.sequence + 1), 1), 0)
BEGIN SELECT RAISE(ABORT, 'tellings is append-only: not the next place of the chain'); END;
CREATE TRIGGER evidence_check_place BEFORE INSERT ON evidence WHEN NOT coalesce(
  typeof(NEW.sequence) = 'integer' AND NEW.sequence >= 1
  AND NEW.recorded_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
  AND NOT EXISTS (SELECT 1 FROM modelgate_chain c WHERE c.service = NEW.service AND c.environment = NEW.environment
    AND c.sequence = NEW.sequence)
  AND CASE WHEN NEW.sequence = 1 THEN NEW.previous = '0000000000000000000000000000000000000000000000000000000000000000' ELSE coalesce(
    (SELECT c.hash = NEW.previous AND c.recorded_at <= NEW.recorded_at FROM modelgate_chain c
     WHERE c.service = NEW.service AND c.environment = NEW.environment AND c.sequence = NEW.sequence - 1),
    NEW.sequence <= 100000 OR EXISTS (SELECT 1 FROM modelgate_chain c WHERE c.service = NEW.service
      AND c.environment = NEW.environment AND c.sequence BETWEEN NEW.sequence - 100000 AND NEW.sequence - 1)) END
  AND coalesce((SELECT c.previous = NEW.hash AND c.recorded_at >= NEW.recorded_at FROM modelgate_chain c
    WHERE c.service = NEW.service AND c.environment = NEW.environment AND c.sequence = NEW.sequence + 1), 1), 0)
BEGIN SELECT RAISE(ABORT, 'evidence is append-only: not the next place of the chain'); END;
CREATE TRIGGER archives_check_place BEFORE INSERT ON archives WHEN NOT coalesce(
  typeof(NEW.sequence) = 'integer' AND NEW.sequence >= 1
  AND NEW.recorded_at GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9].[0-9][0-9][0-9][0-9][0-9][0-9]Z'
  AND NOT EXISTS (SELECT 1 FROM modelgate_chain c WHERE c.service = NEW.service AND c.environment = NEW.environment
    AND c.sequence = NEW.sequence)
  AND CASE WHEN NEW.sequence = 1 THEN NEW.previous = '0000000000000000000000000000000000000000000000000000000000000000' ELSE coalesce(
    (SELECT c.hash = NEW.previous AND c.recorded_at <= NEW.recorded_at FROM modelgate_chain c
     WHERE c.service = NEW.service AND c.environment = NEW.environment AND c.sequence = NEW.sequence - 1),
    NEW.sequence <= 100000 OR EXISTS (SELECT 1 FROM modelgate_chain c WHERE c.service = NEW.service
      AND c.environment = NEW.environment AND c.sequence BETWEEN NEW.sequence - 100000 AND NEW.sequence - 1)) END
  AND coalesce((SELECT c.previous = NEW.hash AND c.recorded_at >= NEW.recorded_at FROM modelgate_chain c
    WHERE c.service = NEW.service AND c.environment = NEW.environment AND c.sequence = NEW.sequence + 1), 1), 0)
BEGIN SELECT RAISE(ABORT, 'archives is append-only: not the next place of the chain'); END;
COMMIT;
