"""Debug kernels: a kernel of this server in the state in which a run failed."""

from msgspec import Struct

from trackbook.domain.resumption import CellPlace, ResumptionWay
from trackbook.server.base import TrackbookHandler, check_id, guarded
from trackbook.server.debugging import start_debug_kernel


class _Debug(Struct, frozen=True, forbid_unknown_fields=True):
    everything: bool = False


class DebugStarted(Struct, frozen=True):
    """A kernel that stands, or soon will, before a failed cell: its id and name, and its session in the server.

    `cells` are those that it runs before it is there.
    """

    kernel: dict[str, str]
    session: dict[str, str]
    how: ResumptionWay
    place: CellPlace
    cells: list[CellPlace]


class DebugHandler(TrackbookHandler):
    """`/projects/{project}/runs/{run}/debug`"""

    @guarded("execute")
    async def post(self, project: str, run: str) -> None:
        """Start a kernel in the state in which a run failed; nothing that happens there is recorded in the run."""
        asked = self.body(_Debug)
        plan = await self.call(
            project,
            lambda services: services.resumptions.debug_plan(
                check_id("run", run), everything=asked.everything
            ),
        )
        kernel, session = await start_debug_kernel(self.app, self.settings, plan)
        started = DebugStarted(
            kernel,
            session,
            "repeat" if plan.sleeper is None else "snapshot",
            plan.place,
            [cell.place for cell in plan.cells],
        )
        await self.reply_plain(lambda: started, status=201)
