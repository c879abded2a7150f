"""Jobs need a queue that workers share: a served store has none."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from trackbook.domain.job import Job, JobStatus
from trackbook.domain.limits import Limits
from trackbook.errors import NotFound, UsageError
from trackbook.services.jobs import IdList, JobList, Jobs
from trackbook.store.paths import StorePaths


class RemoteJobs(Jobs):
    """The jobs of a served store, of which there are none. What a notebook offers can be asked all the same."""

    def __init__(self, store: StorePaths) -> None:
        self._store = store

    def submit(
        self,
        path: Path,
        params: Mapping[str, Any] | None = None,
        sweep: Mapping[str, Sequence[Any]] | None = None,
        *,
        experiment: str | None = None,
        timeout: float | None = None,
        limits: Limits | None = None,
        kernel: str | None = None,
        parent_id: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> JobList:
        """Raise UsageError: jobs need another kind of store."""
        self._refuse()

    def list(
        self, status: JobStatus | None = None, limit: int | None = 100, *, sweep_id: str | None = None
    ) -> JobList:
        """Return no job."""
        return []

    def get(self, job_id: str) -> Job:
        """Raise NotFound."""
        raise NotFound("job", job_id)

    def find(self, reference: str) -> Job:
        """Raise NotFound."""
        raise NotFound("job", reference)

    def get_many(self, job_ids: Sequence[str]) -> JobList:
        """Return no job."""
        return []

    def cancel(self, job_id: str) -> Job:
        """Raise NotFound."""
        raise NotFound("job", job_id)

    def changed_since(self, revision: int) -> IdList:
        """Return no job."""
        return []

    def _refuse(self) -> NoReturn:
        raise UsageError(
            f"Jobs need a store in a folder or a PostgreSQL database, whose queue their workers share; "
            f"{self._store.remote} is a served one. Runs, from notebooks and scripts, can be tracked there."
        )
