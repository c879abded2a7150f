"""Resumptions: whether and how a job's run that failed can go on, and going on with it."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from trackbook.domain.job import Job
from trackbook.jobs.pool import ensure_workers
from trackbook.server.base import TrackbookHandler, check_id, guarded
from trackbook.services.context import Services
from trackbook.services.resumption import ResumeRequest


class _Resume(Struct, frozen=True, forbid_unknown_fields=True):
    notebook: dict[str, Any] | None = None
    params: dict[str, Any] = {}
    number: Annotated[int, Meta(ge=1)] | None = None
    everything: bool = False


class ResumptionHandler(TrackbookHandler):
    """`/projects/{project}/runs/{run}/resumption`"""

    @guarded("read")
    async def get(self, project: str, run: str) -> None:
        """Answer with which cells would run again, with the notebook's file as it is now."""
        await self.reply(project, lambda services: services.resumptions.of(check_id("run", run)))


class ResumeHandler(TrackbookHandler):
    """`/projects/{project}/runs/{run}/resume`"""

    @guarded("execute")
    async def post(self, project: str, run: str) -> None:
        """Queue a job that goes on with a run, and see to it that somebody works on it."""
        asked = self.body(_Resume, surrogates=True)
        await self.reply(project, lambda services: _submit(services, check_id("run", run), asked), status=201)


def _submit(services: Services, run: str, asked: _Resume) -> Job:
    request = ResumeRequest(asked.notebook, None, asked.params, asked.number, asked.everything)
    job, _ = services.resumptions.submit(run, request)
    ensure_workers(services.store)
    return job
