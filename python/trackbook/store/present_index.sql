-- 0011
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE artifacts (
	run_id VARCHAR(36) NOT NULL, 
	path TEXT NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	size BIGINT NOT NULL, 
	media_type TEXT NOT NULL, 
	kind VARCHAR(12) NOT NULL, 
	at BIGINT NOT NULL, 
	cell_id VARCHAR(64), 
	PRIMARY KEY (run_id, path)
);
CREATE TABLE chunks (
	series_id INTEGER NOT NULL, 
	subject VARCHAR(36) NOT NULL, 
	writer VARCHAR(36) NOT NULL, 
	part INTEGER NOT NULL, 
	count BIGINT NOT NULL, 
	PRIMARY KEY (series_id, writer, part)
);
CREATE TABLE damages (
	subject VARCHAR(36) NOT NULL, 
	writer VARCHAR(36) NOT NULL, 
	part INTEGER NOT NULL, 
	position BIGINT NOT NULL, 
	bytes BIGINT NOT NULL, 
	reason TEXT NOT NULL, 
	PRIMARY KEY (subject, writer, part, position)
);
CREATE TABLE experiments (
	id INTEGER NOT NULL, 
	name VARCHAR(250) NOT NULL, 
	PRIMARY KEY (id), 
	UNIQUE (name)
);
CREATE TABLE jobs (
	id VARCHAR(36) NOT NULL, 
	run_id VARCHAR(36) NOT NULL, 
	sweep_id VARCHAR(36), 
	status VARCHAR(10) NOT NULL, 
	spec TEXT NOT NULL, 
	submitted BIGINT NOT NULL, 
	started BIGINT, 
	ended BIGINT, 
	error TEXT, 
	worker TEXT, 
	lease_expires BIGINT, 
	attempts INTEGER NOT NULL, 
	cancel_requested BOOLEAN NOT NULL, 
	cell INTEGER NOT NULL, 
	cells INTEGER NOT NULL, 
	revision BIGINT NOT NULL, cause VARCHAR(12), history TEXT DEFAULT '[]' NOT NULL, not_before BIGINT DEFAULT '0' NOT NULL, trial INTEGER, prune_reason TEXT, reserved BIGINT DEFAULT '0' NOT NULL, 
	PRIMARY KEY (id)
);
CREATE INDEX ix_jobs_revision ON jobs (revision);
CREATE INDEX ix_jobs_run_id ON jobs (run_id);
CREATE INDEX ix_jobs_sweep_id ON jobs (sweep_id);
CREATE INDEX jobs_by_status ON jobs (status, submitted);
CREATE TABLE metric_definitions (
	run_id VARCHAR(36) NOT NULL, 
	"key" TEXT NOT NULL, 
	goal VARCHAR(3), 
	unit TEXT, 
	summary VARCHAR(8) NOT NULL, 
	at BIGINT NOT NULL, 
	PRIMARY KEY (run_id, "key")
);
CREATE TABLE modules (
	run_id VARCHAR(36) NOT NULL, 
	name TEXT NOT NULL, 
	path TEXT NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	size BIGINT NOT NULL, 
	at BIGINT NOT NULL, 
	PRIMARY KEY (run_id, name)
);
CREATE TABLE notes (
	run_id VARCHAR(36) NOT NULL, 
	at BIGINT NOT NULL, 
	text TEXT NOT NULL, 
	replaces BOOLEAN NOT NULL
);
CREATE INDEX ix_notes_run_id ON notes (run_id);
CREATE TABLE numbers (
	run_id VARCHAR(36) NOT NULL, 
	number INTEGER NOT NULL, 
	PRIMARY KEY (run_id), 
	UNIQUE (number)
);
CREATE TABLE param_revisions (
	run_id VARCHAR(36) NOT NULL, 
	"key" TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	value TEXT NOT NULL, 
	cell_id VARCHAR(64)
);
CREATE INDEX param_revisions_by_run ON param_revisions (run_id, "key", at);
CREATE TABLE params (
	run_id VARCHAR(36) NOT NULL, 
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	number FLOAT, 
	text TEXT, 
	at BIGINT NOT NULL, 
	PRIMARY KEY (run_id, "key")
);
CREATE TABLE parts (
	subject VARCHAR(36) NOT NULL, 
	writer VARCHAR(36) NOT NULL, 
	part INTEGER NOT NULL, 
	position BIGINT NOT NULL, 
	role VARCHAR(8), 
	sealed BOOLEAN NOT NULL, 
	closed BOOLEAN NOT NULL, 
	PRIMARY KEY (subject, writer, part)
);
CREATE TABLE revisions (
	id INTEGER NOT NULL, 
	revision BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE series (
	id INTEGER NOT NULL, 
	run_id VARCHAR(36) NOT NULL, 
	"key" TEXT NOT NULL, 
	context TEXT NOT NULL, 
	count BIGINT NOT NULL, 
	last FLOAT, 
	last_step BIGINT NOT NULL, 
	last_at BIGINT NOT NULL, 
	min FLOAT, 
	max FLOAT, 
	spark TEXT NOT NULL, 
	stride BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE UNIQUE INDEX series_by_run ON series (run_id, "key", context);
CREATE TABLE snapshots (
	run_id VARCHAR(36) NOT NULL, 
	moment VARCHAR(5) NOT NULL, 
	origin VARCHAR(8) NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	at BIGINT NOT NULL, 
	PRIMARY KEY (run_id, moment, origin)
);
CREATE TABLE tags (
	run_id VARCHAR(36) NOT NULL, 
	"key" TEXT NOT NULL, 
	value TEXT, 
	at BIGINT NOT NULL, 
	PRIMARY KEY (run_id, "key")
);
CREATE TABLE runs (
	id VARCHAR(36) NOT NULL, 
	number INTEGER, 
	experiment_id INTEGER, 
	name VARCHAR(250) NOT NULL, 
	name_at BIGINT NOT NULL, 
	status VARCHAR(12) NOT NULL, 
	status_at BIGINT NOT NULL, 
	parent_id VARCHAR(36), 
	started BIGINT, 
	ended BIGINT, 
	last_at BIGINT NOT NULL, 
	active FLOAT NOT NULL, 
	user VARCHAR(250) NOT NULL, 
	host VARCHAR(250) NOT NULL, 
	source_kind VARCHAR(12) NOT NULL, 
	source_path TEXT, 
	kernel_id VARCHAR(64), 
	cell_id VARCHAR(64), 
	message_id VARCHAR(128), 
	end_message_id VARCHAR(128), 
	job_id VARCHAR(36), 
	error TEXT, 
	reason TEXT, 
	trashed BOOLEAN NOT NULL, 
	trashed_at BIGINT NOT NULL, 
	environment TEXT, 
	packages_digest VARCHAR(64), 
	revision BIGINT NOT NULL, "group" VARCHAR(250), group_at BIGINT DEFAULT '0' NOT NULL, attempt INTEGER DEFAULT '1' NOT NULL, resumed_at BIGINT DEFAULT '0' NOT NULL, forked_from VARCHAR(36), forked_step BIGINT, forked_until BIGINT, owner_at BIGINT DEFAULT '0' NOT NULL, reproduction VARCHAR(16), reproduction_at BIGINT DEFAULT '0' NOT NULL, reproduced_by VARCHAR(36), 
	PRIMARY KEY (id), 
	FOREIGN KEY(experiment_id) REFERENCES experiments (id), 
	UNIQUE (number)
);
CREATE INDEX ix_runs_experiment_id ON runs (experiment_id);
CREATE INDEX ix_runs_parent_id ON runs (parent_id);
CREATE INDEX ix_runs_revision ON runs (revision);
CREATE INDEX params_by_key ON params ("key", run_id, number);
CREATE INDEX tags_by_key ON tags ("key", run_id);
CREATE INDEX series_by_key ON series ("key", context, run_id, last);
CREATE INDEX runs_by_start ON runs (started, id, trashed, experiment_id, status, name);
CREATE INDEX runs_by_notebook ON runs (source_path, id);
CREATE TABLE cards (
	run_id VARCHAR(36) NOT NULL, 
	revision BIGINT NOT NULL, 
	card BLOB NOT NULL, 
	PRIMARY KEY (run_id)
);
CREATE INDEX ix_runs_group ON runs ("group");
CREATE INDEX ix_runs_forked_from ON runs (forked_from);
CREATE TABLE turns (
	run_id VARCHAR(36) NOT NULL, 
	at BIGINT NOT NULL, 
	turn VARCHAR(12) NOT NULL, 
	host VARCHAR(250) NOT NULL, 
	reason TEXT, 
	PRIMARY KEY (run_id, at, turn)
);
CREATE TABLE deleted (
	subject VARCHAR(36) NOT NULL, 
	at BIGINT NOT NULL, 
	revision BIGINT NOT NULL, 
	PRIMARY KEY (subject)
);
CREATE INDEX ix_deleted_revision ON deleted (revision);
CREATE TABLE losses (
	run_id VARCHAR(36) NOT NULL, 
	writer VARCHAR(36) NOT NULL, 
	at BIGINT NOT NULL, 
	count BIGINT NOT NULL, 
	first BIGINT NOT NULL, 
	last BIGINT NOT NULL, 
	PRIMARY KEY (run_id, writer, at)
);
CREATE TABLE data_inputs (
	run_id VARCHAR(36) NOT NULL, 
	place TEXT NOT NULL, 
	digest VARCHAR(64) NOT NULL, 
	at BIGINT NOT NULL, 
	cell_id VARCHAR(64), 
	data TEXT NOT NULL, 
	PRIMARY KEY (run_id, place, digest)
);
CREATE INDEX data_inputs_by_digest ON data_inputs (digest, run_id);
CREATE TABLE rich_values (
	run_id VARCHAR(36) NOT NULL, 
	"key" TEXT NOT NULL, 
	context TEXT NOT NULL, 
	step BIGINT NOT NULL, 
	at BIGINT NOT NULL, 
	cell_id VARCHAR(64), 
	digest VARCHAR(64) NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY (run_id, "key", context, step)
);
CREATE TABLE seeds (
	run_id VARCHAR(36) NOT NULL, 
	writer VARCHAR(36) NOT NULL, 
	at BIGINT NOT NULL, 
	seed BIGINT NOT NULL, 
	libraries TEXT NOT NULL, 
	cell_id VARCHAR(64), 
	PRIMARY KEY (run_id, writer, at)
);
CREATE TABLE secrets (
	run_id VARCHAR(36) NOT NULL, 
	place TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	at BIGINT NOT NULL, 
	count BIGINT NOT NULL, 
	PRIMARY KEY (run_id, place, kind)
);
CREATE TABLE live_cells (
	run_id VARCHAR(36) NOT NULL, 
	cell_id VARCHAR(64), 
	at BIGINT NOT NULL, 
	outputs TEXT NOT NULL, 
	truncated BOOLEAN NOT NULL, 
	PRIMARY KEY (run_id)
);
CREATE TABLE "cells" (
	run_id VARCHAR(36) NOT NULL, 
	writer VARCHAR(36) NOT NULL, 
	"order" INTEGER NOT NULL, 
	cell_id VARCHAR(64), 
	count INTEGER, 
	source_digest VARCHAR(64) NOT NULL, 
	started BIGINT NOT NULL, 
	duration FLOAT, 
	status VARCHAR(12) NOT NULL, 
	outputs TEXT NOT NULL, 
	truncated BOOLEAN NOT NULL, 
	error TEXT, 
	reads TEXT DEFAULT '[]' NOT NULL, 
	writes TEXT DEFAULT '[]' NOT NULL, 
	cpu FLOAT, 
	memory BIGINT, 
	PRIMARY KEY (run_id, writer, "order")
);
CREATE TABLE reproductions (
	run_id VARCHAR(36) NOT NULL, 
	writer VARCHAR(36) NOT NULL, 
	at BIGINT NOT NULL, 
	reproduction TEXT NOT NULL, 
	PRIMARY KEY (run_id, writer, at)
);
CREATE TABLE sweeps (
	run_id VARCHAR(36) NOT NULL, 
	at BIGINT NOT NULL, 
	spec TEXT NOT NULL, 
	cancel_requested BOOLEAN DEFAULT 0 NOT NULL, 
	PRIMARY KEY (run_id)
);
CREATE TABLE workers (
	id TEXT NOT NULL, 
	host VARCHAR(250) NOT NULL, 
	pid BIGINT NOT NULL, 
	ticks FLOAT NOT NULL, 
	capacity INTEGER NOT NULL, 
	memory BIGINT, 
	standing BOOLEAN NOT NULL, 
	jobs BIGINT NOT NULL, 
	started BIGINT NOT NULL, 
	seen BIGINT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE INDEX jobs_by_turn ON jobs (status, sweep_id, submitted, id);
CREATE TABLE views (
	id VARCHAR(36) NOT NULL, 
	kind VARCHAR(8) NOT NULL, 
	name VARCHAR(250) NOT NULL, 
	content TEXT NOT NULL, 
	created BIGINT NOT NULL, 
	at BIGINT NOT NULL, 
	revision BIGINT NOT NULL, 
	deleted BOOLEAN NOT NULL, 
	PRIMARY KEY (id)
);
