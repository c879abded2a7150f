"""The run table: windows of columns, groups, which columns there are, and whether a search can be read."""

from msgspec.structs import replace

from trackbook.domain.scope import RunScope
from trackbook.domain.table import CheckRequest, GroupsRequest, TableRequest
from trackbook.server.base import TrackbookHandler, guarded


class ScopeHandler(TrackbookHandler):
    """What those share that answer about the runs of a scope."""

    def in_source(self, project: str, scope: RunScope) -> RunScope:
        """Return a scope with its notebook as runs name it, not as Jupyter's contents do."""
        if scope.notebook is None:
            return scope
        return replace(scope, notebook=self.app.projects.source_path(project, scope.notebook))


class TableHandler(ScopeHandler):
    """`/projects/{project}/table`"""

    @guarded("read")
    async def post(self, project: str) -> None:
        """Answer with a window of the runs that match, column by column."""
        asked = self.body(TableRequest)
        await self.reply(
            project,
            lambda services: services.run_tables.window(
                replace(asked, scope=self.in_source(project, asked.scope))
            ),
        )
        self.app.ahead.want(project, asked.columns)


class GroupsHandler(ScopeHandler):
    """`/projects/{project}/table/groups`"""

    @guarded("read")
    async def post(self, project: str) -> None:
        """Answer with a window of the groups that the matching runs make."""
        asked = self.body(GroupsRequest)
        await self.reply(
            project,
            lambda services: services.run_tables.groups(
                replace(asked, scope=self.in_source(project, asked.scope))
            ),
        )


class ColumnsHandler(TrackbookHandler):
    """`/projects/{project}/columns`"""

    @guarded("read")
    async def get(self, project: str) -> None:
        """Answer with all columns that a table can show."""
        await self.reply(project, lambda services: services.run_tables.columns())


class CheckHandler(TrackbookHandler):
    """`/projects/{project}/query/check`"""

    @guarded("read")
    async def post(self, project: str) -> None:
        """Answer with what keeps a search from being read, and where."""
        asked = self.body(CheckRequest)
        await self.reply(project, lambda services: services.run_tables.check(asked))
