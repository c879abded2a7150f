"""Works on the jobs that a Dask worker is given, in a process of its own beside it.

Run as `python -m trackbook.jobs.distributed FOLDER OWNER`. FOLDER is for what all such processes of the Dask
worker, whose process id is OWNER, have in common: states and folders that trials share. Orders come as lines of JSON on
standard input, reports go to standard output. The end of the input means that the Dask worker is gone: the job then
ends without a word, as if this process had been killed, and Dask gives it to another worker.
"""

import contextlib
import os
import queue
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import BinaryIO

import msgspec

from trackbook.config import Settings
from trackbook.domain.execution import Executor, Outcome
from trackbook.domain.job import JOB_ENDED, Job
from trackbook.domain.run import RunError
from trackbook.errors import StoreError, TrackbookError
from trackbook.jobs.distributed.orders import Order, Report, find_problem
from trackbook.jobs.latetrials import LateTrials
from trackbook.jobs.lease import JobLease
from trackbook.jobs.prefix.executor import SharingExecutor
from trackbook.jobs.work import JobWork
from trackbook.services.ingester import ensure_ingester
from trackbook.services.processes import own_pids
from trackbook.services.queue import LEASE, crew_name, is_of_crew
from trackbook.services.queues import Queueing, open_queue
from trackbook.store.filesystem import lies_on_network
from trackbook.store.locks import os_host
from trackbook.store.paths import StorePaths, create_store

ORPHANED = 70
_LOOK_EVERY = 0.2


def carry_out(order: Order, executor: Executor, shared: Path) -> Report:
    """Work on the job of an order until it has ended, its further attempts among it.

    `shared` is a folder for what trials have in common.
    """
    if (problem := find_problem(order)) is not None:
        return Report(problem)
    try:
        store = _open_store(order)
        queueing = open_queue(store, job_ids=[order.job], worker=crew_name(order.crew))
        try:
            ensure_ingester(store)
            return _Work(order, store, queueing, executor, shared).run()
        finally:
            queueing.queue.let_go()
            queueing.close()
    except (TrackbookError, OSError) as error:
        return Report(f"On the Dask worker {os_host()}: {error}", host=os_host())


class _Work:
    """The work on one job."""

    def __init__(
        self, order: Order, store: StorePaths, queueing: Queueing, executor: Executor, shared: Path
    ) -> None:
        self._order, self._store, self._queueing, self._executor = order, store, queueing, executor
        self._shared = shared
        self._queue = queueing.queue

    def run(self) -> Report:
        waited = time.monotonic()
        while True:
            if (job := self._queue.claim()) is not None:
                if not self._work(job):
                    return Report(elsewhere=True, host=os_host())
                waited = time.monotonic()
                continue
            found = self._queueing.jobs.get_many([self._order.job])
            if not found or found[0].status in JOB_ENDED:
                return Report(host=os_host())
            if found[0].status == "running":
                # Dask begins a task again only once it knows the worker that had it to be gone.
                if self._queue.take_over(self._order.job, self._order.crew):
                    continue
                if not is_of_crew(found[0].worker, self._order.crew):
                    return Report(elsewhere=True, host=os_host())
                if time.monotonic() - waited > LEASE:
                    self._queue.recover()
            time.sleep(_LOOK_EVERY)

    def _work(self, job: Job) -> bool:
        """Run a job; False if it was taken from this worker meanwhile."""
        is_lost = False
        work = JobWork(
            self._store,
            job,
            self._executor,
            self._queue.blobs,
            parallel=self._order.parallel,
            shared=self._shared,
        )
        try:
            with JobLease(self._queue, job, self._executor.cancel) as lease:
                attempt = work.run(lease, lambda: self._queue.prune_reason(job))
                if not (is_lost := lease.is_lost):
                    self._queueing.deliver()
        except Exception as unexpected:  # the store failed; the job must not stay behind as running
            attempt = work.attempt(Outcome("failed", RunError(type(unexpected).__name__, str(unexpected))))
        self._queue.finish(job, attempt)
        LateTrials(self._store).conclude(job)
        if self._store.remote is not None:
            # All of it is in the store; this machine may see a thousand more.
            shutil.rmtree(self._store.job_folder(job.id), ignore_errors=True)
        return not is_lost


def main() -> int:
    """Work on orders until the input ends."""
    shared, owner = Path(sys.argv[1]), int(sys.argv[2])
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print is for the Dask worker's log
    executor = SharingExecutor(shared, owner)
    orders: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_read, args=(sys.stdin.buffer, orders, shared), daemon=True).start()
    while line := orders.get():
        report = carry_out(msgspec.json.decode(line, type=Order), executor, shared)
        with contextlib.suppress(BrokenPipeError):
            replies.write(msgspec.json.encode(report) + b"\n")
            replies.flush()
    return 0


def _read(stream: BinaryIO, orders: "queue.Queue[bytes]", shared: Path) -> None:
    for line in stream:
        orders.put(line)
    _end_with_kernels(shared)


def _end_with_kernels(shared: Path) -> None:
    """End at once, and first what works for this process: another worker may have the job in a moment."""
    import psutil

    spared = own_pids()
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process().children(recursive=True):
            if child.pid not in spared:
                with contextlib.suppress(psutil.Error):
                    child.kill()
    shutil.rmtree(shared, ignore_errors=True)  # the Dask worker may have been killed
    os._exit(ORPHANED)


def _open_store(order: Order) -> StorePaths:
    if order.sight is not None:
        return StorePaths(Path(order.sight.root)).check()
    settings = Settings.load()
    if settings.spool is None and lies_on_network(settings.spool_folder):
        # Locks of a spool are this machine's own.
        import tempfile

        os.environ["TRACKBOOK_SPOOL"] = str(Path(tempfile.gettempdir()) / f"trackbook-spool-{_user()}")
        settings = Settings.load()
    if settings.folder is None:
        raise StoreError("of the jobs", "the worker was not told where it is")
    return create_store(settings.folder, settings.remote)


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else "user"
