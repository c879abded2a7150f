"""A child of the supervisor: it opens the store for itself, works, and obeys what it is told through a pipe."""

import contextlib
import math
import os
import signal
import sys
import threading
from pathlib import Path

import msgspec
from msgspec import Struct

from trackbook.domain.job import Job
from trackbook.errors import TrackbookError
from trackbook.jobs.repetitions import Repetitions
from trackbook.jobs.worker import Worker, run_in_slot
from trackbook.services.ingester import ensure_ingester
from trackbook.services.queue import RENEW
from trackbook.services.queues import open_queue
from trackbook.services.workers import Workers
from trackbook.store.paths import StorePaths

STOP, DRAIN, ABANDON = b"s", b"d", b"a"


class WorkerOptions(Struct, frozen=True):
    """What a supervisor and its children are to do; see the options of `python -m trackbook.jobs.worker`."""

    store: str
    jobs: int = 1
    sweep: str | None = None
    job_ids: list[str] | None = None
    slots: int = 0
    idle: float = 10.0
    parent: int | None = None
    memory: int | None = None
    tells: bool = False

    @property
    def is_standing(self) -> bool:
        """Whether it works on whatever is queued."""
        return self.sweep is None and self.job_ids is None


def work(options: WorkerOptions, orders: int, *, recovers: bool, folder: Path | None = None) -> int:
    """Be a child: run jobs until none is left, or until the file descriptor `orders` says otherwise.

    Returns the exit code. `folder` is where the supervisor's forking servers have their sockets.
    """
    from trackbook.jobs.prefix.executor import SharingExecutor

    store = StorePaths(Path(options.store)).check()
    ensure_ingester(store, forks=True)  # first of all: nothing is open yet, and there are no threads
    # Copies of shared cells are for all children, and end with the supervisor.
    executor = SharingExecutor(folder, os.getppid() if folder is not None else os.getpid())
    supervisor = os.getppid()
    queueing = open_queue(
        store,
        sweep_id=options.sweep,
        job_ids=options.job_ids,
        supervisor=supervisor,
        memory=options.memory,
        capacity=options.jobs,
    )
    try:
        queue, place = queueing.queue, queueing.place
        worker = Worker(
            store,
            queue,
            executor,
            parallel=options.jobs,
            idle=options.idle if options.is_standing or options.idle == math.inf else None,
            repetitions=Repetitions(place) if place is not None else None,
            deliver=queueing.deliver,
            folder=folder,
            tell=_print_event if options.tells else lambda event, job: None,
        )
        signal.signal(signal.SIGTERM, lambda *_: worker.stop())
        # The supervisor hears it, and says what it means. Ignored, it would be so in kernels, too.
        signal.signal(signal.SIGINT, lambda *_: None)
        threading.Thread(
            target=_obey,
            args=(worker, orders, options.parent, options.is_standing),
            name="trackbook-orders",
            daemon=True,
        ).start()
        with Announcing(queueing.workers, supervisor, options):
            if options.slots:
                run_in_slot(store, queue, worker, options.slots, recovers=recovers)
            else:
                worker.run(recovers=recovers)
    finally:
        executor.close()
        queueing.close()
    return 0


class Announcing:
    """While it is entered, the worker says again and again that it is there."""

    def __init__(self, workers: Workers, supervisor: int, options: WorkerOptions) -> None:
        self._workers, self._supervisor, self._options = workers, supervisor, options
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tell, name="trackbook-presence", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _tell(self) -> None:
        options = self._options
        while True:
            # Telling of it is no reason to end: the index may be locked or made anew, a server be away.
            with contextlib.suppress(TrackbookError):
                self._workers.announce(
                    self._supervisor, options.jobs, options.memory, standing=options.is_standing
                )
            if self._ended.wait(RENEW):
                return


def run_spawned(options: WorkerOptions, *, recovers: bool) -> int:
    """Be a child that was started, not forked: its orders come through its standard input."""
    from trackbook.config import Settings

    return work(options, sys.stdin.fileno(), recovers=recovers, folder=Settings.load().templates)


def _print_event(event: str, job: Job) -> None:
    # One call, so that lines of several processes don't mix; who reads it may have gone.
    with contextlib.suppress(OSError):
        os.write(1, msgspec.json.encode({"event": event, "job": job.id}) + b"\n")


def _obey(worker: Worker, orders: int, parent: int | None, is_standing: bool) -> None:
    while order := os.read(orders, 1):
        if order == DRAIN:
            worker.drain()
        elif order == STOP:
            worker.stop()
        elif order == ABANDON:
            worker.abandon()
    # The supervisor is dead. The job that runs may come to its end, if somebody wants it.
    if parent is not None and not is_standing and not _is_alive(parent):
        worker.abandon()
    else:
        worker.drain()


def _is_alive(pid: int) -> bool:
    import psutil  # late: seldom asked for

    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False
