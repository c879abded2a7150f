"""Starting workers: for jobs that are waited for, or standing ones that work the queue off by themselves."""

import os
import subprocess
import time
from collections.abc import Callable, Sequence

from msgspec import Struct

from trackbook.domain.job import JOB_ENDED, FailureCause, Job
from trackbook.errors import InfrastructureError
from trackbook.jobs.headstart import HeadStart, worker_log
from trackbook.jobs.worker import slot_path
from trackbook.services.processes import Process, start_module
from trackbook.services.queue import WORKER_DIED
from trackbook.services.queues import Queueing, open_queue
from trackbook.services.settling import settle
from trackbook.store.bells import Bell
from trackbook.store.locks import is_held
from trackbook.store.paths import StorePaths

_LOOK_EVERY = 0.1
_PATIENCE = 20.0  # seconds for cancelled jobs to end
_MANY = 100
# A worker replaces children that die by itself; if it dies so often, that has another cause.
_MOST_WORKERS = 8
_INFRASTRUCTURE = ("StoreError", WORKER_DIED)
_CAUSES: tuple[FailureCause, ...] = ("died", "not_started", "lost")

OnProgress = Callable[[list[Job]], None]


class Outcomes(Struct, frozen=True):
    """How jobs came out, in the order in which they were given. `interrupted`: they were cancelled by Ctrl-C."""

    jobs: list[Job]
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """0 if all finished, 1 if the user's work failed in one, 3 if what is under it did, 130 if cancelled."""
        failed = [job for job in self.jobs if job.status == "failed"]
        if self.interrupted or (not failed and any(job.status == "cancelled" for job in self.jobs)):
            return 130
        if any(is_infrastructure_failure(job) for job in failed):
            return 3
        return 1 if failed else 0


def is_infrastructure_failure(job: Job) -> bool:
    """Tell whether a job failed for a reason that is not in the notebook: its kernel or its worker died, say."""
    if job.cause in _CAUSES:
        return True
    return job.error is not None and job.error.ename in _INFRASTRUCTURE and not job.error.traceback


def run_jobs(
    store: StorePaths,
    jobs: Sequence[Job],
    *,
    parallel: int = 1,
    on_progress: OnProgress | None = None,
    head_start: HeadStart | None = None,
) -> Outcomes:
    """Run submitted jobs in worker processes, `parallel` at a time, and wait for all of them.

    `head_start` is a worker that was started before, for so many.

    `on_progress` gets all jobs, in their order, at the beginning and whenever one of them has changed. Ctrl-C cancels
    what is left, waits until the notebooks have ended, and returns. When this process dies, its workers end, too.
    Raises InfrastructureError if workers can't be started.
    """
    queueing = open_queue(store, job_ids=[job.id for job in jobs])
    try:
        return _Waiting(store, queueing, jobs, parallel, on_progress or (lambda _: None), head_start).run()
    finally:
        queueing.close()


def ensure_workers(store: StorePaths, parallel: int = 1) -> int:
    """See to it that up to `parallel` jobs of the queue are worked on at a time; returns how many more are.

    Who does that is a process of its own, which outlives this one and ends when nothing waits any more. Returns at
    once.
    """
    queueing = open_queue(store)
    try:
        queueing.queue.recover()
        waiting = queueing.queue.count_open()
    finally:
        queueing.close()
    at_work = sum(is_held(slot_path(store, number)) for number in range(parallel))
    missing = max(0, min(parallel, waiting) - at_work)
    if missing:
        start_worker(store, ["--slots", str(parallel), "--jobs", str(missing)])
    return missing


def start_sweep_worker(store: StorePaths, sweep_id: str, parallel: int) -> Process:
    """Start a worker for a sweep's trials, `parallel` at a time; it stays until it is ended, or this process has."""
    return start_worker(store, [*sweep_options(sweep_id, parallel), "--parent", str(os.getpid())])


def sweep_options(sweep_id: str, parallel: int) -> list[str]:
    """Return what a worker is told that is for a sweep's trials, `parallel` at a time, until it is ended."""
    return ["--sweep", sweep_id, "--jobs", str(parallel), "--forever"]


def end_worker(worker: Process) -> None:
    """End a worker with what it runs, and wait for it."""
    if worker.poll() is None:
        worker.terminate()
    try:
        worker.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        worker.kill()
        worker.wait()


class _Waiting:
    """`run_jobs` at work: the worker that runs the jobs, and the one who watches over it."""

    def __init__(
        self,
        store: StorePaths,
        queueing: Queueing,
        jobs: Sequence[Job],
        parallel: int,
        on_progress: OnProgress,
        head_start: HeadStart | None = None,
    ) -> None:
        self._store, self._on_progress = settle(store), on_progress
        self._ids = [job.id for job in jobs]
        self._services, self._queue = queueing.jobs, queueing.queue
        self._size = max(1, min(parallel, len(jobs)))
        self._wanted = _wanted(jobs)
        self._worker = (
            head_start.take([*self._wanted, "--jobs", str(self._size)]) if head_start is not None else None
        )
        self._may_start = _MOST_WORKERS

    def run(self) -> Outcomes:
        interrupted = False
        bell = Bell(self._store.bells)
        try:
            self._wait(bell)
        except KeyboardInterrupt:
            interrupted = True
            self._cancel(bell)
        finally:
            bell.close()
            self._end_worker()
        return Outcomes(self._services.get_many(self._ids), interrupted)

    def _wait(self, bell: Bell, deadline: float | None = None) -> None:
        self._man()  # it imports while the jobs are looked at
        seen: list[Job] = []
        while True:
            looked = time.monotonic()
            present = self._services.get_many(self._ids)
            if present != seen:
                seen = present
                self._on_progress(present)
            if all(job.status in JOB_ENDED for job in present):
                return
            if deadline is not None and time.monotonic() > deadline:
                return
            self._man()
            # Thousands of jobs are looked at less often.
            took = time.monotonic() - looked
            bell.wait(max(_LOOK_EVERY, 5 * took))
            if len(self._ids) > _MANY:
                time.sleep(5 * took)

    def _man(self) -> None:
        """Have a worker at work; take the jobs of one that died back first."""
        if self._worker is not None:
            if self._worker.poll() is None:
                return
            self._queue.recover()
        if self._may_start == 0:
            raise InfrastructureError(
                f"Workers end before their jobs do; see {worker_log(self._store)} for what they said."
            )
        self._may_start -= 1
        arguments = [*self._wanted, "--jobs", str(self._size), "--parent", str(os.getpid())]
        self._worker = start_worker(self._store, arguments)

    def _cancel(self, bell: Bell) -> None:
        for job in self._services.get_many(self._ids):
            if job.status not in JOB_ENDED:
                self._services.cancel(job.id)
        self._wait(bell, time.monotonic() + _PATIENCE)

    def _end_worker(self) -> None:
        if self._worker is not None:
            end_worker(self._worker)


def _wanted(jobs: Sequence[Job]) -> list[str]:
    sweeps = {job.spec.sweep_id for job in jobs}
    # The workers of a sweep leave late trials to others.
    if len(sweeps) == 1 and None not in sweeps and all(job.spec.trial is None for job in jobs):
        return ["--sweep", str(sweeps.pop())]
    return [argument for job in jobs for argument in ("--job", job.id)]


def start_worker(store: StorePaths, arguments: list[str]) -> Process:
    """Start a worker process with these arguments behind its store."""
    # In a session of its own: Ctrl-C is for the process that waits, which then cancels the jobs.
    return start_module(
        "trackbook.jobs.worker", str(store.root), *arguments, folder=store.root, log=worker_log(store)
    )
