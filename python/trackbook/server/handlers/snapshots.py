"""Snapshots: notebooks as they were."""

from typing import Annotated, Any, Literal, cast

from msgspec import Meta, Struct

from trackbook.domain.run import SnapshotInfo
from trackbook.errors import NotFound
from trackbook.server.base import TrackbookHandler, check_id, convert, guarded
from trackbook.services.context import Services

Moment = Literal["start", "end"]


class _Notebook(Struct, frozen=True):
    """What every notebook has; the rest is kept as it comes."""

    cells: list[dict[str, Any]]
    metadata: dict[str, Any]
    nbformat: Literal[4]
    nbformat_minor: int


class _Upload(Struct, frozen=True, forbid_unknown_fields=True):
    notebook: dict[str, Any]


class Digests(Struct, frozen=True, forbid_unknown_fields=True):
    """Digests that are asked for."""

    digests: Annotated[list[Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]], Meta(max_length=20_000)]


class SnapshotHandler(TrackbookHandler):
    """`/projects/{project}/runs/{run}/snapshots/{moment}`"""

    @guarded("read")
    async def get(self, project: str, run: str, moment: str) -> None:
        """Answer with the notebook as it was."""
        when = _read_moment(moment)
        await self.reply(project, lambda services: _snapshot(services, check_id("run", run), when))

    @guarded("write")
    async def put(self, project: str, run: str, moment: str) -> None:
        """Keep the live document."""
        when = _read_moment(moment)
        await self.reply(project, lambda services: self._take(services, check_id("run", run), when))

    def _take(self, services: Services, run: str, moment: Moment) -> SnapshotInfo:
        # Here, in a thread: a notebook with its outputs takes a while to parse.
        notebook = self.body(_Upload, surrogates=True).notebook
        convert(notebook, _Notebook, "notebook")
        info = services.snapshots.take(run, moment, "document", notebook)
        services.runs.refresh()
        return info


class MissingHandler(TrackbookHandler):
    """`/projects/{project}/snapshots/missing`"""

    @guarded("write")
    async def post(self, project: str) -> None:
        """Answer with those digests that the store lacks."""
        asked = self.body(Digests)
        await self.reply(project, lambda services: {"missing": services.snapshots.missing(asked.digests)})


def _snapshot(services: Services, run: str, moment: Moment) -> dict[str, Any]:
    return {
        "info": services.snapshots.info(run, moment),
        "notebook": services.snapshots.notebook(run, moment),
    }


def _read_moment(text: str) -> Moment:
    if text not in ("start", "end"):
        raise NotFound("snapshot", text)
    return cast(Moment, text)
