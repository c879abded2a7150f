"""A worker: claims jobs from a store's queue and runs them.

Run as `python -m trackbook.jobs.worker STORE --jobs N`, it is a supervisor with N children, each of which runs one job
after the other. With `--sweep` or `--job` it works on these alone and ends with them; without, it ends when the queue
has been empty for a while.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

# Nothing heavy: a supervisor begins here, and imports the rest without threads.
from trackbook.domain.execution import Executor, Outcome
from trackbook.domain.job import Job
from trackbook.domain.run import RunError
from trackbook.errors import StoreUnreachable
from trackbook.jobs.quiet import quiet_imports
from trackbook.store.bells import Bell
from trackbook.store.locks import ProcessLock
from trackbook.store.paths import StorePaths

if TYPE_CHECKING:
    from trackbook.jobs.repetitions import Repetitions
    from trackbook.jobs.supervisor import Supervisor
    from trackbook.jobs.workerchild import WorkerOptions
    from trackbook.services.queue import JobQueue

IDLE_SECONDS = 10.0
# How often is looked for jobs where nobody rings: those of other machines, and those that are to be begun again.
_LOOK_EVERY = 0.2
_PATIENCE = 600.0  # seconds for a store that is away to come back
_LOOK_EVERY_WITH_BELL = 0.5
_RECOVER_EVERY = 1.0
_LOOK_EVERY_AFTER_ERROR = 5.0


T = TypeVar("T")


class Worker:
    """Works on the jobs of a queue, one after the other, until none is left.

    `stop` ends it with the job it is at, which is aborted, `drain` after that job. `is_stopped` tells whether it takes
    no more. `folder` is where the forking servers of its supervisor have their sockets. `deliver` sees to it that what
    a job recorded is where others read it, before its outcome is. `tell` hears "began" and "ended" with each job.
    """

    def __init__(
        self,
        store: StorePaths,
        queue: "JobQueue",
        executor: Executor,
        *,
        parallel: int = 1,
        idle: float | None = None,
        repetitions: "Repetitions | None" = None,
        folder: Path | None = None,
        deliver: Callable[[], None] = lambda: None,
        tell: Callable[[str, Job], None] = lambda event, job: None,
    ) -> None:
        self._store, self._queue, self._executor = store, queue, executor
        self._parallel, self._idle = parallel, idle
        self._repetitions = repetitions
        self._bell: Bell | None = None
        self._aborts = self._is_abandoned = False
        self.is_stopped = False
        self.folder = folder
        self._deliver = deliver
        self._tell = tell

    def run(self, *, recovers: bool = False) -> None:
        """Work until all wanted jobs have ended, or, with `idle`, until none waited for so many seconds.

        With `recovers` what dead workers left is seen to first. Once `abandon` was called, the wanted jobs are
        cancelled.
        """
        self._bell = Bell(self._store.bells)
        try:
            if recovers:
                self._insist(self._queue.recover)
            self._work_off(self._bell)
        finally:
            bell, self._bell = self._bell, None
            bell.close()
        if self._is_abandoned:
            self._queue.cancel_waiting()

    def stop(self) -> None:
        """End soon: the present job is aborted, no other is begun. May be called from a signal handler."""
        self._aborts = True
        self._executor.cancel()
        self.drain()

    def drain(self) -> None:
        """End with the present job: no other is begun."""
        self.is_stopped = True
        if (bell := self._bell) is not None:
            bell.ring()

    def abandon(self) -> None:
        """End soon, and cancel the wanted jobs: nobody waits for them any more."""
        self._is_abandoned = True
        self.stop()

    def _work_off(self, bell: Bell) -> None:
        quiet_since = time.monotonic()
        recovered = 0.0
        while not self.is_stopped:
            try:
                job = self._queue.claim()
            except StoreUnreachable:
                if self._idle is None:
                    raise
                # Who stands waits for a store elsewhere until it is back.
                bell.wait(_LOOK_EVERY_AFTER_ERROR)
                continue
            if job is not None:
                self._work(job)
                quiet_since = time.monotonic()
                continue
            if time.monotonic() - recovered > _RECOVER_EVERY:
                recovered = time.monotonic()
                if self._insist(self._queue.recover):
                    continue
            if self._idle is None and not self._queue.count_open():
                return
            quiet = time.monotonic() - quiet_since
            # A job that is to be begun again later needs somebody who is there then.
            if self._idle is not None and quiet > self._idle and not self._queue.has_waiting():
                return
            bell.wait(_LOOK_EVERY_WITH_BELL if bell.is_heard else _LOOK_EVERY)

    def _work(self, job: Job) -> None:
        from trackbook.jobs.lease import JobLease
        from trackbook.jobs.work import JobWork

        self._tell("began", job)
        work = JobWork(self._store, job, self._executor, self._queue.blobs, parallel=self._parallel)
        try:
            with JobLease(self._queue, job, self._executor.cancel, lambda: not self._aborts) as lease:
                if self._repetitions is not None:
                    self._repetitions.prepare(job)
                attempt = work.run(lease, lambda: self._queue.prune_reason(job))
                # While the job is still at work: who waits for it wants the verdict.
                if self._repetitions is not None:
                    self._repetitions.conclude(job, attempt.outcome)
                if not lease.is_lost:
                    self._deliver()
        except Exception as unexpected:  # the store failed; the job must not stay behind as running
            attempt = work.attempt(Outcome("failed", RunError(type(unexpected).__name__, str(unexpected))))
        self._insist(lambda: self._queue.finish(job, attempt))
        self._tell("ended", job)
        if job.spec.trial is not None:
            from trackbook.jobs.latetrials import LateTrials

            LateTrials(self._store).conclude(job)

    def _insist(self, call: Callable[[], T]) -> T:
        """Call it, and again while the store is away: a job's outcome must not be lost by that."""
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                return call()
            except StoreUnreachable:
                if time.monotonic() > until:
                    raise
                time.sleep(_LOOK_EVERY_AFTER_ERROR)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a worker as the command line says; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    found = _parser().parse_args(given)
    folder = _start_ahead(found) if found.ahead is not None else None
    with quiet_imports():
        from trackbook.jobs.supervisor import Supervisor
        from trackbook.jobs.workerchild import run_spawned

    if found.told:
        return told_supervisor(given, folder).run()
    if found.child is not None:
        return run_spawned(_options(found), recovers=found.child == "again")
    return Supervisor(_options(found), given).run()


def told_supervisor(arguments: Sequence[str], folder: Path | None) -> "Supervisor":
    """Return a supervisor that reads what is to come to these arguments from its standard input."""
    from trackbook.jobs.supervisor import Supervisor

    def options(given: Sequence[str]) -> "WorkerOptions":
        return _options(_parser().parse_args(given))

    return Supervisor(options(arguments), arguments, told=options, folder=folder)


def _start_ahead(found: argparse.Namespace) -> Path:
    # Before all else is imported, which goes on beside it.
    from trackbook.jobs.ahead import start_template
    from trackbook.jobs.headstart import worker_log
    from trackbook.jobs.workerfolder import make_worker_folder

    folder = make_worker_folder()
    store = StorePaths(found.store)
    log = worker_log(store)
    start_template(store, folder, found.ahead, found.jobs, log, shares=found.shares)
    return folder


def _options(found: argparse.Namespace) -> "WorkerOptions":
    from trackbook.jobs.workerchild import WorkerOptions

    return WorkerOptions(
        store=str(found.store),
        jobs=found.jobs,
        sweep=found.sweep,
        job_ids=found.job,
        slots=found.slots,
        idle=float("inf") if found.forever else found.idle,
        parent=found.parent,
        memory=found.memory,
        tells=found.tell,
    )


def slot_path(store: StorePaths, number: int) -> Path:
    """Return the lock file that a standing worker's child holds; there is one for each that may run at once."""
    return store.jobs / f"worker-{number}.lock"


def run_in_slot(store: StorePaths, queue: "JobQueue", worker: Worker, slots: int, *, recovers: bool) -> None:
    """Have a worker run as one of `slots` standing ones; as long as there are so many it does not run."""
    while (slot := _take_slot(store, slots)) is not None:
        try:
            worker.run(recovers=recovers)
        finally:
            slot.release()
        # Who queued a job just before that saw the slot taken, and started nobody.
        if worker.is_stopped or not queue.has_waiting():
            return


def _take_slot(store: StorePaths, slots: int) -> ProcessLock | None:
    for number in range(slots):
        lock = ProcessLock(slot_path(store, number))
        if lock.acquire():
            return lock
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trackbook.jobs.worker", description="Run queued jobs.")
    parser.add_argument("store", type=Path, help="the store's folder")
    parser.add_argument("--jobs", type=int, default=1, help="jobs that run side by side")
    parser.add_argument("--sweep", help="work on the jobs of this sweep alone")
    parser.add_argument("--job", action="append", help="work on this job alone; may be given several times")
    parser.add_argument(
        "--slots", type=int, default=0, help="end as far as so many standing workers are there"
    )
    parser.add_argument("--idle", type=float, default=IDLE_SECONDS, help="seconds to wait for another job")
    parser.add_argument("--forever", action="store_true", help="wait for jobs until it is stopped")
    parser.add_argument("--memory", type=int, help="bytes that the jobs may use together")
    parser.add_argument(
        "--told",
        action="store_true",
        help="read from standard input, as a line of JSON, which options come to these",
    )
    parser.add_argument("--ahead", type=Path, help="start at once what jobs of this notebook are forked from")
    parser.add_argument("--shares", action="store_true", help="they share cells")
    parser.add_argument("--tell", action="store_true", help="print a line of JSON when a job begins or ends")
    parser.add_argument("--parent", type=int, help="end when this process, the parent, has ended")
    # How a supervisor starts its children where they can't be forked.
    parser.add_argument("--child", choices=("first", "again"), help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
