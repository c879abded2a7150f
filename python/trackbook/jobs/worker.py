"""A worker: claims jobs from a store's queue and runs them, one after the other.

Run as `python -m trackbook.jobs.worker STORE`. With `--sweep` or `--job` it works on these alone and ends with them;
without, it ends when the queue has been empty for a while.
"""

import argparse
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from trackbook.domain.execution import Executor, Outcome
from trackbook.domain.job import Job
from trackbook.domain.run import RunError
from trackbook.jobs.lease import JobLease
from trackbook.jobs.repetitions import Repetitions
from trackbook.jobs.work import JobWork
from trackbook.services.ingester import ensure_ingester
from trackbook.services.opening import open_place
from trackbook.services.queue import JobQueue
from trackbook.store.locks import ProcessLock
from trackbook.store.paths import StorePaths

IDLE_SECONDS = 10.0
_LOOK_EVERY = 0.2
_RECOVER_EVERY = 1.0


class Worker:
    """Works on the jobs of a queue until none is left; `stop` ends it with the job it is at.

    `is_stopped` tells whether that was asked for.
    """

    def __init__(
        self,
        store: StorePaths,
        queue: JobQueue,
        executor: Executor,
        *,
        parallel: int = 1,
        idle: float | None = None,
        parent: int | None = None,
        repetitions: Repetitions | None = None,
    ) -> None:
        self._store, self._queue, self._executor = store, queue, executor
        self._parallel, self._idle, self._parent = parallel, idle, parent
        self._repetitions = repetitions
        self.is_stopped = False

    def run(self) -> None:
        """Work until all wanted jobs have ended, or, with `idle`, until none waited for so many seconds.

        When the parent has ended, the wanted jobs are cancelled: nobody waits for them any more.
        """
        self._work_off()
        if self._is_orphan():
            self._queue.cancel_waiting()

    def stop(self) -> None:
        """End soon: the present job is aborted, no other is begun."""
        self.is_stopped = True
        self._executor.cancel()

    def _work_off(self) -> None:
        quiet_since = time.monotonic()
        recovered = 0.0
        while self._is_wanted():
            if (job := self._queue.claim()) is not None:
                self._work(job)
                quiet_since = time.monotonic()
                continue
            if time.monotonic() - recovered > _RECOVER_EVERY:
                recovered = time.monotonic()
                if self._queue.recover():
                    continue
            if self._idle is None and not self._queue.count_open():
                return
            quiet = time.monotonic() - quiet_since
            # A job that is to be begun again later needs somebody who is there then.
            if self._idle is not None and quiet > self._idle and not self._queue.has_waiting():
                return
            time.sleep(_LOOK_EVERY)

    def _work(self, job: Job) -> None:
        work = JobWork(self._store, job, self._executor, self._queue.blobs, parallel=self._parallel)
        try:
            with JobLease(self._queue, job, self._executor.cancel, self._is_wanted) as lease:
                if self._repetitions is not None:
                    self._repetitions.prepare(job)
                attempt = work.run(lease)
                # While the job is still at work: who waits for it wants the verdict.
                if self._repetitions is not None:
                    self._repetitions.conclude(job, attempt.outcome)
        except Exception as unexpected:  # the store failed; the job must not stay behind as running
            attempt = work.attempt(Outcome("failed", RunError(type(unexpected).__name__, str(unexpected))))
        self._queue.finish(job, attempt)

    def _is_wanted(self) -> bool:
        return not self.is_stopped and not self._is_orphan()

    def _is_orphan(self) -> bool:
        return self._parent is not None and os.getppid() != self._parent


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a worker as the command line says; returns the exit code."""
    options = _parser().parse_args(arguments)
    _import_quickly()
    from trackbook.jobs.executor import PapermillExecutor

    store = StorePaths(options.store).check()
    place = open_place(store)
    try:
        queue = JobQueue(place, sweep_id=options.sweep, job_ids=options.job)
        stands = options.sweep is None and options.job is None
        worker = Worker(
            store,
            queue,
            PapermillExecutor(),
            parallel=options.parallel,
            idle=options.idle if stands else None,
            parent=options.parent,
            repetitions=Repetitions(place),
        )
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop())
        ensure_ingester(store)
        if options.slots:
            _run_in_slot(store, queue, worker, options.slots)
        else:
            worker.run()
    finally:
        place.close()
    return 0


def slot_path(store: StorePaths, number: int) -> Path:
    """Return the lock file that a standing worker holds; there is one for each that may run at once."""
    return store.jobs / f"worker-{number}.lock"


def _run_in_slot(store: StorePaths, queue: JobQueue, worker: Worker, slots: int) -> None:
    """Have the worker run as one of `slots` standing ones; as long as there are so many it does not run."""
    while (slot := _take_slot(store, slots)) is not None:
        try:
            worker.run()
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


def _import_quickly() -> None:
    # jsonschema, which nbformat needs, imports this for checks of URIs that no notebook asks for: a second of work.
    if "jsonschema" not in sys.modules:
        sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None makes its import fail


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trackbook.jobs.worker", description="Run queued jobs.")
    parser.add_argument("store", type=Path, help="the store's folder")
    parser.add_argument("--sweep", help="work on the jobs of this sweep alone")
    parser.add_argument("--job", action="append", help="work on this job alone; may be given several times")
    parser.add_argument(
        "--parallel", type=int, default=1, help="jobs that run side by side, this one among them"
    )
    parser.add_argument(
        "--slots", type=int, default=0, help="end at once if so many standing workers are there"
    )
    parser.add_argument("--idle", type=float, default=IDLE_SECONDS, help="seconds to wait for another job")
    parser.add_argument("--parent", type=int, help="end when this process, the parent, has ended")
    return parser


if __name__ == "__main__":
    sys.exit(main())
