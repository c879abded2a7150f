"""Parameters: what a notebook can be given, and the constants that may become parameters."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from trackbook.server.base import TrackbookHandler, guarded
from trackbook.services.context import Services
from trackbook.services.inspecting import inspect_notebook, make_parameters


class _Which(Struct, frozen=True):
    notebook: str


class _Accepted(Struct, frozen=True, forbid_unknown_fields=True):
    notebook: str
    names: Annotated[list[str], Meta(min_length=1)]


class ParametersHandler(TrackbookHandler):
    """`/projects/{project}/parameters`"""

    @guarded("read")
    async def get(self, project: str) -> None:
        """Answer with the parameters of a notebook, its kernel, and the constants that may become parameters."""
        which = self.query(_Which)
        await self.reply(project, lambda services: self._describe(services, project, which.notebook))

    @guarded("write")
    async def post(self, project: str) -> None:
        """Make proposed constants parameters in the notebook's file; answer as `get` does then."""
        accepted = self.body(_Accepted)
        await self.reply(project, lambda services: self._accept(services, project, accepted))

    def _accept(self, services: Services, project: str, accepted: _Accepted) -> dict[str, Any]:
        make_parameters(self.app.projects.notebook(project, accepted.notebook), accepted.names)
        return self._describe(services, project, accepted.notebook)

    def _describe(self, services: Services, project: str, notebook: str) -> dict[str, Any]:
        found = inspect_notebook(self.app.projects.notebook(project, notebook))
        return {
            "parameters": found.parameters,
            "kernel": found.kernel,
            "proposals": found.proposals,
            "problems": found.problems,
        }
