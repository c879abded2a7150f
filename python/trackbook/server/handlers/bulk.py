"""Changes of many runs at once."""

from trackbook.domain.bulk import BulkRequest
from trackbook.server.base import TrackbookHandler, guarded


class BulkHandler(TrackbookHandler):
    """`/projects/{project}/runs/bulk`"""

    @guarded("write")
    async def post(self, project: str) -> None:
        """Put runs into the trash, take them out, or set their tags."""
        asked = self.body(BulkRequest)
        await self.reply(project, lambda services: services.bulk_edits.apply(asked))
