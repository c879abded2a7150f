"""Jobs: a frozen notebook with parameters, waiting for or having found a process that runs it."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct

from trackbook.domain.run import RunError

JobStatus = Literal["queued", "running", "finished", "failed", "cancelled"]

JOB_ENDED: frozenset[JobStatus] = frozenset({"finished", "failed", "cancelled"})


class JobSpec(Struct, frozen=True):
    """What to run. `notebook` is the frozen copy's blob digest; `path` the notebook it came from, relative to
    the project where it lies inside; `folder` the absolute folder in which it runs; `run_id` the run that the
    job makes. Jobs of one sweep share `sweep_id`. `timeout` is in seconds for the whole job.
    """

    notebook: str
    path: str
    folder: str
    params: dict[str, Any]
    experiment: str
    run_id: str
    kernel: str | None = None
    sweep_id: str | None = None
    parent_id: str | None = None
    timeout: float | None = None
    tags: dict[str, str] = {}


class Job(Struct, frozen=True):
    """A job and its state. `cell` of `cells` is being run. `error` says why it failed."""

    id: str
    spec: JobSpec
    status: JobStatus
    submitted: datetime
    started: datetime | None = None
    ended: datetime | None = None
    worker: str | None = None
    cell: int = 0
    cells: int = 0
    error: RunError | None = None
