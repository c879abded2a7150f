"""Reproductions: what stands in the way of repeating a run, and repeating it."""

from typing import Annotated

from msgspec import Meta, Struct

from trackbook.domain.job import Job
from trackbook.domain.reproduction import ReproductionOptions
from trackbook.jobs.pool import ensure_workers
from trackbook.jobs.reproduce import submit_reproduction
from trackbook.server.base import TrackbookHandler, check_id, guarded
from trackbook.services.context import Services


class _Reproduce(Struct, frozen=True, forbid_unknown_fields=True):
    tolerance: Annotated[float, Meta(ge=0)] | None = None
    environment: bool = False
    allow_changed_data: bool = False
    ignore: list[str] = []
    timeout: Annotated[float, Meta(gt=0)] | None = None


class DiagnosisHandler(TrackbookHandler):
    """`/projects/{project}/runs/{run}/diagnosis`"""

    @guarded("read")
    async def get(self, project: str, run: str) -> None:
        """Answer with what makes a run hard to repeat."""
        await self.reply(project, lambda services: services.diagnosing.of(check_id("run", run)))


class ReproduceHandler(TrackbookHandler):
    """`/projects/{project}/runs/{run}/reproduce`"""

    @guarded("execute")
    async def post(self, project: str, run: str) -> None:
        """Queue a job that repeats a run, and see to it that somebody works on it."""
        asked = self.body(_Reproduce)
        await self.reply(project, lambda services: _submit(services, check_id("run", run), asked), status=201)


def _submit(services: Services, run: str, asked: _Reproduce) -> Job:
    options = ReproductionOptions(
        run, asked.tolerance, asked.environment, asked.allow_changed_data, asked.ignore
    )
    job = submit_reproduction(services, run, options, timeout=asked.timeout)
    ensure_workers(services.store)
    return job
