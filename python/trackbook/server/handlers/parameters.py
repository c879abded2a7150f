"""Parameters: what a notebook's parameters cell offers."""

from typing import Any

from msgspec import Struct

from trackbook.server.base import TrackbookHandler, guarded
from trackbook.services.context import Services


class _Which(Struct, frozen=True):
    notebook: str


class ParametersHandler(TrackbookHandler):
    """`/projects/{project}/parameters`"""

    @guarded("read")
    async def get(self, project: str) -> None:
        """Answer with the parameters of a notebook, and its kernel."""
        which = self.query(_Which)
        await self.reply(project, lambda services: self._describe(services, project, which.notebook))

    def _describe(self, services: Services, project: str, notebook: str) -> dict[str, Any]:
        path = self.app.projects.notebook(project, notebook)
        return {"parameters": services.jobs.parameters(path), "kernel": services.jobs.kernel(path)}
