"""Jobs: notebooks that run without anybody watching."""

from typing import Annotated, Any

from msgspec import Meta, Struct, field

from trackbook.config import jobs_in
from trackbook.domain.job import RETRIED_BY_DEFAULT, RETRY_DELAY, FailureCause, Job, JobStatus
from trackbook.domain.limits import LEAST_MEMORY, MOST_RETRIES, Limits
from trackbook.jobs.pool import ensure_workers
from trackbook.server.base import TrackbookHandler, check_id, guarded
from trackbook.server.handlers.runs import MAX_PAGE
from trackbook.services.context import Services


class _Window(Struct, frozen=True):
    status: JobStatus | None = None
    offset: Annotated[int, Meta(ge=0)] = 0
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 100


class _From(Struct, frozen=True):
    offset: Annotated[int, Meta(ge=0)] = 0


class _Submission(Struct, frozen=True, forbid_unknown_fields=True):
    notebook: str
    params: dict[str, Any] = {}
    sweep: dict[str, Annotated[list[Any], Meta(min_length=1)]] = {}
    experiment: str | None = None
    timeout: Annotated[float, Meta(gt=0)] | None = None
    cell_timeout: Annotated[float, Meta(gt=0)] | None = None
    memory: Annotated[int, Meta(ge=LEAST_MEMORY)] | None = None
    retries: Annotated[int, Meta(ge=0, le=MOST_RETRIES)] = 0
    retry_delay: Annotated[float, Meta(ge=0)] = RETRY_DELAY
    retry_on: list[FailureCause] = field(default_factory=lambda: list(RETRIED_BY_DEFAULT))
    snapshots: bool | None = None
    parallel: Annotated[int, Meta(ge=1, le=64)] | None = None


class _Start(Struct, frozen=True, forbid_unknown_fields=True):
    jobs: Annotated[int, Meta(ge=1, le=64)] | None = None


def _page(services: Services, window: _Window) -> dict[str, Any]:
    counts = services.jobs.counts()
    return {
        "jobs": services.jobs.list(window.status, window.limit, offset=window.offset),
        "total": sum(counts.values()) if window.status is None else counts.get(window.status, 0),
        "counts": counts,
    }


class JobsHandler(TrackbookHandler):
    """`/projects/{project}/jobs`"""

    @guarded("read")
    async def get(self, project: str) -> None:
        """Answer with a window of the jobs, and how many there are."""
        window = self.query(_Window)
        await self.reply(project, lambda services: _page(services, window))

    @guarded("execute")
    async def post(self, project: str) -> None:
        """Queue jobs, and see to it that somebody works on them."""
        submission = self.body(_Submission)
        await self.reply(project, lambda services: self._submit(services, project, submission), status=201)

    def _submit(self, services: Services, project: str, submission: _Submission) -> dict[str, Any]:
        jobs = services.jobs.submit(
            self.app.projects.notebook(project, submission.notebook),
            submission.params,
            submission.sweep,
            experiment=submission.experiment,
            timeout=submission.timeout,
            snapshots=submission.snapshots,
            limits=Limits(
                submission.cell_timeout,
                submission.memory,
                submission.retries,
                submission.retry_delay,
                submission.retry_on,
            ),
        )
        ensure_workers(services.store, submission.parallel or jobs_in(services.store.project))
        return {"jobs": jobs}


class JobHandler(TrackbookHandler):
    """`/projects/{project}/jobs/{job}`"""

    @guarded("read")
    async def get(self, project: str, job: str) -> None:
        """Answer with one job."""
        await self.reply(project, lambda services: services.jobs.get(check_id("job", job)))


class CancelHandler(TrackbookHandler):
    """`/projects/{project}/jobs/{job}/cancel`"""

    @guarded("execute")
    async def post(self, project: str, job: str) -> None:
        """Stop a job, or take it from the queue."""
        await self.reply(project, lambda services: services.jobs.cancel(check_id("job", job)))


class RetryHandler(TrackbookHandler):
    """`/projects/{project}/jobs/{job}/retry`"""

    @guarded("execute")
    async def post(self, project: str, job: str) -> None:
        """Queue a job that has ended once more, and see to it that somebody works on it."""
        await self.reply(project, lambda services: self._retry(services, check_id("job", job)), status=201)

    def _retry(self, services: Services, job_id: str) -> Job:
        job = services.jobs.retry(job_id)
        ensure_workers(services.store, jobs_in(services.store.project))
        return job


class JobLogHandler(TrackbookHandler):
    """`/projects/{project}/jobs/{job}/log`"""

    @guarded("read")
    async def get(self, project: str, job: str) -> None:
        """Answer with what the job's kernel has printed from an offset on."""
        start = self.query(_From)
        await self.reply(project, lambda services: services.job_logs.read(check_id("job", job), start.offset))


class WorkersHandler(TrackbookHandler):
    """`/projects/{project}/workers`"""

    @guarded("read")
    async def get(self, project: str) -> None:
        """Answer with the workers that are there."""
        await self.reply(project, lambda services: {"workers": services.workers.list()})

    @guarded("execute")
    async def post(self, project: str) -> None:
        """See to it that somebody works on what waits; who was started is listed a moment later."""
        start = self.body(_Start)
        await self.reply(project, lambda services: self._start(services, start), status=201)

    def _start(self, services: Services, start: _Start) -> dict[str, Any]:
        ensure_workers(services.store, start.jobs or jobs_in(services.store.project))
        return {"workers": services.workers.list()}
