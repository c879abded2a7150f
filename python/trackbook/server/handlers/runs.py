"""Runs: lists, one, and edits."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from trackbook.domain.page import RunPage
from trackbook.domain.run import Run
from trackbook.server.base import TrackbookHandler, check_id, guarded
from trackbook.services.context import Services

MAX_PAGE = 500


class _Window(Struct, frozen=True):
    query: str | None = None
    order_by: str | None = None
    offset: Annotated[int, Meta(ge=0, le=2**31)] = 0
    limit: Annotated[int, Meta(ge=1, le=MAX_PAGE)] = 100
    notebook: str | None = None
    experiment: str | None = None
    trashed: bool = False


class _RunEdit(Struct, frozen=True, forbid_unknown_fields=True):
    name: str | UnsetType = UNSET
    notes: str | UnsetType = UNSET
    tags: dict[str, str | None] | UnsetType = UNSET
    group: str | UnsetType | None = UNSET


class _Reference(Struct, frozen=True):
    run: str


class RunsHandler(TrackbookHandler):
    """`/projects/{project}/runs`"""

    @guarded("read")
    async def get(self, project: str) -> None:
        """Answer with a window of the runs that match."""
        window = self.query(_Window)
        await self.reply(project, lambda services: self._page(services, project, window))

    def _page(self, services: Services, project: str, window: _Window) -> RunPage:
        notebook = (
            None if window.notebook is None else self.app.projects.source_path(project, window.notebook)
        )
        return services.runs.search(
            window.query or None,
            order_by=window.order_by or None,
            offset=window.offset,
            limit=window.limit,
            notebook=notebook,
            experiment=window.experiment,
            trashed=window.trashed,
        )


class RunHandler(TrackbookHandler):
    """`/projects/{project}/runs/{run}`"""

    @guarded("read")
    async def get(self, project: str, run: str) -> None:
        """Answer with everything about one run."""
        await self.reply(project, lambda services: services.runs.detail(check_id("run", run)))

    @guarded("write")
    async def patch(self, project: str, run: str) -> None:
        """Change name, notes, tags or group."""
        edit = self.body(_RunEdit)
        await self.reply(project, lambda services: _edit(services, run, edit))

    @guarded("write")
    async def delete(self, project: str, run: str) -> None:
        """Delete a run in the trash for good."""
        await self.reply(
            project,
            lambda services: services.deleting.delete([services.runs.get(check_id("run", run)).id])[0],
        )


class FindHandler(TrackbookHandler):
    """`/projects/{project}/find`"""

    @guarded("read")
    async def get(self, project: str) -> None:
        """Answer with the run that a number, an id, or the beginning of one means."""
        wanted = self.query(_Reference)
        await self.reply(project, lambda services: services.runs.get(wanted.run))


class TrashHandler(TrackbookHandler):
    """`/projects/{project}/runs/{run}/trash`"""

    @guarded("write")
    async def post(self, project: str, run: str) -> None:
        """Put a run into the trash."""
        await self.reply(project, lambda services: _mark(services, run, trashed=True))


class RestoreHandler(TrackbookHandler):
    """`/projects/{project}/runs/{run}/restore`"""

    @guarded("write")
    async def post(self, project: str, run: str) -> None:
        """Take a run out of the trash."""
        await self.reply(project, lambda services: _mark(services, run, trashed=False))


def _edit(services: Services, run: str, edit: _RunEdit) -> Run:
    run_id = services.runs.get(check_id("run", run)).id
    if not isinstance(edit.name, UnsetType):
        services.edits.rename(run_id, edit.name)
    if not isinstance(edit.notes, UnsetType):
        services.edits.set_notes(run_id, edit.notes)
    if not isinstance(edit.tags, UnsetType):
        services.edits.set_tags(run_id, edit.tags)
    if not isinstance(edit.group, UnsetType):
        services.edits.set_group(run_id, edit.group)
    services.runs.refresh()
    return services.runs.get(run_id)


def _mark(services: Services, run: str, *, trashed: bool) -> Run:
    run_id = services.runs.get(check_id("run", run)).id
    if trashed:
        services.edits.trash(run_id)
    else:
        services.edits.restore(run_id)
    services.runs.refresh()
    return services.runs.get(run_id)
