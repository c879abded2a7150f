"""Lending: the queue of a served store, for workers on other machines.

They hold no lock here, and their names are never those of processes of this machine: what tells that one is dead is its
lease alone, or another worker of its crew.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from trackbook.domain.clock import now, to_datetime
from trackbook.domain.ids import is_id, new_id
from trackbook.domain.job import Job, JobAttempt, JobSpec, JobStatus, contents_of
from trackbook.domain.records import JobSubmitted
from trackbook.errors import Conflict, NotFound, UsageError
from trackbook.services.catchup import catch_up
from trackbook.services.job_records import write_job_record
from trackbook.services.jobs import MOST_JOBS, Jobs
from trackbook.services.queue import JobQueue
from trackbook.services.receiving import check_digest
from trackbook.store.place import Place

_INDEXING_SECONDS = 15.0
_FAR = "remote:"


class Claim(Struct, frozen=True):
    """A job that was lent, if one was.

    `waiting` tells whether more of the wanted ones wait, `open` how many have not ended.
    """

    job: Job | None
    waiting: bool
    open: int


class Standing(Struct, frozen=True):
    """Whether a worker still has a job, and whether somebody wants it to end."""

    held: bool
    cancel: bool


class _LentQueue(JobQueue):
    """A queue whose worker is a process of another machine."""

    def _take_lock(self, job_id: str) -> bool:
        return True


class Lending:
    """Queues, lends and takes back the jobs of one store, for machines that reach it over HTTP."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._jobs = Jobs(place)

    def submit(self, specs: Sequence[JobSpec]) -> list[Job]:
        """Queue jobs whose notebooks and files have been sent.

        Raises UsageError for a spec that can't be one, Conflict where its content is not here.
        """
        if not 0 < len(specs) <= MOST_JOBS:
            raise UsageError(f"{len(specs):,} jobs can't be queued at once; from 1 to {MOST_JOBS:,} can.")
        digests = {digest for spec in specs for digest in contents_of(spec)}
        for spec in specs:
            _check_spec(spec)
        if missing := [
            digest for digest in sorted(digests) if not self._place.blobs.has(check_digest(digest))
        ]:
            raise Conflict(f"Content of these jobs is not here: {missing[0][:12]}… Send it first.")
        queued = []
        for spec in specs:
            at = now()
            job = Job(new_id(), spec, "queued", to_datetime(at))
            write_job_record(self._place.paths, job.id, JobSubmitted(at, spec))
            queued.append(job)
        catch_up(self._place, inline=False, timeout=_INDEXING_SECONDS)
        return queued

    def list(self, status: JobStatus | None, limit: int | None, sweep_id: str | None) -> "JobList":
        """Return jobs, the one submitted last first."""
        return self._jobs.list(status, limit, sweep_id=sweep_id)

    def get_many(self, job_ids: Sequence[str]) -> "JobList":
        """Return the jobs of these ids, in their order; unknown ids are left out."""
        return self._jobs.get_many(job_ids)

    def claim(self, worker: str, sweep_id: str | None, job_ids: Sequence[str] | None) -> Claim:
        """Lend a worker the job that has waited longest among those that it wants."""
        queue = self._queue(worker, sweep_id, job_ids)
        job = queue.claim()
        if job is None:
            queue.recover()
        return Claim(job, queue.has_waiting(), queue.count_open())

    def keep(
        self,
        worker: str,
        job_id: str,
        run_id: str,
        progress: tuple[int, int] | None,
        shown: "Shown | None",
    ) -> Standing:
        """Prolong the lease of a worker that has a job, and hear how far it is."""
        queue, job = self._held(worker, job_id, run_id)
        if job is None or not queue.keep(job):
            return Standing(False, True)
        if progress is not None:
            queue.note_progress(job, *progress)
        if shown is not None:
            queue.note_shown(job, shown.cell, shown.outputs, shown.truncated)
        return Standing(True, queue.is_cancel_requested(job))

    def finish(self, worker: str, job_id: str, run_id: str, attempt: JobAttempt) -> Job:
        """Take a job back with how it came out. Said by one who has it no more, it counts for nothing."""
        queue, job = self._held(worker, job_id, run_id)
        if job is not None:
            queue.finish(job, attempt)
        return self._jobs.get(job_id)

    def take_over(self, worker: str, job_id: str, crew: str) -> bool:
        """Take a job from a worker of a crew that is known to be dead, without waiting for its lease."""
        return self._queue(worker, None, [job_id]).take_over(job_id, crew)

    def recover(self) -> None:
        """Take jobs from workers whose leases ran out."""
        JobQueue(self._place).recover()

    def cancel(self, job_ids: Sequence[str]) -> "JobList":
        """Have jobs end: a waiting one never begins, a running one is interrupted soon."""
        for job in self._jobs.get_many(job_ids):
            self._jobs.cancel(job.id)
        return self._jobs.get_many(job_ids)

    def _queue(self, worker: str, sweep_id: str | None, job_ids: Sequence[str] | None) -> JobQueue:
        return _LentQueue(self._place, sweep_id=sweep_id, job_ids=job_ids, worker=_FAR + worker)

    def _held(self, worker: str, job_id: str, run_id: str) -> tuple[JobQueue, Job | None]:
        job = self._jobs.get(job_id)
        return self._queue(worker, None, [job_id]), job if job.spec.run_id == run_id else None


class Shown(Struct, frozen=True):
    """What a running cell has shown so far, as nbformat 4 outputs."""

    cell: str | None
    outputs: list[dict[str, Any]]
    truncated: bool = False


JobList = list[Job]


def _check_spec(spec: JobSpec) -> None:
    # Ids become paths here, and names of files paths where the job runs.
    for kind, text in (("run", spec.run_id), ("run", spec.parent_id), ("sweep", spec.sweep_id)):
        if text is not None and not is_id(text):
            raise NotFound(kind, text)
