"""Verdicts on the cells of runs."""

from trackbook.server.base import TrackbookHandler, check_id, guarded


class VerdictHandler(TrackbookHandler):
    """`/projects/{project}/runs/{run}/verdict`"""

    @guarded("read")
    async def get(self, project: str, run: str) -> None:
        """Answer with whether the cells ran as the notebook stands there."""
        await self.reply(project, lambda services: services.verdicts.of(check_id("run", run)))
