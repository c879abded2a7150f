"""Sweeps: notebooks that are tried with many values of their parameters."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from trackbook.domain.limits import LEAST_MEMORY, Limits
from trackbook.domain.sweep import LARGEST_SEED, MOST_PARALLEL, MOST_TRIALS, SweepDetail
from trackbook.jobs.importance import importance_of
from trackbook.jobs.sweeping import start_sweep
from trackbook.server.base import TrackbookHandler, check_id, guarded
from trackbook.server.handlers.runs import MAX_PAGE
from trackbook.services.context import Services
from trackbook.services.sharing import find_sharing
from trackbook.services.sweep_files import read_objective, read_pruner


class _Window(Struct, frozen=True):
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 100


class _Definition(Struct, frozen=True, forbid_unknown_fields=True):
    notebook: str
    space: dict[str, Any]
    params: dict[str, Any] = {}
    sampler: str | None = None
    trials: Annotated[int, Meta(ge=1, le=MOST_TRIALS)] | None = None
    seed: Annotated[int, Meta(ge=0, le=LARGEST_SEED)] = 0
    objectives: list[str | dict[str, Any]] = []
    pruner: str | dict[str, Any] | None = None
    jobs: Annotated[int, Meta(ge=1, le=MOST_PARALLEL)] = 1
    max_time: Annotated[float, Meta(gt=0)] | None = None
    max_failures: Annotated[int, Meta(ge=1)] | None = None
    timeout: Annotated[float, Meta(gt=0)] | None = None
    cell_timeout: Annotated[float, Meta(gt=0)] | None = None
    memory: Annotated[int, Meta(ge=LEAST_MEMORY)] | None = None
    experiment: str | None = None
    share_prefix: bool = False
    snapshots: bool | None = None


class _Shared(Struct, frozen=True, forbid_unknown_fields=True):
    notebook: str
    space: dict[str, Any]
    params: dict[str, Any] = {}


class _Resumption(Struct, frozen=True, forbid_unknown_fields=True):
    trials: Annotated[int, Meta(ge=1, le=MOST_TRIALS)] | None = None
    jobs: Annotated[int, Meta(ge=1, le=MOST_PARALLEL)] | None = None


class SweepsHandler(TrackbookHandler):
    """`/projects/{project}/sweeps`"""

    @guarded("read")
    async def get(self, project: str) -> None:
        """Answer with the newest sweeps."""
        window = self.query(_Window)
        await self.reply(project, lambda services: {"sweeps": services.sweeps.list(window.limit)})

    @guarded("execute")
    async def post(self, project: str) -> None:
        """Begin a sweep, in a process of its own."""
        wanted = self.body(_Definition)
        await self.reply(project, lambda services: self._begin(services, project, wanted), status=201)

    def _begin(self, services: Services, project: str, wanted: _Definition) -> SweepDetail:
        sweep_id = services.sweeps.define(
            self.app.projects.notebook(project, wanted.notebook),
            wanted.params,
            wanted.space,
            sampler=wanted.sampler,
            trials=wanted.trials,
            seed=wanted.seed,
            objectives=[read_objective(one) for one in wanted.objectives],
            pruner=read_pruner(wanted.pruner) if wanted.pruner is not None else None,
            parallel=wanted.jobs,
            max_time=wanted.max_time,
            max_failures=wanted.max_failures,
            experiment=wanted.experiment,
            timeout=wanted.timeout,
            limits=Limits(wanted.cell_timeout, wanted.memory),
            share_prefix=wanted.share_prefix,
            snapshots=wanted.snapshots,
        )
        start_sweep(services.store, sweep_id)
        return services.sweeps.get(sweep_id)


class SharingHandler(TrackbookHandler):
    """`/projects/{project}/sharing`"""

    @guarded("read")
    async def post(self, project: str) -> None:
        """Answer with the cells that the trials of a sweep would share."""
        wanted = self.body(_Shared)
        await self.reply(
            project,
            lambda _: find_sharing(
                self.app.projects.notebook(project, wanted.notebook), wanted.params, wanted.space
            ),
        )


class SweepHandler(TrackbookHandler):
    """`/projects/{project}/sweeps/{sweep}`"""

    @guarded("read")
    async def get(self, project: str, sweep: str) -> None:
        """Answer with one sweep and its trials."""
        await self.reply(project, lambda services: _show(services, check_id("sweep", sweep)))


class EndSweepHandler(TrackbookHandler):
    """`/projects/{project}/sweeps/{sweep}/cancel`"""

    @guarded("execute")
    async def post(self, project: str, sweep: str) -> None:
        """Have a sweep end; it can be resumed."""
        await self.reply(project, lambda services: self._end(services, check_id("sweep", sweep)))

    def _end(self, services: Services, sweep_id: str) -> SweepDetail:
        services.sweeps.request_end(sweep_id)
        return services.sweeps.get(sweep_id)


class ResumeSweepHandler(TrackbookHandler):
    """`/projects/{project}/sweeps/{sweep}/resume`"""

    @guarded("execute")
    async def post(self, project: str, sweep: str) -> None:
        """Go on with a sweep, in a process of its own."""
        wanted = self.body(_Resumption) if self.request.body else _Resumption()
        await self.reply(project, lambda services: self._resume(services, check_id("sweep", sweep), wanted))

    def _resume(self, services: Services, sweep_id: str, wanted: _Resumption) -> SweepDetail:
        services.sweeps.check_idle(sweep_id)
        services.sweeps.extend(sweep_id, trials=wanted.trials, parallel=wanted.jobs)
        services.sweeps.withdraw_end(sweep_id)
        start_sweep(services.store, sweep_id)
        return services.sweeps.get(sweep_id)


def _show(services: Services, sweep_id: str) -> SweepDetail:
    found = services.sweeps.get(sweep_id)
    return services.sweeps.get(sweep_id, importance_of(services, found))
