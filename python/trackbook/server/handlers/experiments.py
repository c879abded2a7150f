"""Experiments: the names under which runs are kept."""

from trackbook.server.base import TrackbookHandler, guarded


class ExperimentsHandler(TrackbookHandler):
    """`/projects/{project}/experiments`"""

    @guarded("read")
    async def get(self, project: str) -> None:
        """Answer with all experiments."""
        await self.reply(project, lambda services: {"experiments": services.runs.experiments()})
