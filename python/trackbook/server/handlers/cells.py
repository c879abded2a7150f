"""Cells: executions with their source and outputs."""

from trackbook.errors import NotFound
from trackbook.server.base import TrackbookHandler, check_id, guarded


class CellHandler(TrackbookHandler):
    """`/projects/{project}/runs/{run}/cells/{order}`"""

    @guarded("read")
    async def get(self, project: str, run: str, order: str) -> None:
        """Answer with one execution, its source and its outputs."""
        number = _read_order(order)
        await self.reply(project, lambda services: services.snapshots.cell(check_id("run", run), number))


class SourcesHandler(TrackbookHandler):
    """`/projects/{project}/runs/{run}/sources`"""

    @guarded("read")
    async def get(self, project: str, run: str) -> None:
        """Answer with the source of each execution."""
        await self.reply(
            project, lambda services: {"sources": services.snapshots.sources(check_id("run", run))}
        )


def _read_order(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise NotFound("cell execution", text)
    return int(text)
