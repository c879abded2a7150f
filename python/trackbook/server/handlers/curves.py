"""Curves: series as charts draw them."""

from msgspec.structs import replace

from trackbook.domain.curve import CurveQuery
from trackbook.server.base import check_id, guarded
from trackbook.server.handlers.table import ScopeHandler


class CurvesHandler(ScopeHandler):
    """`/projects/{project}/curves`"""

    @guarded("read")
    async def post(self, project: str) -> None:
        """Answer with curves of some runs, or of those that a scope means."""
        asked = self.body(CurveQuery)
        for run in asked.runs or []:
            check_id("run", run)
        await self.reply(project, lambda services: services.curves.read(self._in_source(project, asked)))

    def _in_source(self, project: str, asked: CurveQuery) -> CurveQuery:
        return asked if asked.scope is None else replace(asked, scope=self.in_source(project, asked.scope))
