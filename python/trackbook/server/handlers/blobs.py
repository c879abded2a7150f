"""Blobs: content by its digest, for writers and readers on other machines."""

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

from tornado.iostream import StreamClosedError
from tornado.web import stream_request_body

from trackbook.errors import StoreError
from trackbook.server.base import guarded
from trackbook.server.handlers.artifacts import CHUNK
from trackbook.server.handlers.snapshots import Digests
from trackbook.server.stored import StoreHandler
from trackbook.server.upload import UploadHandler
from trackbook.services.receiving import check_digest

MAX_BLOB = 16 * 1024**3


class MissingBlobsHandler(StoreHandler):
    """`/projects/{project}/blobs/missing`"""

    @guarded("write")
    async def post(self, project: str) -> None:
        """Answer with those digests that the store lacks."""
        digests = self.body(Digests).digests
        receiving = self.served.receiving(project)
        await self.reply_plain(lambda: {"missing": receiving.missing(digests)})


@stream_request_body
class BlobHandler(UploadHandler):
    """`/projects/{project}/blobs/{digest}`"""

    max_size = MAX_BLOB
    _file: BinaryIO | None = None
    _draft: Path | None = None

    async def begin(self) -> None:
        """See to it that a blob can be taken; for a reader there is nothing to do."""
        if self.request.method != "PUT":
            return
        await super().begin()
        check_digest(self.path_kwargs["digest"])
        receiving = self.served.receiving(self.path_kwargs["project"])
        self._sha = hashlib.sha256()
        self._draft = draft = await self.app.in_thread(receiving.new_draft)
        self._file = await self.app.in_thread(lambda: draft.open("wb"))
        self._waiting = bytearray()

    async def take(self, chunk: bytes) -> None:
        """Write what has come to the disk, some at a time."""
        self._waiting += chunk
        if len(self._waiting) >= CHUNK:
            await self.app.in_thread(self._write)

    @guarded("write")
    async def put(self, project: str, digest: str) -> None:
        """Keep a blob."""
        receiving = self.served.receiving(project)

        def keep() -> dict[str, int]:
            self._write()
            self._close()
            receiving.keep_blob(digest, cast(Path, self._draft), self._sha.hexdigest())
            return {"size": self._received}

        await self.reply_plain(keep, status=201)

    @guarded("read")
    async def get(self, project: str, digest: str) -> None:
        """Answer with a blob's bytes."""
        receiving = self.served.receiving(project)
        file = await self.app.in_thread(lambda: receiving.blob(digest).open("rb"))
        self.set_header("Content-Disposition", "attachment")
        with file, suppress(StreamClosedError):  # who asked has gone
            self.set_header("Content-Length", str(os.fstat(file.fileno()).st_size))
            self.set_header("Content-Type", "application/octet-stream")
            while chunk := await self.app.in_thread(lambda: file.read(CHUNK)):
                self.write(chunk)
                await self.flush()
        self.finish(set_content_type="application/octet-stream")

    def on_finish(self) -> None:
        """Take away what was not kept."""
        super().on_finish()
        self._close()
        if self._draft is not None:
            self._draft.unlink(missing_ok=True)

    def on_connection_close(self) -> None:
        """Take away what has come of a blob whose sender is gone."""
        super().on_connection_close()
        self.on_finish()

    def _write(self) -> None:
        piece, self._waiting = self._waiting, bytearray()
        self._sha.update(piece)
        try:
            if self._file is not None:
                self._file.write(piece)
        except OSError as error:
            raise StoreError("of this server", f"it can't be written ({error.strerror or error})") from error

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
