"""Curves: series as charts draw them."""

import msgspec

from trackbook.domain.curve import CurveQuery
from trackbook.server.base import TrackbookHandler, check_id, guarded


class CurvesHandler(TrackbookHandler):
    """`/projects/{project}/curves`"""

    @guarded("read")
    async def post(self, project: str) -> None:
        """Answer with curves of some runs, or of those that a scope means."""
        asked = self.body(CurveQuery)
        for run in asked.runs or []:
            check_id("run", run)
        await self.reply(project, lambda services: services.curves.read(self._local(project, asked)))

    def _local(self, project: str, asked: CurveQuery) -> CurveQuery:
        if asked.scope is None or asked.scope.notebook is None:
            return asked
        notebook = self.app.projects.source_path(project, asked.scope.notebook)
        return msgspec.structs.replace(asked, scope=msgspec.structs.replace(asked.scope, notebook=notebook))
