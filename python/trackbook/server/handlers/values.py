"""Rich values: images, figures, tables and the like that a run logged beside its metrics."""

import mimetypes

import msgspec
from msgspec import Struct

from trackbook.errors import UsageError
from trackbook.server.base import check_id, guarded
from trackbook.server.handlers.artifacts import ContentHandler


class _Which(Struct, frozen=True):
    key: str
    step: int
    context: str = "{}"
    download: bool = False


class ValueContentHandler(ContentHandler):
    """`/projects/{project}/runs/{run}/values/content`"""

    @guarded("read")
    async def get(self, project: str, run: str) -> None:
        """Answer with the bytes of a value."""
        which = self.query(_Which)
        context = _context(which.context)
        logged, file = await self.call(
            project,
            lambda services: services.values.open(check_id("run", run), which.key, which.step, context),
        )
        value = logged.value
        plain = value.media_type.partition(";")[0]
        name = f"{value.key}-{value.step}{mimetypes.guess_extension(plain) or ''}".rsplit("/", 1)[-1]
        await self.send_content(file, name, value.digest, value.media_type, which.download)


def _context(text: str) -> dict[str, str]:
    try:
        return msgspec.json.decode(text, type=dict[str, str])
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise UsageError(f'A context is JSON such as {{"subset": "val"}}: {error}.') from None
