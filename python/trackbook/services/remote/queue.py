"""The queue of a served store, as a worker on this machine takes its jobs."""

import os
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from trackbook.domain.job import Job, JobAttempt, JobStatus
from trackbook.errors import StoreUnreachable
from trackbook.services.ingester import ensure_ingester
from trackbook.services.queue import FAR, LEASE, RENEW, JobQueue, is_of_crew, worker_name
from trackbook.services.remote.blobs import served_blobs
from trackbook.services.remote.connection import Connection, decode, exact_body
from trackbook.services.remote.status import check_refusal, wake
from trackbook.services.remote.waiting import is_sent, sizes_now
from trackbook.store.bells import ring_bells
from trackbook.store.locks import ProcessLock, is_running, os_host, process_started
from trackbook.store.paths import StorePaths
from trackbook.store.place import Blobs

T = TypeVar("T")

# What a job recorded is sent before its outcome is said, for so long at most.
_SENDING_SECONDS = 600.0
_SECONDS_BETWEEN_TRIES = 1.0
_SECONDS_BETWEEN_LOOKS = 0.5
_SEES_PROCESSES = process_started(os.getpid()) > 0


class _Claim(msgspec.Struct):
    job: Job | None
    waiting: bool
    open: int


class _Standing(msgspec.Struct):
    held: bool
    cancel: bool
    prune: str | None = None


class _Jobs(msgspec.Struct):
    jobs: list[Job]


class _Taken(msgspec.Struct):
    taken: bool


class RemoteQueue(JobQueue):
    """The jobs of a served store, whose spool on this machine is `store`; as `JobQueue`.

    The claim is the server's, and so as exact as in its database. A lock in the spool keeps two processes of this
    machine out of one job's folder, should the first still be about to end.
    """

    def __init__(
        self,
        store: StorePaths,
        connection: Connection,
        *,
        sweep_id: str | None = None,
        job_ids: Sequence[str] | None = None,
        worker: str | None = None,
        supervisor: int | None = None,
    ) -> None:
        self._store, self._connection = store, connection
        self._sweep_id, self._job_ids = sweep_id, job_ids
        # Of one crew with those of the same spool: whoever is the first to see one of them dead says so.
        self._worker = worker or f"{worker_name(supervisor)}@{store.id}"
        self._locks: dict[str, ProcessLock] = {}
        self._blobs = served_blobs(store, connection)
        self._standings: dict[str, tuple[float, _Standing]] = {}

    @property
    def blobs(self) -> Blobs:
        """Where the jobs' frozen notebooks are."""
        return self._blobs

    def claim(self) -> Job | None:
        """Take the job that has waited longest; as `JobQueue.claim`."""
        job = self._claim().job
        if job is not None:
            lock = self._lock(job.id)
            # Who was believed to be dead, and is not quite yet, has to be out of the job's folder first.
            if lock.acquire(timeout=LEASE / 2):
                self._locks[job.id] = lock
        return job

    def keep(self, job: Job) -> bool:
        """Prolong the lease on a job that was claimed; False if it was taken from this worker meanwhile."""
        return self._say(job).held

    def note_progress(self, job: Job, cell: int, cells: int) -> None:
        """Tell that cell `cell` of `cells` is being run."""
        self._say(job, progress=(cell, cells))

    def note_shown(
        self, job: Job, cell_id: str | None, outputs: list[dict[str, Any]], truncated: bool
    ) -> None:
        """Tell what the cell that is being run has shown so far, as nbformat 4 outputs."""
        self._say(job, shown={"cell": cell_id, "outputs": outputs, "truncated": truncated})

    def is_cancel_requested(self, job: Job) -> bool:
        """Tell whether somebody wants the job to end."""
        asked, standing = self._standings.get(job.id, (0.0, None))
        if standing is None or time.monotonic() - asked > _SECONDS_BETWEEN_LOOKS:
            standing = self._say(job)
        return standing.cancel

    def prune_reason(self, job: Job) -> str | None:
        """Return why a job's trial promises too little to go on, as the server said when it was to end."""
        _, standing = self._standings.get(job.id, (0.0, None))
        return None if standing is None else standing.prune

    def finish(self, job: Job, attempt: JobAttempt) -> bool:
        """Hand in how a job's attempt came out, once the server has what it recorded; as `JobQueue.finish`."""
        self._send_all(job)
        body = {"worker": self._worker, "run": job.spec.run_id, "attempt": attempt}
        ended = self._insist(lambda: self._post(Job, body, job.id, "finish"))
        self._release(job.id)
        self._standings.pop(job.id, None)
        ring_bells(self._store.bells)
        return any(told.run_id == job.spec.run_id for told in ended.attempts)

    def beside(self, job: Job) -> list[Job]:
        """Return no job: what those of other machines write is not seen here."""
        return []

    def take_over(self, job_id: str, crew: str) -> bool:
        """Take a job from a worker of a crew that is known to be dead; as `JobQueue.take_over`."""
        return self._post(_Taken, {"worker": self._worker, "crew": crew}, job_id, "lost").taken

    def has_waiting(self) -> bool:
        """Tell whether one of the wanted jobs waits."""
        return any(job.status == "queued" for job in self._wanted())

    def count_open(self) -> int:
        """Return how many of the wanted jobs have not ended."""
        return sum(job.status in ("queued", "running") for job in self._wanted())

    def cancel_waiting(self) -> None:
        """Cancel those of the wanted jobs that wait."""
        waiting = [job.id for job in self._wanted() if job.status == "queued"]
        if waiting:
            self._post(_Jobs, {"jobs": waiting}, "cancel")

    def recover(self) -> list[str]:
        """Take jobs from workers of this machine that died, and have the server do so with those of others, by lease.

        Returns the ids of the former; which the latter are is for the server to know.
        """
        self._post(_Jobs, {"jobs": []}, "recover")
        left = [job.id for job in self._running() if self._is_left(job)]
        return [job_id for job_id in left if self.take_over(job_id, self._store.id)]

    def _is_left(self, job: Job) -> bool:
        """Tell whether a worker of this spool has the job, and is dead."""
        if job.worker is None or not is_of_crew(job.worker, self._store.id):
            return False
        host, _, process = job.worker.rpartition("@")[0].rpartition(":")
        pid = process.rpartition("/")[2]
        # Where the system does not say which processes there are, the lease does.
        return host == FAR + os_host() and pid.isdecimal() and _SEES_PROCESSES and not is_running(int(pid))

    def _claim(self) -> _Claim:
        body = {"worker": self._worker, "sweep": self._sweep_id, "jobs": self._job_ids}
        return self._post(_Claim, body, "claim")

    def _say(self, job: Job, **more: Any) -> _Standing:
        body = {"worker": self._worker, "run": job.spec.run_id, **more}
        standing = self._post(_Standing, body, job.id, "keep")
        self._standings[job.id] = (time.monotonic(), standing)
        return standing

    def _wanted(self) -> list[Job]:
        if self._job_ids is not None:
            return self._post(_Jobs, {"jobs": list(self._job_ids)}, "jobs").jobs
        return [*self._in_state("queued"), *self._running()]

    def _running(self) -> list[Job]:
        if self._job_ids is not None:
            return [job for job in self._wanted() if job.status == "running"]
        return self._in_state("running")

    def _in_state(self, status: JobStatus) -> list[Job]:
        query = {"status": status, "limit": 500, "sweep": self._sweep_id}
        found = self._connection.ask(_Jobs, "GET", self._connection.in_project("queue"), query).jobs
        return [job for job in found if self._sweep_id is not None or job.spec.executor == "local"]

    def _send_all(self, job: Job) -> None:
        """Wait until the server has the run's records and content; the job is kept meanwhile."""
        began, deadline, kept = time.time(), time.monotonic() + _SENDING_SECONDS, 0.0
        waiting = sizes_now(self._store)  # of all runs: the notebook may have begun some of its own
        while time.monotonic() < deadline:
            try:
                if time.monotonic() - kept > RENEW:
                    kept = time.monotonic()
                    self.keep(job)
                if is_sent(self._store, self._connection, waiting):
                    return
                check_refusal(self._store, began)
            except StoreUnreachable:
                time.sleep(_SECONDS_BETWEEN_TRIES)
            ensure_ingester(self._store)
            wake(self._store)
            time.sleep(0.05)

    def _insist(self, call: Callable[[], T]) -> T:
        # The work is done; a server that is away for a moment must not make it be done again.
        deadline = time.monotonic() + _SENDING_SECONDS
        while True:
            try:
                return call()
            except StoreUnreachable:
                if time.monotonic() > deadline:
                    raise
                time.sleep(_SECONDS_BETWEEN_TRIES)

    def _post(self, kind: type[T], body: Any, *path: str) -> T:
        where = self._connection.in_project("queue", *path)
        return decode(self._connection.send("POST", where, None, exact_body(body)), kind)
