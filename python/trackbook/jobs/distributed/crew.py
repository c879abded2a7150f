"""The crew: hands jobs to a Dask cluster, and sees to it that none is lost there."""

import contextlib
import time
from collections.abc import Callable, Container, Sequence
from typing import Any

import msgspec

from trackbook.config import TOKEN, Settings
from trackbook.domain.ids import new_id
from trackbook.domain.job import JOB_ENDED, Job
from trackbook.domain.run import RunError
from trackbook.errors import InfrastructureError, StoreError
from trackbook.jobs.distributed.cluster import Cluster
from trackbook.jobs.distributed.orders import (
    Order,
    Report,
    Sight,
    for_job,
    hide_store,
    show_store,
    store_environment,
)
from trackbook.jobs.distributed.task import run_order, see_store
from trackbook.services.job_records import attempt_of
from trackbook.services.queues import Queueing, open_queue
from trackbook.services.settling import settle
from trackbook.store.paths import StorePaths
from trackbook.version import version

NOT_RUN = "DaskError"
MEMORY = "MEMORY"
_RECOVER_EVERY = 2.0
_NO_WORKER_SECONDS = 15.0
_GONE_SECONDS = 30.0
# A task that ends without its job's end is given out again; one that does so again and again has another cause.
_MOST_TASKS = 4


class DaskCrew:
    """Jobs of one store on one cluster. `add` them, and `tend` them from time to time until all have ended.

    `parallel` jobs at a time are with the cluster; None leaves it to the cluster. `on_notice` gets sentences for
    people.
    Raises StoreError where the workers that are there can't work on the store.
    """

    def __init__(
        self,
        store: StorePaths,
        cluster: Cluster,
        *,
        parallel: int | None = None,
        on_notice: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self._store, self._cluster = settle(store), cluster
        self._parallel, self._on_notice = parallel, on_notice
        self.name = f"dask-{new_id()[-12:]}"
        self._holds = False
        self._waiting: dict[str, Job] = {}
        self._futures: dict[str, Any] = {}
        self._handed: dict[str, int] = {}
        self._told: set[str] = set()
        self._sight: Sight | None = show_store(self._store) if store.remote is None else None
        self._order = self._make_order()
        self._next_recovery = 0.0
        self._seen_worker = self._seen_scheduler = time.monotonic()
        try:
            self._check_workers()
            self._resources = self._memory_is_declared()
        except BaseException:
            self.close()
            raise

    def add(self, jobs: Sequence[Job]) -> None:
        """Take on queued jobs, to be handed out in this order."""
        self._waiting |= {job.id: job for job in jobs}
        self._hand_out()

    def hold(self, running: Container[str]) -> None:
        """Hand out nothing more, and take back what is not among the jobs that run."""
        self._holds = True
        for job_id in [job_id for job_id in self._futures if job_id not in running]:
            self._futures.pop(job_id).cancel()

    def tend(self, present: Sequence[Job]) -> None:
        """Look after the jobs, of which `present` says how they are now. Call it some times a second.

        Raises InfrastructureError when the scheduler is gone.
        """
        self._check_scheduler()
        for job in present:
            if job.status in JOB_ENDED:
                self._forget(job)
            elif (future := self._futures.get(job.id)) is not None and future.done():
                self._take_report(job, future)
        lost = [job for job in present if job.status not in JOB_ENDED and job.id not in self._futures]
        if any(job.status == "running" for job in lost) and time.monotonic() > self._next_recovery:
            self._next_recovery = time.monotonic() + _RECOVER_EVERY
            with self._queue(None) as queueing:
                queueing.queue.recover()
        self._waiting |= {job.id: job for job in lost if job.status == "queued"}
        self._hand_out()

    def close(self) -> None:
        """Take back what has not begun. Running jobs go on, unless they were cancelled."""
        if self._futures:
            with contextlib.suppress(Exception):  # the cluster is gone, and with it what was to be cancelled
                self._cluster.client.cancel(list(self._futures.values()), force=True)
        self._futures.clear()
        if self._sight is not None:
            hide_store(self._store, self._sight)

    def _make_order(self) -> Order:
        settings = Settings.load()
        private = self._cluster.is_private or settings.insecure
        environment = store_environment(self._store, settings, with_secrets=private)
        if not private and settings.store_url is not None:
            withheld = settings.token is not None or settings.remote != settings.store_url
            if withheld:
                self._notice(
                    f"What opens the store is not sent over {self._cluster.address}, which is not encrypted: the "
                    f"workers need TRACKBOOK_STORE and {TOKEN} of their own. Use tls://, or set TRACKBOOK_INSECURE=1 "
                    "where the network itself is safe."
                )
        return Order("", self.name, version(), environment, self._sight, self._cluster.size or 1)

    def _check_workers(self) -> None:
        """Ask the workers that are there whether they see the store; those that come later are asked by their jobs."""
        if self._sight is None:
            return
        try:
            answers = self._cluster.client.run(see_store, msgspec.json.encode(self._order), on_error="return")
        except (OSError, TimeoutError) as error:
            raise InfrastructureError(
                f"The Dask cluster at {self._cluster.address} does not answer: {error}"
            ) from error
        for worker, answer in answers.items():
            if isinstance(answer, BaseException):
                raise InfrastructureError(_describe_failure(worker, answer))
            if answer is not None:
                raise StoreError(self._store.root, answer)

    def _memory_is_declared(self) -> bool:
        return any(MEMORY in (worker.get("resources") or {}) for worker in self._cluster.workers().values())

    def _hand_out(self) -> None:
        if self._holds:
            return
        room = len(self._waiting) if self._parallel is None else self._parallel - len(self._futures)
        for job_id in list(self._waiting)[: max(0, room)]:
            self._submit(self._waiting.pop(job_id))

    def _submit(self, job: Job) -> None:
        handed = self._handed[job.id] = self._handed.get(job.id, 0) + 1
        if handed > _MOST_TASKS:
            self._fail(job, "The Dask cluster gave its task back again and again.")
            return
        memory = job.spec.memory
        self._futures[job.id] = self._cluster.client.submit(
            run_order,
            msgspec.json.encode(for_job(self._order, job.id)),
            key=f"trackbook-{job.id}-{self.name}-{handed}",
            pure=False,
            retries=0,
            resources={MEMORY: memory} if memory is not None and self._resources else None,
        )

    def _take_report(self, job: Job, future: Any) -> None:
        del self._futures[job.id]
        if future.status == "finished":
            report = msgspec.json.decode(future.result(), type=Report)
            if report.problem is not None:
                self._fail(job, report.problem)
        elif future.status == "error":
            self._fail(job, _describe_failure(None, future.exception()))
        # Cancelled or lost: it is handed out again if its job waits.

    def _forget(self, job: Job) -> None:
        self._waiting.pop(job.id, None)
        if (future := self._futures.pop(job.id, None)) is not None and not future.done():
            future.cancel()

    def _fail(self, job: Job, reason: str) -> None:
        """End a job that could not be worked on."""
        with self._queue(job.id) as queueing:
            queueing.queue.take_over(job.id, self.name)
            claimed = queueing.queue.claim()
            if claimed is not None:
                attempt = attempt_of(claimed, "not_started", RunError(NOT_RUN, reason))
                queueing.queue.finish(claimed, attempt)
        self._notice(reason)

    def _queue(self, job_id: str | None) -> "_Opened":
        return _Opened(open_queue(self._store, job_ids=None if job_id is None else [job_id]))

    def _check_scheduler(self) -> None:
        now = time.monotonic()
        if self._cluster.client.status == "running":
            self._seen_scheduler = now
        elif now - self._seen_scheduler > _GONE_SECONDS or self._cluster.client.status == "closed":
            raise InfrastructureError(
                f"The Dask scheduler at {self._cluster.address} is gone; the jobs that had not ended are cancelled."
            )
        if self._futures and now - self._seen_worker > _NO_WORKER_SECONDS:
            self._seen_worker = now
            if self._cluster.client.status == "running" and not self._cluster.workers():
                self._notice(f"There is no worker at {self._cluster.address} yet; the jobs wait for one.")

    def _notice(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            self._on_notice(sentence)


class _Opened:
    """A queue that is open for a block."""

    def __init__(self, queueing: Queueing) -> None:
        self._queueing = queueing

    def __enter__(self) -> Queueing:
        return self._queueing

    def __exit__(self, *_: object) -> None:
        self._queueing.queue.let_go()
        self._queueing.close()


def _describe_failure(worker: str | None, error: BaseException | None) -> str:
    where = f"The Dask worker {worker}" if worker else "A Dask worker"
    if isinstance(error, ModuleNotFoundError) and (error.name or "").startswith("trackbook"):
        return f'{where} has no Trackbook: install what you have here there, too: pip install "trackbook[lab,dask]"'
    kind = type(error).__name__
    if kind == "KilledWorker":
        return "Each Dask worker that was given this job died; their logs say why (memory, perhaps)."
    return f"{where} could not begin: {kind}: {error}"
