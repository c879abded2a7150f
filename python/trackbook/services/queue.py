"""The queue as workers see it: claiming a job, keeping it, handing in its outcome, taking it from the dead.

A worker holds a lock on the job while it works on it: the system lets go of it when the process dies, however it
does. The lease in the index tells the same to other hosts, a little later.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trackbook.domain.clock import now, to_microseconds
from trackbook.domain.job import AttemptOutcome, FailureCause, Job, JobAttempt, JobStatus
from trackbook.domain.retries import cause_of, may_retry, retry_delay
from trackbook.domain.run import RunError, RunStatus
from trackbook.errors import NotFound
from trackbook.services.catchup import catch_up
from trackbook.services.job_records import attempt_of, begin_again, cancel_job, end_job
from trackbook.services.memory_share import MemoryShare
from trackbook.services.notifying import notify_of_end
from trackbook.services.recorder import RunRecorder
from trackbook.store import jobs as table
from trackbook.store.database import Connection
from trackbook.store.jobs import Attempt
from trackbook.store.live_cells import drop_live_cell, put_live_cell
from trackbook.store.locks import ProcessLock, is_held, os_host
from trackbook.store.place import Blobs, Place
from trackbook.store.runs import read_runs
from trackbook.store.workers import count_job

LEASE = 20.0  # seconds
RENEW = 5.0
# What the names of workers begin with that reach a served store over HTTP: none is a process of its server's machine.
FAR = "remote:"
MOST_ATTEMPTS = 2
WORKER_DIED = "WorkerDied"
# How a job came out whose run has ended so. The other ways are what others say of a run whose worker is gone.
_ENDED_BY_WORKER: dict[RunStatus, tuple[JobStatus, AttemptOutcome]] = {
    "finished": ("finished", "finished"),
    "failed": ("failed", "failed"),
    "timed_out": ("failed", "timed_out"),
    "aborted": ("cancelled", "cancelled"),
    "pruned": ("pruned", "pruned"),
}


# How many waiting jobs are looked at together.
_AT_ONCE = 16
# How many that need more memory than is free may be passed by at a time: each has to be asked what it needs.
_MOST_PASSED = 64


def worker_name(supervisor: int | None = None) -> str:
    """Return the name of this process as one that runs jobs: host and pid, behind that of its `supervisor`."""
    return f"{os_host()}:{os.getpid()}" if supervisor is None else f"{os_host()}:{supervisor}/{os.getpid()}"


def worker_id(pid: int) -> str:
    """Return the id of the worker whose process this is, of this host."""
    return f"{os_host()}:{pid}"


def crew_name(crew: str) -> str:
    """Return the name of this process as a worker of a crew, whose leader hears at once when one of it is dead."""
    return f"{worker_name()}@{crew}"


def is_of_crew(worker: str | None, crew: str) -> bool:
    """Tell whether a worker of this name belongs to a crew."""
    return worker is not None and worker.endswith(f"@{crew}")


class JobQueue:
    """The jobs of one store, as a worker takes them. `sweep_id` or `job_ids` say which ones it wants.

    `worker` is its name, by default that of this process; `supervisor` is the process whose children share `memory` in
    bytes, `capacity` of them.
    """

    def __init__(
        self,
        place: Place,
        *,
        sweep_id: str | None = None,
        job_ids: Sequence[str] | None = None,
        worker: str | None = None,
        supervisor: int | None = None,
        memory: int | None = None,
        capacity: int = 1,
    ) -> None:
        self._place, self._database = place, place.database
        self._store = place.paths
        self._sweep_id, self._job_ids = sweep_id, job_ids
        self._worker = worker or worker_name(supervisor)
        self._memory = None if memory is None else MemoryShare(self._worker, memory, capacity)
        self._locks: dict[str, ProcessLock] = {}
        self._expects_more = False

    @property
    def blobs(self) -> Blobs:
        """Where the jobs' frozen notebooks are."""
        return self._place.blobs

    def claim(self) -> Job | None:
        """Take the job that has waited longest; None if none waits. No other worker gets it until this one dies.

        Jobs that are to be begun again later do not count yet, nor do those that need more memory than is free.
        """
        # Looking keeps nobody from writing. Where one job was there, mostly there is another.
        if not self._expects_more:
            with self._database.read() as connection:
                if not self._due(connection, 1, 0):
                    return None
        self._expects_more = False
        held = set(self._locks)
        try:
            with self._database.write() as connection:
                job = self._claim_first(connection)
        except BaseException:
            for job_id in self._locks.keys() - held:
                self._release(job_id)
            raise
        self._expects_more = job is not None
        return job

    def _claim_first(self, connection: Connection) -> Job | None:
        passed = 0
        while waiting := self._due(connection, _AT_ONCE, passed):
            for job_id in waiting:
                reserved = 0
                if self._memory is not None:
                    found = self._memory.reserve(connection, job_id)
                    if found is None:
                        if self._memory.is_blocked:
                            return None
                        continue
                    reserved = found
                if not self._take_lock(job_id):
                    continue  # its worker lives, though the row was made anew
                job = table.claim(connection, job_id, self._worker, now(), _lease_end(), reserved)
                if job is not None:
                    return job
                self._release(job_id)
            passed += len(waiting)
            if self._memory is not None and passed >= _MOST_PASSED:
                break
        return None

    def _due(self, connection: Connection, limit: int, offset: int) -> list[str]:
        return table.queued_ids(
            connection, self._sweep_id, self._job_ids, due=now(), limit=limit, offset=offset
        )

    def keep(self, job: Job) -> bool:
        """Prolong the lease on a job that was claimed; False if another worker has taken it over meanwhile."""
        with self._database.write() as connection:
            return table.renew(connection, job, self._worker, _lease_end())

    def note_progress(self, job: Job, cell: int, cells: int) -> None:
        """Tell that cell `cell` of `cells` is being run."""
        with self._database.write() as connection:
            table.set_progress(connection, job.id, cell, cells)

    def note_shown(
        self, job: Job, cell_id: str | None, outputs: list[dict[str, Any]], truncated: bool
    ) -> None:
        """Tell what the cell that is being run has shown so far, as nbformat 4 outputs."""
        with self._database.write() as connection:
            put_live_cell(connection, job.spec.run_id, cell_id, now(), outputs, truncated)
            table.touch(connection, job.id)

    def beside(self, job: Job) -> list[Job]:
        """Return the other jobs that run, or ended since this one was begun."""
        since = 0 if job.started is None else to_microseconds(job.started)
        with self._database.read() as connection:
            return table.read_beside(connection, job.id, since)

    def folder_of(self, job: Job) -> Path:
        """Return the folder in which a job is worked on, on this machine."""
        return self._store.job_folder(job.id)

    def warn(self, job: Job, text: str) -> None:
        """Add a note to a job's run."""
        writer = RunRecorder.join(self._store, job.spec.run_id, role="editor")
        try:
            writer.add_note(text)
        finally:
            writer.close()

    def is_cancel_requested(self, job: Job) -> bool:
        """Tell whether somebody wants the job to end."""
        with self._database.read() as connection:
            return table.is_cancel_requested(connection, job.id)

    def prune_reason(self, job: Job) -> str | None:
        """Return why a job's trial promises too little to go on, if that is why it is to end."""
        with self._database.read() as connection:
            return table.prune_reason(connection, job.id)

    def finish(self, job: Job, attempt: JobAttempt) -> bool:
        """Hand in how a job's attempt came out, and give the job up; False if another worker has taken it over.

        It is returned to the queue if it failed for a cause that is to be tried again and nobody has cancelled
        it meanwhile. Where the job was taken from this worker, its outcome is for another to say.
        """
        cause = cause_of(attempt.outcome)
        begins_again = self._begins_again(job, cause, attempt)
        ours = begins_again
        if not begins_again:
            status: JobStatus = "failed"
            if attempt.outcome in ("finished", "cancelled", "pruned"):
                status = attempt.outcome
            error = attempt.error if cause is not None else None
            ours = end_job(
                self._place,
                job,
                status,
                error,
                cause=cause,
                attempt=attempt,
                worker=self._worker,
                beside=lambda connection: self._clear_up(connection, job),
            )
            if ours:
                notify_of_end(self._store, job.id, status)
        if begins_again or not ours:
            with self._database.write() as connection:
                self._clear_up(connection, job)
        self._release(job.id)
        return ours

    def _clear_up(self, connection: Connection, job: Job) -> None:
        """Forget what was known of a job only while this worker was at it, and count it as done."""
        drop_live_cell(connection, job.spec.run_id)
        count_job(connection, self._worker.partition("/")[0])

    def take_over(self, job_id: str, crew: str) -> bool:
        """Take a job from a worker of `crew` (see `crew_name`) that is known to be dead, without waiting for its lease.

        False if no worker of the crew has it, or if the process lives on this machine all the same.
        """
        with self._database.read() as connection:
            attempts = table.read_attempts(connection, job_id)
        held = [attempt for attempt in attempts if is_of_crew(attempt.worker, crew)]
        here = [attempt for attempt in held if attempt.worker.rpartition(":")[0] == os_host()]
        if not held or any(is_held(self._lock(attempt.job.id).path) for attempt in here):
            return False
        catch_up(self._place)
        return any(self._take_back(attempt) for attempt in held)

    def let_go(self) -> None:
        """Give up what is still held of jobs, as if this process had died."""
        for job_id in list(self._locks):
            self._release(job_id)

    def has_waiting(self) -> bool:
        """Tell whether one of the wanted jobs waits."""
        with self._database.read() as connection:
            return bool(table.queued_ids(connection, self._sweep_id, self._job_ids, limit=1))

    def count_open(self) -> int:
        """Return how many of the wanted jobs have not ended."""
        with self._database.read() as connection:
            return table.count_open(connection, self._sweep_id, self._job_ids)

    def cancel_waiting(self) -> None:
        """Cancel those of the wanted jobs that wait."""
        with self._database.read() as connection:
            waiting = table.queued_ids(connection, self._sweep_id, self._job_ids)
        for job_id in waiting:
            cancel_job(self._place, job_id)

    def recover(self) -> list[str]:
        """Take jobs from workers that died: once back to the queue, then failed. Returns the ids of these jobs."""
        if not self._abandoned():
            return []
        # What a worker wrote before it died counts: its job may have come to an end.
        catch_up(self._place)
        return [attempt.job.id for attempt in self._abandoned() if self._take_back(attempt)]

    def _abandoned(self) -> list[Attempt]:
        with self._database.read() as connection:
            attempts = table.read_attempts(connection)
        return [attempt for attempt in attempts if self._is_abandoned(attempt)]

    def _is_abandoned(self, attempt: Attempt) -> bool:
        host, _, _ = attempt.worker.rpartition(":")
        if host == os_host():
            return not is_held(self._lock(attempt.job.id).path)
        return attempt.lease_expires < now()

    def _take_back(self, attempt: Attempt) -> bool:
        job = attempt.job
        with self._database.read() as connection:
            run = next(iter(read_runs(connection, [job.spec.run_id])), None)
        if run is not None and run.status in _ENDED_BY_WORKER:
            status, outcome = _ENDED_BY_WORKER[run.status]
            return self._end(attempt, status, outcome, run.error)
        if attempt.cancel_requested:
            return self._end(attempt, "cancelled", "cancelled", None)
        times = "" if attempt.number == 1 else f", in attempt {attempt.number}"
        error = RunError(WORKER_DIED, f"The process that ran this job died{times} ({attempt.worker}).")
        if attempt.number >= max(MOST_ATTEMPTS, job.spec.retries + 1):
            return self._end(attempt, "failed", "lost", error)
        # The run of the dead worker keeps what it has; the next attempt gets one of its own.
        return begin_again(self._place, attempt, attempt_of(attempt.job, "lost", error), 0)

    def _begins_again(self, job: Job, cause: FailureCause | None, tried: JobAttempt) -> bool:
        if cause is None or not may_retry(job.spec, tried.number, cause):
            return False
        with self._database.read() as connection:
            held = next(iter(table.read_attempts(connection, job.id)), None)
        if held is None or held.cancel_requested or held.worker != self._worker:
            return False
        return begin_again(self._place, held, tried, retry_delay(job.spec, tried.number))

    def _end(
        self, attempt: Attempt, status: JobStatus, outcome: AttemptOutcome, error: RunError | None
    ) -> bool:
        with self._database.write() as connection:
            taken = table.take_back(connection, attempt, status)
        if taken:
            tried = attempt_of(attempt.job, outcome, error)
            end_job(self._place, attempt.job, status, error, cause=cause_of(outcome), attempt=tried)
            notify_of_end(self._store, attempt.job.id, status)
        return taken

    def _take_lock(self, job_id: str) -> bool:
        lock = self._lock(job_id)
        try:
            taken = lock.acquire()
        except FileNotFoundError:
            raise NotFound("store", self._store.root) from None
        if taken:
            self._locks[job_id] = lock
        return taken

    def _release(self, job_id: str) -> None:
        if (lock := self._locks.pop(job_id, None)) is not None:
            lock.release()

    def _lock(self, job_id: str) -> ProcessLock:
        folder = self._store.job_folder(job_id)
        folder.mkdir(parents=True, exist_ok=True)
        return ProcessLock(folder / "worker.lock")


def _lease_end() -> int:
    return now() + int(LEASE * 1_000_000)
