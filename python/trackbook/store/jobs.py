"""The queue of jobs in the index: which are there, which worker has which, and how far it is.

Submission and outcome come from journals, by way of the projector; what is written here directly is what a new
index need not know: who works on a job at the moment.
"""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Text,
    and_,
    bindparam,
    func,
    insert,
    literal,
    not_,
    or_,
    select,
    update,
)

from trackbook.domain.clock import to_datetime, to_microseconds
from trackbook.domain.job import JOB_ENDED, FailureCause, Job, JobSpec, JobStatus
from trackbook.domain.run import RunError
from trackbook.store import schema as t
from trackbook.store.batch import revision_of
from trackbook.store.job_history import read_history
from trackbook.store.record_rows import write_spec

SHORTEST_REFERENCE = 6  # characters of an id's end that stand for the id

_c = t.jobs.c
_MICROSECONDS = 1_000_000
# Who waits for jobs reads all of them again and again.
_decode_spec = msgspec.json.Decoder(JobSpec).decode
# See `write_spec`: what a user's own values say can't stand at the end.
_IS_LATE = _c.spec.like('%, "late": true}}')
_FOR_ANYBODY = and_(
    _c.spec.not_like('%, "executor": "dask", "trial": null}'),
    _c.spec.not_like('%, "executor": "dask", "trial": {"number": %, "late": true}}'),
    # A sweep has workers of its own: more would be more at a time than it is to have. Late trials are for anybody.
    _c.spec.not_like(f'%, "trial": {{"number": %, "sweep": "{"_" * 36}"}}}}'),
)


def _is_with(worker: ColumnElement[str]) -> ColumnElement[bool]:
    # A further attempt by somebody else has another run, so that one that waits was made anew.
    return or_(and_(_c.status == "running", _c.worker == worker), _c.status == "queued")


# Of each trial of a sweep: to build a statement takes longer than to carry it out.
_READ = select(t.jobs).where(_c.id == bindparam("job"))
_HOLDS = select(_c.id).where(
    _c.id == bindparam("job"), _c.run_id == bindparam("run"), _is_with(bindparam("by", type_=Text))
)
_CLAIM = (
    update(t.jobs)
    .where(_c.id == bindparam("job"), _c.status == "queued", _c.cancel_requested.is_(False))
    .values(
        status="running",
        started=bindparam("moment"),
        worker=bindparam("by"),
        lease_expires=bindparam("lease"),
        attempts=_c.attempts + 1,
        reserved=bindparam("bytes"),
        cell=0,
        cells=0,
        revision=bindparam("next_revision"),
    )
)
_FINISH = (
    update(t.jobs)
    .where(_c.id == bindparam("job"))
    .values(
        status=bindparam("outcome"),
        ended=bindparam("moment"),
        error=bindparam("said"),
        cause=bindparam("why"),
        not_before=0,
        worker=None,
        lease_expires=None,
        revision=bindparam("next_revision"),
    )
)
_SET_REVISION = update(t.revisions).values(revision=bindparam("next_revision"))


class Attempt(NamedTuple):
    """Who works on a running job: the worker, until when its lease lasts (microseconds), and which attempt it is."""

    job: Job
    worker: str
    lease_expires: int
    number: int
    cancel_requested: bool


def read_job(connection: Connection, job_id: str) -> Job | None:
    """Return one job; None if the index has none of this id."""
    row = connection.execute(_READ, {"job": job_id}).first()
    return _job(row) if row is not None else None


def read_jobs(
    connection: Connection,
    *,
    status: JobStatus | None = None,
    sweep_id: str | None = None,
    ids: Sequence[str] | None = None,
    run_ids: Sequence[str] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[Job]:
    """Return jobs, the one submitted last first; those before `offset` are left out."""
    query = select(t.jobs).order_by(_c.submitted.desc(), _c.id.desc())
    if status is not None:
        query = query.where(_c.status == status)
    if sweep_id is not None:
        query = query.where(_c.sweep_id == sweep_id)
    if ids is not None:
        query = query.where(_c.id.in_(ids))
    if run_ids is not None:
        query = query.where(_c.run_id.in_(run_ids))
    window = query.limit(limit).offset(offset) if offset else query.limit(limit)
    return [_job(row) for row in connection.execute(window)]


def count_by_status(connection: Connection) -> dict[JobStatus, int]:
    """Return how many jobs there are in each state that any is in."""
    query = select(_c.status, func.count()).group_by(_c.status)
    return {status: int(count) for status, count in connection.execute(query)}


def find_jobs(connection: Connection, ending: str) -> list[Job]:
    """Return the jobs, ten at most, whose id ends so; none for fewer than 6 characters."""
    if len(ending) < SHORTEST_REFERENCE or not set(ending) <= set("0123456789abcdef-"):
        return []
    rows = connection.execute(select(t.jobs).where(_c.id.endswith(ending)).limit(10))
    return [_job(row) for row in rows]


def queued_ids(
    connection: Connection,
    sweep_id: str | None,
    ids: Sequence[str] | None,
    *,
    due: int | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> list[str]:
    """Return the waiting jobs, the one submitted first first; of one sweep, or of some ids, if these are given.

    With `due`, a moment in microseconds, those are left out that wait for a later one to be begun again. Where neither
    sweep nor ids are given, so are those that wait for a Dask cluster or for the workers of their sweep; these leave
    late trials to others. At most `limit` are returned, from the one at `offset` on.
    """
    query = select(_c.id).where(_c.status == "queued").order_by(_c.submitted, _c.id)
    query = query.limit(limit).offset(offset or None)
    if due is not None:
        query = query.where(_c.not_before <= due)
    if sweep_id is not None:
        query = query.where(_c.sweep_id == sweep_id, not_(_IS_LATE))
    if ids is not None:
        query = query.where(_c.id.in_(ids))
    if sweep_id is None and ids is None:
        query = query.where(_FOR_ANYBODY)
    return list(connection.execute(query).scalars())


def late_trials(connection: Connection, sweep_id: str, after: str) -> list[Job]:
    """Return the jobs of a sweep's trials that were asked for once more by themselves, by id, those after one."""
    query = select(t.jobs).where(_c.sweep_id == sweep_id, _c.id > after, _IS_LATE)
    return [_job(row) for row in connection.execute(query.order_by(_c.id))]


def count_open(connection: Connection, sweep_id: str | None = None, ids: Sequence[str] | None = None) -> int:
    """Return how many jobs have not ended; of one sweep, or of some ids, if these are given."""
    query = select(func.count()).select_from(t.jobs).where(_c.status.not_in(JOB_ENDED))
    if sweep_id is not None:
        query = query.where(_c.sweep_id == sweep_id)
    if ids is not None:
        query = query.where(_c.id.in_(ids))
    if sweep_id is None and ids is None:
        query = query.where(_FOR_ANYBODY)
    return int(connection.execute(query).scalar_one())


def claim(
    connection: Connection, job_id: str, worker: str, at: int, lease_expires: int, reserved: int = 0
) -> Job | None:
    """Give a waiting job to a worker, with `reserved` bytes of its memory; None if it does not wait any more."""
    taken = connection.execute(
        _CLAIM,
        {
            "job": job_id,
            "by": worker,
            "moment": at,
            "lease": lease_expires,
            "bytes": reserved,
            "next_revision": _next_revision(connection),
        },
    )
    return read_job(connection, job_id) if taken.rowcount == 1 else None


def renew(connection: Connection, job: Job, worker: str, lease_expires: int) -> bool:
    """Prolong a lease; False if the job is no longer this worker's: another one has taken it over, or ended it.

    A job whose row was made anew meanwhile belongs to its worker again.
    """
    taken = connection.execute(
        update(t.jobs)
        .where(_c.id == job.id, _c.run_id == job.spec.run_id, _is_with(literal(worker)))
        .values(status="running", worker=worker, lease_expires=lease_expires)
    )
    return taken.rowcount == 1 or not _is_there(connection, job.id)


def holds(connection: Connection, job: Job, worker: str) -> bool:
    """Tell whether a job that a worker has claimed is still its own, or its row is gone for a moment."""
    given = {"job": job.id, "run": job.spec.run_id, "by": worker}
    return connection.execute(_HOLDS, given).first() is not None or not _is_there(connection, job.id)


def _is_there(connection: Connection, job_id: str) -> bool:
    return connection.execute(select(_c.id).where(_c.id == job_id)).first() is not None


def set_progress(connection: Connection, job_id: str, cell: int, cells: int) -> None:
    """Note that cell `cell` of `cells` is being run."""
    connection.execute(
        update(t.jobs)
        .where(_c.id == job_id, _c.status == "running")
        .values(cell=cell, cells=cells, revision=_next_revision(connection))
    )


def touch(connection: Connection, job_id: str) -> None:
    """Note that a job has changed, though nothing in its row has."""
    connection.execute(update(t.jobs).where(_c.id == job_id).values(revision=_next_revision(connection)))


def is_cancel_requested(connection: Connection, job_id: str) -> bool:
    """Tell whether somebody wants the job to end."""
    return bool(connection.execute(select(_c.cancel_requested).where(_c.id == job_id)).scalar())


def prune_reason(connection: Connection, job_id: str) -> str | None:
    """Return why a job's trial is given up, if it is to end for that."""
    return connection.execute(select(_c.prune_reason).where(_c.id == job_id)).scalar()


def request_cancel(connection: Connection, job_id: str, prune_reason: str | None = None) -> bool:
    """Note that a job is to end, as "pruned" with a reason for that; True if it was waiting, and so never begins."""
    changes: dict[str, Any] = {"cancel_requested": True}
    if prune_reason is not None:
        changes["prune_reason"] = prune_reason
    connection.execute(update(t.jobs).where(_c.id == job_id).values(**changes))
    status = connection.execute(select(_c.status).where(_c.id == job_id)).scalar()
    return status == "queued"


def finish(
    connection: Connection,
    job_id: str,
    status: JobStatus,
    error: RunError | None,
    at: int,
    cause: FailureCause | None = None,
) -> None:
    """Note a job's outcome, as its journal says it."""
    connection.execute(
        _FINISH,
        {
            "job": job_id,
            "outcome": status,
            "moment": at,
            "said": msgspec.json.encode(error).decode() if error is not None else None,
            "why": cause,
            "next_revision": _next_revision(connection),
        },
    )


def positions(connection: Connection) -> dict[str, int]:
    """Return the place of each job that waits, the next one being 1."""
    query = select(_c.id).where(_c.status == "queued").order_by(_c.submitted, _c.id)
    return {job_id: place for place, job_id in enumerate(connection.execute(query).scalars(), start=1)}


def position(connection: Connection, job: Job) -> int:
    """Return the place of one job among those that wait."""
    at = to_microseconds(job.submitted)
    before = or_(_c.submitted < at, and_(_c.submitted == at, _c.id < job.id))
    query = select(func.count()).select_from(t.jobs).where(_c.status == "queued", before)
    return 1 + int(connection.execute(query).scalar_one())


def reserved_memory(connection: Connection, workers: str) -> int:
    """Return how many bytes the running jobs hold of workers whose names begin so."""
    query = select(func.coalesce(func.sum(_c.reserved), 0)).where(
        _c.status == "running", _c.worker.startswith(workers, autoescape=True)
    )
    return int(connection.execute(query).scalar_one())


def used_memory(connection: Connection, path: str, last: int = 5) -> int | None:
    """Return the most memory in bytes that the last jobs of a notebook used; None where it was never measured."""
    r = t.runs.c
    query = (
        select(_c.history)
        .join(t.runs, r.id == _c.run_id)
        .where(r.source_path == path, _c.status.not_in(("queued", "running")))
        .order_by(r.id.desc())
        .limit(last)
    )
    used = [
        attempt.memory
        for history in connection.execute(query).scalars()
        for attempt in read_history(history)
        if attempt.memory
    ]
    return max(used, default=None)


def read_beside(connection: Connection, job_id: str, since: int, limit: int = 200) -> list[Job]:
    """Return the other jobs that run, or have ended after a moment in microseconds; the latest changed first."""
    query = (
        select(t.jobs)
        .where(_c.id != job_id, or_(_c.status == "running", _c.ended >= since))
        .order_by(_c.revision.desc())
        .limit(limit)
    )
    return [_job(row) for row in connection.execute(query)]


def running_with(connection: Connection) -> dict[str, str]:
    """Return the ids of the running jobs, each with the name of its worker."""
    rows = connection.execute(
        select(_c.id, _c.worker).where(_c.status == "running").order_by(_c.started, _c.id)
    )
    return {row.id: row.worker or "" for row in rows}


def read_attempts(connection: Connection, job_id: str | None = None) -> list[Attempt]:
    """Return the running jobs, or one of them, with who works on them."""
    query = select(t.jobs).where(_c.status == "running")
    rows = connection.execute(query if job_id is None else query.where(_c.id == job_id))
    return [
        Attempt(_job(row), row.worker or "", row.lease_expires or 0, row.attempts, bool(row.cancel_requested))
        for row in rows
    ]


def take_back(
    connection: Connection,
    attempt: Attempt,
    status: JobStatus,
    spec: JobSpec | None = None,
    not_before: int = 0,
) -> bool:
    """Take a job from the worker of `attempt`; False if it has changed hands. `spec` takes the place of its own.

    A job that is "queued" again is not begun before `not_before` (microseconds); one that is to be cancelled stays,
    since nobody would take it from the queue.
    """
    changes: dict[str, Any] = {"status": status, "worker": None, "lease_expires": None, "cell": 0, "cells": 0}
    changes["not_before"] = not_before
    if spec is not None:
        changes |= {"spec": write_spec(spec), "run_id": spec.run_id}
    taken = connection.execute(
        update(t.jobs)
        .where(
            _c.id == attempt.job.id,
            _c.status == "running",
            _c.worker == attempt.worker,
            _c.attempts == attempt.number,
            *([_c.cancel_requested.is_(False)] if status == "queued" else []),
        )
        .values(**changes, revision=_next_revision(connection))
    )
    return taken.rowcount == 1


def changed_jobs(connection: Connection, revision: int) -> list[str]:
    """Return the ids of jobs that changed after `revision`, the latest change last."""
    query = select(_c.id).where(_c.revision > revision).order_by(_c.revision)
    return list(connection.execute(query).scalars())


def _next_revision(connection: Connection) -> int:
    revision = revision_of(connection) + 1
    if connection.execute(_SET_REVISION, {"next_revision": revision}).rowcount == 0:
        connection.execute(insert(t.revisions).values(id=1, revision=revision))
    return revision


def _read_spec(text: str) -> JobSpec:
    try:
        return _decode_spec(text)
    except msgspec.DecodeError:  # NaN or an infinity among the parameters, which JSON has not
        return msgspec.convert(json.loads(text), JobSpec)


def _job(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        spec=_read_spec(row.spec),
        status=row.status,
        submitted=to_datetime(row.submitted),
        started=to_datetime(row.started) if row.started is not None else None,
        ended=to_datetime(row.ended) if row.ended is not None else None,
        worker=row.worker,
        cell=row.cell,
        cells=row.cells,
        error=msgspec.json.decode(row.error, type=RunError) if row.error else None,
        cause=row.cause,
        attempt=row.attempts,
        attempts=read_history(row.history),
        not_before=to_datetime(row.not_before) if row.status == "queued" and row.not_before else None,
    )
