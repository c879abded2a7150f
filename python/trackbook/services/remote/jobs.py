"""Jobs of a served store: frozen here, queued there, run by whichever worker may claim them."""

from collections.abc import Sequence

import msgspec

from trackbook.domain.job import JOB_ENDED, Job, JobSpec, JobStatus, contents_of
from trackbook.errors import NotFound
from trackbook.services.jobs import IdList, JobList, Jobs
from trackbook.services.remote.blobs import served_blobs
from trackbook.services.remote.connection import Connection, decode, exact_body
from trackbook.store.paths import StorePaths

_AT_ONCE = 500


class _Jobs(msgspec.Struct):
    jobs: list[Job]


class _Counts(msgspec.Struct):
    counts: dict[JobStatus, int]


class RemoteJobs(Jobs):
    """The jobs of a served store, as those see them who want notebooks run; as `Jobs`.

    To queue or cancel one needs a token of the scope `execute`: a job is code that a worker's machine runs.
    """

    def __init__(self, store: StorePaths, connection: Connection) -> None:
        self._store, self._connection = store, connection
        self._blobs = self._distant = served_blobs(store, connection)
        self._sent: set[str] = set()  # so that a sweep does not ask for each trial anew

    def list(
        self,
        status: JobStatus | None = None,
        limit: int | None = 100,
        *,
        sweep_id: str | None = None,
        offset: int = 0,
    ) -> JobList:
        """Return jobs, the one submitted last first; those before `offset` are left out."""
        path = self._connection.in_project("queue")
        found: dict[str, Job] = {}  # one that moves on while pages are asked for is on two of them
        while limit is None or len(found) < limit:
            size = _AT_ONCE if limit is None else min(limit - len(found), _AT_ONCE)
            query = {"status": status, "offset": offset or None, "limit": size, "sweep": sweep_id}
            page = self._connection.ask(_Jobs, "GET", path, query).jobs
            fresh = {job.id: job for job in page if job.id not in found}
            found |= fresh
            offset += len(page)
            if len(page) < size or not fresh:  # an older server has one page only, and gives it again
                break
        return [*found.values()]

    def counts(self) -> dict[JobStatus, int]:
        """Return how many jobs there are in each state that any is in."""
        path = self._connection.in_project("queue", "counts")
        return self._connection.ask(_Counts, "GET", path).counts

    def get(self, job_id: str) -> Job:
        """Return one job; raises NotFound if there is none of this id."""
        found = self.get_many([job_id])
        if not found:
            raise NotFound("job", job_id)
        return found[0]

    def matching(self, ending: str) -> JobList:
        """Return the jobs, ten at most, whose id ends so; as `Jobs.matching`."""
        path = self._connection.in_project("queue")
        return self._connection.ask(_Jobs, "GET", path, {"ending": ending}).jobs

    def get_many(self, job_ids: Sequence[str]) -> JobList:
        """Return the jobs of these ids, in their order; unknown ids are left out."""
        return self._ask("jobs", job_ids)

    def cancel(self, job_id: str) -> Job:
        """Have a job end; as `Jobs.cancel`."""
        job = self.get(job_id)
        return job if job.status in JOB_ENDED else self._ask("cancel", [job_id])[0]

    def changed_since(self, revision: int) -> IdList:
        """Return nothing: who waits for a job of a served store asks for it."""
        return []

    def _queue(self, specs: Sequence[JobSpec]) -> JobList:
        self.send_contents(specs)
        path = self._connection.in_project("queue")
        queued: JobList = []
        for start in range(0, len(specs), _AT_ONCE):
            body = exact_body({"jobs": specs[start : start + _AT_ONCE]})
            queued += decode(self._connection.send("POST", path, None, body), _Jobs).jobs
        return queued

    def send_contents(self, specs: Sequence[JobSpec]) -> None:
        """See to it that the server has what jobs need: notebooks, files, and what was frozen with them."""
        for digest in dict.fromkeys(digest for spec in specs for digest in contents_of(spec)):
            if digest not in self._sent:
                self._distant.keeper.write(digest, self._distant.file(digest))
                self._sent.add(digest)

    def _ask(self, what: str, job_ids: Sequence[str]) -> JobList:
        found: JobList = []
        for start in range(0, len(job_ids), _AT_ONCE):
            body = {"jobs": list(job_ids[start : start + _AT_ONCE])}
            path = self._connection.in_project("queue", what)
            found += self._connection.ask(_Jobs, "POST", path, body=body).jobs
        return found
