"""Lending: the queue of a served store, for workers on other machines.

They hold no lock here, and their names are never those of processes of this machine: what tells that one is dead is its
lease alone, or another worker of its crew.
"""

from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from trackbook.domain.clock import now, to_datetime
from trackbook.domain.ids import is_id, new_id
from trackbook.domain.job import JOB_ENDED, Job, JobAttempt, JobSpec, JobStatus, contents_of
from trackbook.domain.records import JobSubmitted
from trackbook.errors import Conflict, NotFound, UsageError
from trackbook.services.catchup import catch_up
from trackbook.services.job_records import cancel_job, write_job_record
from trackbook.services.jobs import MOST_JOBS, Jobs
from trackbook.services.queue import FAR, JobQueue
from trackbook.services.receiving import check_digest
from trackbook.store import jobs as table
from trackbook.store.place import Place

_INDEXING_SECONDS = 15.0


class Claim(Struct, frozen=True):
    """A job that was lent, if one was.

    `waiting` tells whether more of the wanted ones wait, `open` how many have not ended.
    """

    job: Job | None
    waiting: bool
    open: int


class Standing(Struct, frozen=True):
    """Whether a worker still has a job, and whether somebody wants it to end.

    `prune` says why, if it is a trial that promises too little.
    """

    held: bool
    cancel: bool
    prune: str | None = None


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

        A trial whose run a job makes already is that job: a controller that did not hear the answer asks again. Raises
        UsageError for a spec that can't be one, Conflict where its content is not here.
        """
        if not 0 < len(specs) <= MOST_JOBS:
            raise UsageError(f"{len(specs):,} jobs can't be queued at once; from 1 to {MOST_JOBS:,} can.")
        digests = {digest for spec in specs for digest in contents_of(spec)}
        for spec in specs:
            check_lent_spec(spec)
        if missing := [
            digest for digest in sorted(digests) if not self._place.blobs.has(check_digest(digest))
        ]:
            raise Conflict(f"Content of these jobs is not here: {missing[0][:12]}… Send it first.")
        known = self._known({spec.run_id for spec in specs if spec.trial is not None})
        queued = []
        for spec in specs:
            if (job := known.get(spec.run_id)) is not None:
                queued.append(job)
                continue
            at = now()
            job = Job(new_id(), spec, "queued", to_datetime(at))
            write_job_record(self._place.paths, job.id, JobSubmitted(at, spec))
            queued.append(job)
        catch_up(self._place, inline=False, timeout=_INDEXING_SECONDS)
        return queued

    def list(
        self, status: JobStatus | None, limit: int | None, sweep_id: str | None, offset: int
    ) -> "JobList":
        """Return jobs, the one submitted last first; those before `offset` are left out."""
        return self._jobs.list(status, limit, sweep_id=sweep_id, offset=offset)

    def counts(self) -> dict[JobStatus, int]:
        """Return how many jobs there are in each state that any is in."""
        return self._jobs.counts()

    def matching(self, ending: str) -> "JobList":
        """Return the jobs, ten at most, whose id ends so; none for fewer than 6 characters."""
        return self._jobs.matching(ending)

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
        cancel = queue.is_cancel_requested(job)
        return Standing(True, cancel, queue.prune_reason(job) if cancel else None)

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

    def prune(self, job_id: str, reason: str) -> Job:
        """Have a trial's job end soon, as pruned for a reason."""
        if self._jobs.get(job_id).status not in JOB_ENDED:
            cancel_job(self._place, job_id, reason)
        return self._jobs.get(job_id)

    def _known(self, run_ids: set[str]) -> dict[str, Job]:
        if not run_ids:
            return {}
        catch_up(self._place, inline=False, timeout=_INDEXING_SECONDS)
        with self._place.database.read() as connection:
            return {job.spec.run_id: job for job in table.read_jobs(connection, run_ids=sorted(run_ids))}

    def _queue(self, worker: str, sweep_id: str | None, job_ids: Sequence[str] | None) -> JobQueue:
        return _LentQueue(self._place, sweep_id=sweep_id, job_ids=job_ids, worker=FAR + worker)

    def _held(self, worker: str, job_id: str, run_id: str) -> tuple[JobQueue, Job | None]:
        job = self._jobs.get(job_id)
        return self._queue(worker, None, [job_id]), job if job.spec.run_id == run_id else None


class Shown(Struct, frozen=True):
    """What a running cell has shown so far, as nbformat 4 outputs."""

    cell: str | None
    outputs: list[dict[str, Any]]
    truncated: bool = False


JobList = list[Job]


def check_lent_spec(spec: JobSpec) -> None:
    """Raise NotFound for a spec from elsewhere that names what has no such id."""
    # Ids become paths here, and names of files paths where the job runs.
    for kind, text in (("run", spec.run_id), ("run", spec.parent_id), ("sweep", spec.sweep_id)):
        if text is not None and not is_id(text):
            raise NotFound(kind, text)
