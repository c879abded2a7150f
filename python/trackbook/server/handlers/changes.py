"""Changes: what a reader on another machine asks to notice that something is new."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from trackbook.server.base import TrackbookHandler, guarded
from trackbook.services.context import Services

MOST_SECONDS = 20.0


class _Since(Struct, frozen=True):
    since: Annotated[int, Meta(ge=-1, lt=2**62)] = -1


class _Patience(Struct, frozen=True):
    seconds: Annotated[float, Meta(ge=0, le=MOST_SECONDS)] = 5.0


class ChangesHandler(TrackbookHandler):
    """`/projects/{project}/changes`"""

    @guarded("read")
    async def get(self, project: str) -> None:
        """Answer with the store's revision, and with the runs that changed after another one."""
        asked = self.query(_Since)
        await self.reply(project, lambda services: _changes(services, asked.since))


class RefreshHandler(TrackbookHandler):
    """`/projects/{project}/refresh`"""

    @guarded("read")
    async def post(self, project: str) -> None:
        """Wait until what was received is indexed."""
        patience = self.query(_Patience)
        await self.reply(
            project,
            lambda services: {"indexed": services.runs.refresh(timeout=patience.seconds, allow_inline=False)},
        )


def _changes(services: Services, since: int) -> dict[str, Any]:
    revision = services.runs.revision()
    runs = [] if since < 0 else services.runs.changed_since(since)
    return {"revision": revision, "runs": runs}
