"""What happens to a job, written into its journal, and at once into the index."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec

from trackbook.domain.clock import now, to_datetime
from trackbook.domain.ids import new_id
from trackbook.domain.job import (
    AttemptOutcome,
    FailureCause,
    Job,
    JobAttempt,
    JobSpec,
    JobStatus,
    contents_of,
)
from trackbook.domain.records import JobAttempted, JobFinished, JobSubmitted, Record
from trackbook.domain.run import RunError
from trackbook.errors import StoreUnreachable
from trackbook.services.recorder import RunRecorder
from trackbook.store import jobs as table
from trackbook.store.bells import ring_bells
from trackbook.store.database import Connection
from trackbook.store.job_history import note_attempt
from trackbook.store.jobs import Attempt
from trackbook.store.paths import StorePaths
from trackbook.store.place import Place


def write_job_record(store: StorePaths, job_id: str, *records: Record) -> None:
    """Append records to a job's journal, by a writer of its own."""
    writer = RunRecorder.join(store, job_id, role="editor")
    try:
        for record in records:
            writer.append(record)
    finally:
        writer.close()


def cancel_job(place: Place, job_id: str, prune_reason: str | None = None) -> None:
    """Have a job end: at once if it waits, else by way of its worker, as "pruned" if there is a reason for that."""
    at = now()
    with place.database.write() as connection:
        never_begins = table.request_cancel(connection, job_id, prune_reason)
        if never_begins:
            table.finish(connection, job_id, "cancelled", None, at)
    if never_begins:
        write_job_record(place.paths, job_id, JobFinished(at, "cancelled"))
        ring_bells(place.paths.bells)


def end_job(
    place: Place,
    job: Job,
    status: JobStatus,
    error: RunError | None,
    *,
    cause: FailureCause | None = None,
    attempt: JobAttempt | None = None,
    worker: str | None = None,
    beside: Callable[[Connection], None] = lambda connection: None,
) -> bool:
    """Record a job's outcome, and that of its last attempt, in its journal and in the index.

    `beside` changes what belongs to that in the index, in the same transaction.

    False, and nothing is recorded, if it is no longer the job of `worker`, where that is given: a worker that nobody
    heard of for a while may find that another one has taken the job over.
    """
    at = now()
    told = [] if attempt is None else [JobAttempted(at, attempt)]
    with place.database.write() as connection:
        if worker is not None and not table.holds(connection, job, worker):
            return False
        # First, as the journal is what counts; and within, so that nobody takes the job over in between.
        write_job_record(place.paths, job.id, *told, JobFinished(at, status, error, cause))
        if attempt is not None:
            note_attempt(connection, job.id, attempt, 0)
        table.finish(connection, job.id, status, error, at, cause)
        beside(connection)
    ring_bells(place.paths.bells)
    return True


def send_contents(place: Place, specs: Sequence[JobSpec]) -> None:
    """Have what jobs need be where workers on other machines find it, who may claim them within a moment.

    Called before they are queued. Raises StoreUnreachable for those that run elsewhere, where it can't be sent.
    """
    if not place.shared or not place.blobs.may_lag:
        return
    digests = dict.fromkeys(digest for spec in specs for digest in contents_of(spec))
    try:
        place.blobs.send(digests)
    except StoreUnreachable:
        # Workers of this machine find it here.
        if any(spec.executor == "dask" for spec in specs):
            raise


def begin_again(place: Place, held: Attempt, tried: JobAttempt, delay: float) -> bool:
    """Return a job to the queue for another attempt, in a run of its own, `delay` seconds from now at the earliest.

    False if it has changed hands meanwhile.
    """
    at = now()
    not_before = at + int(timedelta(seconds=delay).total_seconds() * 1_000_000) if delay > 0 else 0
    spec = msgspec.structs.replace(held.job.spec, run_id=new_id())
    with place.database.write() as connection:
        taken = table.take_back(connection, held, "queued", spec, not_before)
        if taken:
            note_attempt(connection, held.job.id, tried, not_before)
    if taken:
        records = JobAttempted(at, tried, not_before or None), JobSubmitted(at, spec)
        write_job_record(place.paths, held.job.id, *records)
        ring_bells(place.paths.bells)
    return taken


def attempt_of(job: Job, outcome: AttemptOutcome, error: RunError | None = None) -> JobAttempt:
    """Return a job's present attempt as one that ends now."""
    ended = to_datetime(now())
    return JobAttempt(max(1, job.attempt), job.spec.run_id, outcome, job.started or ended, ended, error)
