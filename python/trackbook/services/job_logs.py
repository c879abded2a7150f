"""What the kernel of a job has printed itself, piece by piece while it runs, and whole when it has ended."""

import os
from pathlib import Path

from trackbook.config import captures_in
from trackbook.domain.job import JOB_ENDED, Job, JobLog
from trackbook.errors import NotFound, UsageError
from trackbook.services.artifacts import Artifacts
from trackbook.services.jobs import Jobs
from trackbook.services.masking import Masker
from trackbook.store.paths import StorePaths

LOG = "log.txt"
MOST = 1_000_000  # bytes of a piece


class JobLogs:
    """Reads the logs of one store's jobs. `store` is the folder, or the spool, in which this machine works on jobs."""

    def __init__(self, store: StorePaths, jobs: Jobs, artifacts: Artifacts) -> None:
        self._store, self._jobs, self._artifacts = store, jobs, artifacts

    def read(self, job_id: str, offset: int = 0) -> JobLog:
        """Return what a job's kernel has printed from `offset` (bytes) on, at most a million bytes, whole lines.

        It is what its file on this machine holds, with secrets masked, or else what was stored when it ended. An offset
        beyond the end begins anew, as a further attempt does. Raises NotFound for an unknown job, UsageError for an
        offset below 0.
        """
        if offset < 0:
            raise UsageError("The offset has to be 0 or more.")
        job = self._jobs.get(job_id)
        has_ended = job.status in JOB_ENDED
        own = self._store.job_folder(job.id) / LOG
        is_own = own.is_file()
        before, data, start = _read(own if is_own else self._stored(job), offset)
        at_end = len(data) <= MOST
        data = data[:MOST]
        if not (has_ended and at_end):
            # A line is not searched for secrets before it is whole.
            whole = data.rfind(b"\n") + 1
            data = data[:whole] if whole or at_end else data
        text = data.decode("utf-8", "replace")
        if is_own:
            masker = Masker("secrets" in captures_in(self._store.project))
            masker.text(
                before.decode("utf-8", "replace"), LOG
            )  # a password that was named there is known here
            text = masker.text(text, LOG)
        return JobLog(text, start + len(data), has_ended and at_end)

    def _stored(self, job: Job) -> Path | None:
        try:
            return self._artifacts.open(job.spec.run_id, LOG)[1]
        except NotFound:  # it printed nothing, or did not run yet
            return None


def _read(path: Path | None, offset: int) -> tuple[bytes, bytes, int]:
    """Return what stands before an offset, what from there on, and the offset, which is 0 for one beyond the end."""
    if path is None:
        return b"", b"", 0
    try:
        with path.open("rb") as file:
            if offset > os.fstat(file.fileno()).st_size:
                offset = 0
            file.seek(max(0, offset - MOST))
            before = file.read(min(offset, MOST))
            return before, file.read(MOST + 1), offset
    except FileNotFoundError:
        return b"", b"", 0
