"""What charts draw: columns of values, importance of parameters, correlation."""

from typing import TypeVar

from msgspec.structs import replace

from trackbook.domain.frame import CorrelationRequest, FrameRequest, ImportanceRequest
from trackbook.server.base import guarded
from trackbook.server.handlers.table import ScopeHandler

Asked = TypeVar("Asked", FrameRequest, ImportanceRequest, CorrelationRequest)


class _ChartHandler(ScopeHandler):
    def asked(self, project: str, kind: type[Asked]) -> Asked:
        """Return what is asked for, with the notebook of its scope as runs name it."""
        asked = self.body(kind)
        if asked.scope is None:
            return asked
        return replace(asked, scope=self.in_source(project, asked.scope))


class FrameHandler(_ChartHandler):
    """`/projects/{project}/frame`"""

    @guarded("read")
    async def post(self, project: str) -> None:
        """Answer with values of runs, column by column."""
        asked = self.asked(project, FrameRequest)
        await self.reply(project, lambda services: services.frames.frame(asked))


class ImportanceHandler(_ChartHandler):
    """`/projects/{project}/importance`"""

    @guarded("read")
    async def post(self, project: str) -> None:
        """Answer with how much parameters decide a number."""
        asked = self.asked(project, ImportanceRequest)
        await self.reply(project, lambda services: services.frames.importance(asked))


class CorrelationHandler(_ChartHandler):
    """`/projects/{project}/correlation`"""

    @guarded("read")
    async def post(self, project: str) -> None:
        """Answer with how columns of numbers go together."""
        asked = self.asked(project, CorrelationRequest)
        await self.reply(project, lambda services: services.frames.correlation(asked))
