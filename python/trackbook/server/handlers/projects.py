"""Projects: the folders whose notebooks share a store."""

from msgspec import Struct

from trackbook.server.base import TrackbookHandler, guarded
from trackbook.server.projects import Project


class _Where(Struct, frozen=True):
    path: str = ""


class _OpenProject(Struct, frozen=True, forbid_unknown_fields=True):
    path: str


class ProjectsHandler(TrackbookHandler):
    """`/projects`"""

    @guarded("read")
    async def get(self) -> None:
        """Answer with the project of a path."""
        where = self.query(_Where)
        await self.reply_plain(lambda: {"projects": self._found(where.path)})

    @guarded("write")
    async def post(self) -> None:
        """Find or make the project of a path."""
        where = self.body(_OpenProject)
        await self.reply_plain(lambda: self.app.projects.find_or_create(where.path), status=201)

    def _found(self, path: str) -> list[Project]:
        project = self.app.projects.find(path)
        return [] if project is None else [project]
