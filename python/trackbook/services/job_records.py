"""What happens to a job, written into its journal, and at once into the index."""

from trackbook.domain.clock import now
from trackbook.domain.job import JobStatus
from trackbook.domain.records import JobFinished, Record
from trackbook.domain.run import RunError
from trackbook.services.recorder import RunRecorder
from trackbook.store import jobs as table
from trackbook.store.paths import StorePaths
from trackbook.store.place import Place


def write_job_record(store: StorePaths, job_id: str, record: Record) -> None:
    """Append a record to a job's journal, by a writer of its own."""
    writer = RunRecorder.join(store, job_id, role="editor")
    try:
        writer.append(record)
    finally:
        writer.close()


def cancel_job(place: Place, job_id: str) -> None:
    """Have a job end: at once if it waits, else by way of its worker."""
    at = now()
    with place.database.write() as connection:
        never_begins = table.request_cancel(connection, job_id)
        if never_begins:
            table.finish(connection, job_id, "cancelled", None, at)
    if never_begins:
        write_job_record(place.paths, job_id, JobFinished(at, "cancelled"))


def end_job(place: Place, job_id: str, status: JobStatus, error: RunError | None) -> None:
    """Record a job's outcome in its journal and in the index."""
    at = now()
    write_job_record(place.paths, job_id, JobFinished(at, status, error))
    with place.database.write() as connection:
        table.finish(connection, job_id, status, error, at)
