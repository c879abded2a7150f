"""Jobs: a frozen notebook with parameters, waiting for or having found a process that runs it."""

from datetime import datetime
from typing import Any, Literal

from msgspec import Struct, field

from trackbook.domain.reproduction import ReproductionOptions
from trackbook.domain.resumption import KeptCell
from trackbook.domain.run import RunError
from trackbook.domain.trial import Trial

JobStatus = Literal["queued", "running", "finished", "failed", "cancelled", "pruned"]

# Who runs it: workers of the store's own machines, or tasks on a Dask cluster.
ExecutorName = Literal["local", "dask"]

JOB_ENDED: frozenset[JobStatus] = frozenset({"finished", "failed", "cancelled", "pruned"})

# A cell raised; the time ran out; the memory limit was passed; the kernel died; it did not start; the worker was lost.
FailureCause = Literal["failed", "timed_out", "memory", "died", "not_started", "lost"]
AttemptOutcome = Literal[
    "finished", "cancelled", "pruned", "failed", "timed_out", "memory", "died", "not_started", "lost"
]

RETRIED_BY_DEFAULT: tuple[FailureCause, ...] = ("died", "not_started", "lost")
RETRY_DELAY = 10.0
LONGEST_RETRY_DELAY = 3600.0


class FrozenModule(Struct, frozen=True):
    """A file of the project that a notebook imports: its path relative to the project, and the digest of its bytes."""

    path: str
    digest: str


class FrozenContext(Struct, frozen=True):
    """What a job keeps of the time of its submission, beside the notebook itself.

    `kernel` is the digest of the kernel's description (its kernel.json), None where there was none of this name.
    """

    kernel: str | None = None
    modules: list[FrozenModule] = []


class JobSpec(Struct, frozen=True):
    """What to run. `notebook` is the frozen copy's blob digest; `path` the notebook it came from, relative to
    the project where it lies inside; `folder` the absolute folder in which it runs; `run_id` the run that the
    job makes. Jobs of one sweep share `sweep_id`, and `trial` says which try each is. `reproduction` tells that it
    repeats a run, and how its results are held against that one's. `retry_of` is the job that this one does again. With
    `share_prefix` the trials of a sweep share the cells on which the values in `swept`, those that differ from trial to
    trial, have no effect.

    `timeout` is in seconds for the whole job, `cell_timeout` for each cell; `memory` is in bytes for the kernel and all
    processes that it starts. After a failure whose cause is among `retry_on` the job is begun again, `retries` times
    at most, the first time after about `retry_delay` seconds, then each time after twice as long.

    A job whose `executor` is "dask" waits for a task on a Dask cluster, and no other worker takes it. `files` are files
    that it needs where `folder` is not there, as blob digests by their path relative to the notebook.
    `resumes` is the run that it goes on from: the cells `kept` came out well there, and `snapshot` is the cell before
    which a copy of the process is to be taken up. `snapshots` asks for such copies of the job's own process.
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
    cell_timeout: float | None = None
    memory: int | None = None
    retries: int = 0
    retry_delay: float = RETRY_DELAY
    retry_on: list[FailureCause] = field(default_factory=lambda: list(RETRIED_BY_DEFAULT))
    reproduction: ReproductionOptions | None = None
    executor: ExecutorName = "local"
    files: dict[str, str] = {}
    resumes: str | None = None
    kept: list[KeptCell] = []
    snapshot: str | None = None
    snapshots: bool = False
    retry_of: str | None = None
    frozen: FrozenContext | None = None
    share_prefix: bool = False
    swept: list[str] = []
    trial: Trial | None = None


def contents_of(spec: JobSpec) -> list[str]:
    """Return the digests of the blobs that a job needs, each once: its notebook, files, and what was frozen with it."""
    frozen = spec.frozen or FrozenContext()
    found = [spec.notebook, *spec.files.values(), *(module.digest for module in frozen.modules)]
    return list(dict.fromkeys([*found, *([frozen.kernel] if frozen.kernel is not None else [])]))


class JobAttempt(Struct, frozen=True):
    """One attempt at a job, which has ended: `number` counts from 1, `run_id` is the run that it made.

    `not_run` holds the ids of the code cells that never ran. `memory` is the most that the kernel and its processes
    had at a time, in bytes; `cpu` their processor time in seconds. None where it was not measured.
    """

    number: int
    run_id: str
    outcome: AttemptOutcome
    started: datetime
    ended: datetime
    error: RunError | None = None
    not_run: list[str] = []
    memory: int | None = None
    cpu: float | None = None


class Job(Struct, frozen=True):
    """A job and its state. `cell` of `cells` is being run.

    `error` says why it failed, `cause` what kind of failure that is. `attempt` is the number of the present or last
    attempt, 0 before the first; `attempts` holds those that have ended. One that is to be begun again waits until
    `not_before`. `worker` is the process that runs it. Of a job that waits, `position` is its place among those that
    do, the next one being 1, and `waiting` says why, where it is not only that others come first; both are None where
    nobody asked.
    """

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
    cause: FailureCause | None = None
    attempt: int = 0
    attempts: list[JobAttempt] = []
    not_before: datetime | None = None
    position: int | None = None
    waiting: str | None = None


class JobLog(Struct, frozen=True):
    """A piece of what a job's kernel has printed itself, from `offset` in bytes on; `complete` once no more will come.

    `offset` is where the next piece begins.
    """

    text: str
    offset: int
    complete: bool


class WorkerInfo(Struct, frozen=True):
    """A worker: the process `pid` on `host`, which runs up to `capacity` jobs at a time, those in `current` now.

    `jobs` counts those that it has run to their end; `memory` in bytes is how much its jobs may use together, None for
    as much as there is. One that is `standing` works on whatever is queued, others on what somebody waits for.
    """

    id: str
    host: str
    pid: int
    jobs: int
    capacity: int
    started: datetime
    current: list[str] = []
    memory: int | None = None
    standing: bool = True


def is_late(job: Job) -> bool:
    """Tell whether a trial's job was asked for once more by itself."""
    return job.spec.trial is not None and job.spec.trial.late
