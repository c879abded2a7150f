"""Saved views."""

from trackbook.domain.view import ViewChange, ViewDraft
from trackbook.server.base import TrackbookHandler, check_id, guarded


class ViewsHandler(TrackbookHandler):
    """`/projects/{project}/views`"""

    @guarded("read")
    async def get(self, project: str) -> None:
        """Answer with all views."""
        await self.reply(project, lambda services: {"views": services.views.list()})

    @guarded("write")
    async def post(self, project: str) -> None:
        """Save a new view."""
        draft = self.body(ViewDraft)
        await self.reply(project, lambda services: services.views.create(draft), 201)


class ViewHandler(TrackbookHandler):
    """`/projects/{project}/views/{view}`"""

    @guarded("read")
    async def get(self, project: str, view: str) -> None:
        """Answer with one view."""
        await self.reply(project, lambda services: services.views.get(check_id("view", view)))

    @guarded("write")
    async def put(self, project: str, view: str) -> None:
        """Save a view that was changed."""
        change = self.body(ViewChange)
        await self.reply(project, lambda services: services.views.change(check_id("view", view), change))

    @guarded("write")
    async def delete(self, project: str, view: str) -> None:
        """Delete a view."""
        await self.reply(project, lambda services: services.views.delete(check_id("view", view)))
