"""Journals: what writers on other machines recorded, sent piece by piece."""

from typing import Annotated

from msgspec import Meta, Struct
from tornado.web import stream_request_body

from trackbook.errors import NotFound
from trackbook.server.base import guarded
from trackbook.server.stored import StoreHandler
from trackbook.server.upload import UploadHandler
from trackbook.services.receiving import Writer
from trackbook.store.journal import HEADER_SIZE, MAX_RECORD
from trackbook.store.paths import PartName

MAX_BATCH = MAX_RECORD + HEADER_SIZE
MOST_JOURNALS = 1000


class _Where(Struct, frozen=True):
    position: Annotated[int, Meta(ge=0, lt=2**62)]
    damaged: bool = False


class _Journal(Struct, frozen=True, forbid_unknown_fields=True):
    subject: str
    writer: str
    part: int


class _Journals(Struct, frozen=True, forbid_unknown_fields=True):
    journals: Annotated[list[_Journal], Meta(max_length=MOST_JOURNALS)]


class _Writer(Struct, frozen=True, forbid_unknown_fields=True):
    subject: str
    writer: str


class _Writers(Struct, frozen=True, forbid_unknown_fields=True):
    living: Annotated[list[_Writer], Meta(max_length=MOST_JOURNALS)] = []
    ended: Annotated[list[_Writer], Meta(max_length=MOST_JOURNALS)] = []


@stream_request_body
class JournalHandler(UploadHandler):
    """`/projects/{project}/journals/{subject}/{writer}/{part}`"""

    max_size = MAX_BATCH

    async def begin(self) -> None:
        """See to it that a batch can be taken."""
        await super().begin()
        self._data = bytearray()

    def take(self, chunk: bytes) -> None:
        """Gather the batch."""
        self._data += chunk

    @guarded("write")
    async def post(self, project: str, subject: str, writer: str, part: str) -> None:
        """Add a batch of records to a journal, at a position."""
        where = self.query(_Where)
        name = PartName(subject, writer, _read_part(part))
        data = bytes(self._data)
        receiving = self.served.receiving(project)
        await self.reply_plain(
            lambda: {"size": receiving.append(name, where.position, data, damaged=where.damaged)}
        )


class JournalSizesHandler(StoreHandler):
    """`/projects/{project}/journals/sizes`"""

    @guarded("write")
    async def post(self, project: str) -> None:
        """Answer with how far the store has some journals."""
        asked = self.body(_Journals).journals
        names = [PartName(journal.subject, journal.writer, journal.part) for journal in asked]
        receiving = self.served.receiving(project)
        await self.reply_plain(
            lambda: {
                "journals": [
                    {"size": state.size, "closed": state.closed} for state in receiving.states(names)
                ]
            }
        )


class WritersHandler(StoreHandler):
    """`/projects/{project}/writers`"""

    @guarded("write")
    async def post(self, project: str) -> None:
        """Hear which writers live, and which have ended."""
        said = self.body(_Writers)
        living = [Writer(writer.subject, writer.writer) for writer in said.living]
        ended = [Writer(writer.subject, writer.writer) for writer in said.ended]
        receiving = self.served.receiving(project)
        await self.app.in_thread(lambda: receiving.note_writers(living, ended))
        await self.reply_plain(lambda: {"noted": len(living) + len(ended)})


def _read_part(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise NotFound("journal", text)
    return int(text)
