"""Sweeps in the index: what they try, and the jobs of their trials."""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, func, select, update

from trackbook.domain.job import Job, JobStatus
from trackbook.domain.sweep import SweepSpec
from trackbook.store import schema as t
from trackbook.store.jobs import read_jobs
from trackbook.store.parts import slices

_c = t.sweeps.c


def read_sweep(connection: Connection, sweep_id: str) -> SweepSpec | None:
    """Return what a sweep tries; None if the index has none of this id."""
    text = connection.execute(select(_c.spec).where(_c.run_id == sweep_id)).scalar()
    return None if text is None else msgspec.convert(json.loads(text), SweepSpec)


def read_sweeps(connection: Connection, limit: int | None = None) -> dict[str, SweepSpec]:
    """Return the sweeps by id, the one begun last first."""
    # Ids grow with time. A sweep in the trash is gone with its run.
    trashed = select(t.runs.c.id).where(t.runs.c.trashed.is_(True))
    query = select(_c.run_id, _c.spec).where(_c.run_id.not_in(trashed))
    rows = connection.execute(query.order_by(_c.run_id.desc()).limit(limit))
    return {row.run_id: msgspec.convert(json.loads(row.spec), SweepSpec) for row in rows}


def count_trials(connection: Connection, sweep_ids: Sequence[str]) -> dict[str, dict[JobStatus, int]]:
    """Return how many trials of each sweep are in each state; of one that was tried again, the last job counts."""
    counts: dict[str, dict[JobStatus, int]] = defaultdict(dict)
    for ids in slices(list(sweep_ids)):
        last = _last_jobs().where(t.jobs.c.sweep_id.in_(ids))
        query = (
            select(t.jobs.c.sweep_id, t.jobs.c.status, func.count())
            .where(t.jobs.c.id.in_(last))
            .group_by(t.jobs.c.sweep_id, t.jobs.c.status)
        )
        for sweep_id, status, count in connection.execute(query):
            counts[sweep_id][status] = count
    return counts


def read_trials(connection: Connection, sweep_id: str) -> list[Job]:
    """Return the job of each trial of a sweep, by the number of the trial; of one that was tried again, the last."""
    last = _last_jobs().where(t.jobs.c.sweep_id == sweep_id)
    ids = list(connection.execute(last).scalars())
    jobs = [job for part in slices(ids) for job in read_jobs(connection, ids=part)]
    return sorted(jobs, key=lambda job: job.spec.trial.number if job.spec.trial is not None else -1)


def request_end(connection: Connection, sweep_id: str, wanted: bool = True) -> None:
    """Note that a sweep is to end, or is not any more."""
    connection.execute(update(t.sweeps).where(_c.run_id == sweep_id).values(cancel_requested=wanted))


def is_end_requested(connection: Connection, sweep_id: str) -> bool:
    """Tell whether somebody wants the sweep to end."""
    return bool(connection.execute(select(_c.cancel_requested).where(_c.run_id == sweep_id)).scalar())


def _last_jobs() -> Select[Any]:
    c = t.jobs.c
    return select(func.max(c.id)).where(c.trial.is_not(None)).group_by(c.sweep_id, c.trial)
