"""The index: tables that `trackbook rebuild` can make anew from journals and segments.

Times are whole microseconds since the epoch. JSON columns hold text. A NaN is NULL beside a count above 0
(SQLite turns NaN to NULL); infinities are stored as they are. Columns `*_at` hold the time of the record that
wrote the value, so that the latest one wins whatever the order in which journals are read.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    false,
)

metadata = MetaData()

experiments = Table(
    "experiments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(250), nullable=False, unique=True),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("number", Integer, unique=True),
    Column("experiment_id", Integer, ForeignKey("experiments.id"), index=True),
    Column("name", String(250), nullable=False, default=""),
    Column("name_at", BigInteger, nullable=False, default=0),
    Column("status", String(12), nullable=False, default="running"),
    Column("status_at", BigInteger, nullable=False, default=0),
    Column("parent_id", String(36), index=True),
    Column("started", BigInteger),
    Column("ended", BigInteger),
    Column("last_at", BigInteger, nullable=False, default=0),
    Column("active", Float, nullable=False, default=0.0),
    Column("user", String(250), nullable=False, default=""),
    Column("host", String(250), nullable=False, default=""),
    Column("source_kind", String(12), nullable=False, default="script"),
    Column("source_path", Text),
    Column("kernel_id", String(64)),
    Column("cell_id", String(64)),
    Column("message_id", String(128)),
    Column("end_message_id", String(128)),
    Column("job_id", String(36)),
    Column("error", Text),
    Column("reason", Text),
    Column("trashed", Boolean, nullable=False, default=False),
    Column("trashed_at", BigInteger, nullable=False, default=0),
    Column("environment", Text),
    Column("packages_digest", String(64)),
    Column("revision", BigInteger, nullable=False, default=0, index=True),
    Column("group", String(250), index=True),
    Column("group_at", BigInteger, nullable=False, default=0, server_default="0"),
    Column("attempt", Integer, nullable=False, default=1, server_default="1"),
    Column("resumed_at", BigInteger, nullable=False, default=0, server_default="0"),
    Column("forked_from", String(36), index=True),
    Column("forked_step", BigInteger),
    Column("forked_until", BigInteger),
    # The last verdict on repeating the run, and the run that repeated it.
    Column("reproduction", String(16)),
    Column("reproduction_at", BigInteger, nullable=False, default=0, server_default="0"),
    Column("reproduced_by", String(36)),
    # The last record of a process that owns the run: what is later than a verdict makes the verdict void.
    Column("owner_at", BigInteger, nullable=False, default=0, server_default="0"),
    # What searches look at most, without the wide rows.
    Index("runs_by_start", "started", "id", "trashed", "experiment_id", "status", "name"),
    Index("runs_by_notebook", "source_path", "id"),
)

# Runs that have ended as lists show them; one counts while its revision is that of the run.
cards = Table(
    "cards",
    metadata,
    Column("run_id", String(36), primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("card", LargeBinary, nullable=False),
)

# That runs were resumed, and each end that they had: their attempts are made of these.
turns = Table(
    "turns",
    metadata,
    Column("run_id", String(36), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("turn", String(12), nullable=False),  # "resumed", or the status of an end
    Column("host", String(250), nullable=False),
    Column("reason", Text),
    PrimaryKeyConstraint("run_id", "at", "turn"),
)

params = Table(
    "params",
    metadata,
    Column("run_id", String(36), nullable=False),
    Column("key", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("number", Float),
    Column("text", Text),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("run_id", "key"),
    Index("params_by_key", "key", "run_id", "number"),
)

param_revisions = Table(
    "param_revisions",
    metadata,
    Column("run_id", String(36), nullable=False),
    Column("key", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("value", Text, nullable=False),
    Column("cell_id", String(64)),
    Index("param_revisions_by_run", "run_id", "key", "at"),
)

tags = Table(
    "tags",
    metadata,
    Column("run_id", String(36), nullable=False),
    Column("key", Text, nullable=False),
    Column("value", Text),  # NULL: taken away; the row stays so that a later reading of an older record loses
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("run_id", "key"),
    Index("tags_by_key", "key", "run_id"),
)

notes = Table(
    "notes",
    metadata,
    Column("run_id", String(36), nullable=False, index=True),
    Column("at", BigInteger, nullable=False),
    Column("text", Text, nullable=False),
    Column("replaces", Boolean, nullable=False),  # lines older than the newest replacement don't count
)

series = Table(
    "series",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("run_id", String(36), nullable=False),
    Column("key", Text, nullable=False),
    Column("context", Text, nullable=False),  # JSON with sorted keys; "{}" without a context
    Column("count", BigInteger, nullable=False),
    Column("last", Float),
    Column("last_step", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("min", Float),
    Column("max", Float),
    Column("spark", Text, nullable=False),  # JSON list, at most 64 values
    Column("stride", BigInteger, nullable=False),  # every stride-th point is in spark
    Index("series_by_run", "run_id", "key", "context", unique=True),
    Index("series_by_key", "key", "context", "run_id", "last"),  # read by searches without the wide rows
)

metric_definitions = Table(
    "metric_definitions",
    metadata,
    Column("run_id", String(36), nullable=False),
    Column("key", Text, nullable=False),
    Column("goal", String(3)),
    Column("unit", Text),
    Column("summary", String(8), nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("run_id", "key"),
)

artifacts = Table(
    "artifacts",
    metadata,
    Column("run_id", String(36), nullable=False),
    Column("path", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("kind", String(12), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("cell_id", String(64)),
    PrimaryKeyConstraint("run_id", "path"),
)

cells = Table(
    "cells",
    metadata,
    Column("run_id", String(36), nullable=False),
    Column("writer", String(36), nullable=False),
    Column("order", Integer, nullable=False),
    Column("cell_id", String(64)),
    Column("count", Integer),
    Column("source_digest", String(64), nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("duration", Float),
    Column("status", String(12), nullable=False),
    Column("outputs", Text, nullable=False),  # JSON list of digests
    Column("truncated", Boolean, nullable=False),
    Column("error", Text),
    Column("reads", Text, nullable=False, default="[]", server_default="[]"),  # JSON list of names
    Column("writes", Text, nullable=False, default="[]", server_default="[]"),
    Column("cpu", Float),
    Column("memory", BigInteger),
    PrimaryKeyConstraint("run_id", "writer", "order"),
)

# What the cell that a job runs at the moment has shown so far: of interest only until it has ended.
live_cells = Table(
    "live_cells",
    metadata,
    Column("run_id", String(36), primary_key=True),
    Column("cell_id", String(64)),
    Column("at", BigInteger, nullable=False),
    Column("outputs", Text, nullable=False),  # JSON list of nbformat 4 outputs
    Column("truncated", Boolean, nullable=False),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("run_id", String(36), nullable=False),
    Column("moment", String(5), nullable=False),
    Column("origin", String(8), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("run_id", "moment", "origin"),
)

modules = Table(
    "modules",
    metadata,
    Column("run_id", String(36), nullable=False),
    Column("name", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    PrimaryKeyConstraint("run_id", "name"),
)

# A version of some data in a run; "" as digest until it is known, and void beside a row that has it.
data_inputs = Table(
    "data_inputs",
    metadata,
    Column("run_id", String(36), nullable=False),
    Column("place", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("cell_id", String(64)),
    Column("data", Text, nullable=False),  # JSON
    PrimaryKeyConstraint("run_id", "place", "digest"),
    Index("data_inputs_by_digest", "digest", "run_id"),
)

rich_values = Table(
    "rich_values",
    metadata,
    Column("run_id", String(36), nullable=False),
    Column("key", Text, nullable=False),
    Column("context", Text, nullable=False),  # JSON with sorted keys
    Column("step", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("cell_id", String(64)),
    Column("digest", String(64), nullable=False),
    Column("value", Text, nullable=False),  # JSON
    PrimaryKeyConstraint("run_id", "key", "context", "step"),
)

seeds = Table(
    "seeds",
    metadata,
    Column("run_id", String(36), nullable=False),
    Column("writer", String(36), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("libraries", Text, nullable=False),  # JSON list
    Column("cell_id", String(64)),
    PrimaryKeyConstraint("run_id", "writer", "at"),
)

# Never a secret: which rule found one, where, and how often the latest look there did.
secrets = Table(
    "secrets",
    metadata,
    Column("run_id", String(36), nullable=False),
    Column("place", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    PrimaryKeyConstraint("run_id", "place", "kind"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("run_id", String(36), nullable=False, index=True),
    Column("sweep_id", String(36), index=True),
    Column("status", String(10), nullable=False),
    Column("spec", Text, nullable=False),
    Column("submitted", BigInteger, nullable=False),
    Column("started", BigInteger),
    Column("ended", BigInteger),
    Column("error", Text),
    # Leases and progress live here alone; a rebuild returns unfinished jobs to the queue.
    Column("worker", Text),
    Column("lease_expires", BigInteger),
    Column("attempts", Integer, nullable=False, default=0),
    Column("cancel_requested", Boolean, nullable=False, default=False),
    Column("cell", Integer, nullable=False, default=0),
    Column("cells", Integer, nullable=False, default=0),
    Column("cause", String(12)),
    Column("history", Text, nullable=False, default="[]", server_default="[]"),  # JSON list of ended attempts
    Column("not_before", BigInteger, nullable=False, default=0, server_default="0"),
    Column("trial", Integer),  # which try of its sweep it is, from 0
    Column(
        "prune_reason", Text
    ),  # why it is to end before its time; like a request to cancel, it lives here alone
    Column("revision", BigInteger, nullable=False, default=0, index=True),
    # The memory in bytes that a running job may need, where its worker has so much and no more.
    Column("reserved", BigInteger, nullable=False, default=0, server_default="0"),
    Index("jobs_by_status", "status", "submitted"),
    Index("jobs_by_turn", "status", "sweep_id", "submitted", "id"),
)

# Who runs jobs. A row is there as long as its worker is, and a while longer where that was killed.
workers = Table(
    "workers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("host", String(250), nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("ticks", Float, nullable=False),  # when the process started, in its system's measure
    Column("capacity", Integer, nullable=False),
    Column("memory", BigInteger),
    Column("standing", Boolean, nullable=False),
    Column("jobs", BigInteger, nullable=False, default=0),
    Column("started", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
)

# Runs that are sweeps: what they try, as their journals said last.
sweeps = Table(
    "sweeps",
    metadata,
    Column("run_id", String(36), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("spec", Text, nullable=False),
    Column("cancel_requested", Boolean, nullable=False, default=False, server_default=false()),
)

# Saved views. Of a deleted one the row stays, so that a later reading of an older record loses.
views = Table(
    "views",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("name", String(250), nullable=False),
    Column("content", Text, nullable=False),  # JSON
    Column("created", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("deleted", Boolean, nullable=False),
)

numbers = Table(
    "numbers",
    metadata,
    Column("run_id", String(36), primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
)

# Runs and jobs that were deleted for good: what is still read of them is dropped.
deleted = Table(
    "deleted",
    metadata,
    Column("subject", String(36), primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False, index=True),
)

# How far each journal file has been read; the position moves in the transaction that stores the records.
parts = Table(
    "parts",
    metadata,
    Column("subject", String(36), nullable=False),
    Column("writer", String(36), nullable=False),
    Column("part", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("role", String(8)),
    Column("sealed", Boolean, nullable=False),
    Column("closed", Boolean, nullable=False),
    PrimaryKeyConstraint("subject", "writer", "part"),
)

# Which series a journal file holds, and how many points of each; columns of sealed ones lie in the segment.
chunks = Table(
    "chunks",
    metadata,
    Column("series_id", Integer, nullable=False),
    Column("subject", String(36), nullable=False),
    Column("writer", String(36), nullable=False),
    Column("part", Integer, nullable=False),
    Column("count", BigInteger, nullable=False),
    PrimaryKeyConstraint("series_id", "writer", "part"),
)

damages = Table(
    "damages",
    metadata,
    Column("subject", String(36), nullable=False),
    Column("writer", String(36), nullable=False),
    Column("part", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("subject", "writer", "part", "position"),
)

# Each time that a run was run again: what was compared, and the verdict.
reproductions = Table(
    "reproductions",
    metadata,
    Column("run_id", String(36), nullable=False),
    Column("writer", String(36), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("reproduction", Text, nullable=False),
    PrimaryKeyConstraint("run_id", "writer", "at"),
)

# What the disk refused of a run: how many records (or contents of files), from which moment to which.
losses = Table(
    "losses",
    metadata,
    Column("run_id", String(36), nullable=False),
    Column("writer", String(36), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("first", BigInteger, nullable=False),
    Column("last", BigInteger, nullable=False),
    PrimaryKeyConstraint("run_id", "writer", "at"),
)

# One row: the number of the last change, which every changed run and job carries.
revisions = Table(
    "revisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("revision", BigInteger, nullable=False),
)
