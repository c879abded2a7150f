"""The queue of a served store: jobs for workers on other machines, and what these say of them."""

from typing import Annotated

from msgspec import Meta, Struct

from trackbook.domain.job import JobAttempt, JobSpec, JobStatus
from trackbook.server.base import check_id, guarded
from trackbook.server.handlers.runs import MAX_PAGE
from trackbook.server.stored import StoreHandler
from trackbook.services.lending import Shown
from trackbook.services.workers import Presence

MOST_IDS = 10_000

_Worker = Annotated[str, Meta(min_length=1, max_length=250)]
_Ids = Annotated[list[str], Meta(max_length=MOST_IDS)]


class _Window(Struct, frozen=True):
    status: JobStatus | None = None
    offset: Annotated[int, Meta(ge=0)] = 0
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 100
    sweep: str | None = None
    ending: str | None = None


class _Submission(Struct, frozen=True, forbid_unknown_fields=True):
    jobs: Annotated[list[JobSpec], Meta(min_length=1)]


class _Asked(Struct, frozen=True, forbid_unknown_fields=True):
    jobs: _Ids


class _Wanted(Struct, frozen=True, forbid_unknown_fields=True):
    worker: _Worker
    sweep: str | None = None
    jobs: _Ids | None = None


class _Present(Struct, frozen=True, forbid_unknown_fields=True):
    host: _Worker
    pid: Annotated[int, Meta(ge=0)]
    ticks: float
    capacity: Annotated[int, Meta(ge=1)]
    memory: Annotated[int, Meta(ge=0)] | None = None
    standing: bool = False


class _Said(Struct, frozen=True, forbid_unknown_fields=True):
    worker: _Worker
    run: str
    progress: tuple[int, int] | None = None
    shown: Shown | None = None


class _Finished(Struct, frozen=True, forbid_unknown_fields=True):
    worker: _Worker
    run: str
    attempt: JobAttempt


class _Lost(Struct, frozen=True, forbid_unknown_fields=True):
    worker: _Worker
    crew: _Worker


class QueueHandler(StoreHandler):
    """`/projects/{project}/queue`"""

    @guarded("read")
    async def get(self, project: str) -> None:
        """Answer with the newest jobs, or with those whose ids end in some way."""
        window = self.query(_Window)
        lending = self.served.lending(project)
        if (ending := window.ending) is not None:
            await self.reply_plain(lambda: {"jobs": lending.matching(ending)})
            return
        await self.reply_plain(
            lambda: {"jobs": lending.list(window.status, window.limit, window.sweep, window.offset)}
        )

    @guarded("execute")
    async def post(self, project: str) -> None:
        """Queue jobs whose content was sent."""
        specs = self.body(_Submission, surrogates=True).jobs
        lending = self.served.lending(project)
        await self.reply_plain(lambda: {"jobs": lending.submit(specs)}, status=201)


class QueueCountsHandler(StoreHandler):
    """`/projects/{project}/queue/counts`"""

    @guarded("read")
    async def get(self, project: str) -> None:
        """Answer with how many jobs there are in each state."""
        lending = self.served.lending(project)
        await self.reply_plain(lambda: {"counts": lending.counts()})


class QueuedJobsHandler(StoreHandler):
    """`/projects/{project}/queue/jobs`"""

    @guarded("read")
    async def post(self, project: str) -> None:
        """Answer with the jobs of some ids."""
        ids = self.body(_Asked).jobs
        lending = self.served.lending(project)
        await self.reply_plain(lambda: {"jobs": lending.get_many(ids)})


class QueueClaimHandler(StoreHandler):
    """`/projects/{project}/queue/claim`"""

    @guarded("execute")
    async def post(self, project: str) -> None:
        """Lend a worker a job."""
        wanted = self.body(_Wanted)
        lending = self.served.lending(project)
        await self.reply_plain(lambda: lending.claim(wanted.worker, wanted.sweep, wanted.jobs))


class QueueRecoverHandler(StoreHandler):
    """`/projects/{project}/queue/recover`"""

    @guarded("execute")
    async def post(self, project: str) -> None:
        """Take jobs from dead workers; answer with those that a caller waits for."""
        ids = self.body(_Asked).jobs
        lending = self.served.lending(project)
        await self.app.in_thread(lending.recover)
        await self.reply_plain(lambda: {"jobs": lending.get_many(ids)})


class QueueCancelHandler(StoreHandler):
    """`/projects/{project}/queue/cancel`"""

    @guarded("execute")
    async def post(self, project: str) -> None:
        """Stop jobs, or take them from the queue."""
        ids = self.body(_Asked).jobs
        lending = self.served.lending(project)
        await self.reply_plain(lambda: {"jobs": lending.cancel(ids)})


class QueueWorkersHandler(StoreHandler):
    """`/projects/{project}/queue/workers`"""

    @guarded("read")
    async def get(self, project: str) -> None:
        """Answer with the workers that are there, of all machines."""
        await self.reply(project, lambda services: {"workers": services.workers.list()})

    @guarded("execute")
    async def post(self, project: str) -> None:
        """Hear that a worker of another machine is there."""
        said = self.body(_Present)
        presence = Presence(said.host, said.pid, said.ticks, said.capacity, said.memory, said.standing)
        await self.call(project, lambda services: services.workers.note(presence, far=True))
        await self.reply_plain(lambda: {"noted": 1}, status=201)


class QueueKeepHandler(StoreHandler):
    """`/projects/{project}/queue/{job}/keep`"""

    @guarded("execute")
    async def post(self, project: str, job: str) -> None:
        """Prolong a worker's lease, and hear how far it is."""
        said = self.body(_Said, surrogates=True)
        lending = self.served.lending(project)
        job = check_id("job", job)
        await self.reply_plain(lambda: lending.keep(said.worker, job, said.run, said.progress, said.shown))


class QueueFinishHandler(StoreHandler):
    """`/projects/{project}/queue/{job}/finish`"""

    @guarded("execute")
    async def post(self, project: str, job: str) -> None:
        """Hear how a job came out."""
        said = self.body(_Finished, surrogates=True)
        lending = self.served.lending(project)
        job = check_id("job", job)
        await self.reply_plain(lambda: lending.finish(said.worker, job, said.run, said.attempt))


class QueueLostHandler(StoreHandler):
    """`/projects/{project}/queue/{job}/lost`"""

    @guarded("execute")
    async def post(self, project: str, job: str) -> None:
        """Hear that the worker that has a job is dead."""
        said = self.body(_Lost)
        lending = self.served.lending(project)
        job = check_id("job", job)
        await self.reply_plain(lambda: {"taken": lending.take_over(said.worker, job, said.crew)})
