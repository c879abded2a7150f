"""The sweeps of a served store, which processes of other machines work off."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from trackbook.domain.sweep import SweepSpec
from trackbook.server.base import check_id, guarded
from trackbook.server.handlers.queue import MOST_IDS
from trackbook.server.handlers.runs import MAX_PAGE
from trackbook.server.stored import StoreHandler

_MOST_TEXT = 2_000


class _Window(Struct, frozen=True):
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 100


class _Late(Struct, frozen=True):
    late_after: str | None = None


class _Definition(Struct, frozen=True, forbid_unknown_fields=True):
    sweep: str
    spec: SweepSpec


class _Held(Struct, frozen=True, forbid_unknown_fields=True):
    holder: Annotated[str, Meta(min_length=1, max_length=250)]
    held: bool = True


class _End(Struct, frozen=True, forbid_unknown_fields=True):
    what: Literal["request", "withdraw", "trials", "own_trials"]


class _Asked(Struct, frozen=True, forbid_unknown_fields=True):
    runs: Annotated[list[str], Meta(max_length=MOST_IDS)]
    ended: bool = False


class _Pruned(Struct, frozen=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(min_length=1, max_length=_MOST_TEXT)]


class QueuedSweepsHandler(StoreHandler):
    """`/projects/{project}/queue/sweeps`"""

    @guarded("read")
    async def get(self, project: str) -> None:
        """Answer with the newest sweeps."""
        window = self.query(_Window)
        await self.reply(project, lambda services: {"sweeps": services.sweeps.list(window.limit)})

    @guarded("execute")
    async def post(self, project: str) -> None:
        """Note down what a sweep tries."""
        wanted = self.body(_Definition, surrogates=True)
        sweep = check_id("sweep", wanted.sweep)
        lending = self.served.sweep_lending(project)
        await self.app.in_thread(lambda: lending.define(sweep, wanted.spec))
        await self.reply_plain(lambda: {"sweep": sweep}, status=201)


class QueuedSweepHandler(StoreHandler):
    """`/projects/{project}/queue/sweeps/{sweep}`"""

    @guarded("read")
    async def get(self, project: str, sweep: str) -> None:
        """Answer with one sweep and its trials."""
        sweep = check_id("sweep", sweep)
        await self.reply(project, lambda services: services.sweeps.get(sweep))


class SweepSpecHandler(StoreHandler):
    """`/projects/{project}/queue/sweeps/{sweep}/spec`"""

    @guarded("read")
    async def get(self, project: str, sweep: str) -> None:
        """Answer with what a sweep tries."""
        sweep = check_id("sweep", sweep)
        await self.reply(project, lambda services: services.sweeps.spec(sweep))


class SweepTrialsHandler(StoreHandler):
    """`/projects/{project}/queue/sweeps/{sweep}/trials`"""

    @guarded("read")
    async def get(self, project: str, sweep: str) -> None:
        """Answer with the jobs of a sweep's trials."""
        after = self.query(_Late).late_after
        sweep = check_id("sweep", sweep)
        lending = self.served.sweep_lending(project)
        await self.reply_plain(lambda: {"jobs": lending.trials(sweep, after)})


class SweepHoldHandler(StoreHandler):
    """`/projects/{project}/queue/sweeps/{sweep}/hold`"""

    @guarded("read")
    async def get(self, project: str, sweep: str) -> None:
        """Answer whether a sweep is worked off."""
        sweep = check_id("sweep", sweep)
        lending = self.served.sweep_lending(project)
        await self.reply_plain(lambda: lending.look(sweep))

    @guarded("execute")
    async def post(self, project: str, sweep: str) -> None:
        """Hear that a machine works a sweep off, or has ceased to."""
        said = self.body(_Held)
        sweep = check_id("sweep", sweep)
        lending = self.served.sweep_lending(project)
        await self.reply_plain(lambda: lending.hold(sweep, said.holder, said.held))


class SweepCancelHandler(StoreHandler):
    """`/projects/{project}/queue/sweeps/{sweep}/cancel`"""

    @guarded("execute")
    async def post(self, project: str, sweep: str) -> None:
        """Have a sweep end, or not, or its trials."""
        what = self.body(_End).what
        sweep = check_id("sweep", sweep)
        lending = self.served.sweep_lending(project)
        await self.reply_plain(lambda: {"cancelled": lending.end(sweep, what)})


class QueuedRunsHandler(StoreHandler):
    """`/projects/{project}/queue/runs`"""

    @guarded("read")
    async def post(self, project: str) -> None:
        """Answer with the runs of some ids."""
        asked = self.body(_Asked)
        lending = self.served.sweep_lending(project)
        await self.reply_plain(lambda: {"runs": lending.runs(asked.runs, asked.ended)})


class QueuePruneHandler(StoreHandler):
    """`/projects/{project}/queue/{job}/prune`"""

    @guarded("execute")
    async def post(self, project: str, job: str) -> None:
        """Have a trial end that promises too little."""
        reason = self.body(_Pruned).reason
        lending = self.served.lending(project)
        job = check_id("job", job)
        await self.reply_plain(lambda: lending.prune(job, reason))
