"""Artifacts: files of a run. What users stored is never shown with the rights of the one who looks."""

import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct
from tornado.iostream import StreamClosedError

from trackbook.server.base import TrackbookHandler, check_id, guarded

CHUNK = 1024 * 1024

# Types that a browser shows without running anything; each with the type that it is sent as.
_TEXT = "text/plain; charset=utf-8"
_SHOWN = {
    "application/json": "application/json",
    "application/vnd.plotly.v1+json": "application/json",
    "application/x-ipynb+json": "application/json",
    "text/csv": _TEXT,
    "text/markdown": _TEXT,
    "text/plain": _TEXT,
    "text/tab-separated-values": _TEXT,
    "text/x-python": _TEXT,
} | {
    kind: kind
    for kind in (
        *("image/apng", "image/avif", "image/bmp", "image/gif", "image/jpeg", "image/png", "image/webp"),
        *("audio/flac", "audio/mpeg", "audio/ogg", "audio/wav", "audio/webm", "audio/x-wav"),
        *("video/mp4", "video/mpeg", "video/ogg", "video/webm"),
    )
}
# Downloads whose type an <img> or a viewer needs; in a page of their own they are sandboxed.
_NAMED = {"application/pdf", "image/svg+xml"}
_SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'"


class _Shape(Struct, frozen=True):
    download: bool = False


class ArtifactsHandler(TrackbookHandler):
    """`/projects/{project}/runs/{run}/artifacts`"""

    @guarded("read")
    async def get(self, project: str, run: str) -> None:
        """Answer with the files of a run."""
        await self.reply(
            project, lambda services: {"artifacts": services.artifacts.list(check_id("run", run))}
        )


class ContentHandler(TrackbookHandler):
    """Answers with stored bytes in such a way that nothing in them runs, whatever they are."""

    async def send_content(self, file: Path, name: str, digest: str, media_type: str, download: bool) -> None:
        """Answer with a file's bytes, or that they are what the client has; shown in the browser where that is safe."""
        content_type, shown = content_type_of(media_type)
        self.set_header("Content-Type", content_type)
        self.set_header(
            "Content-Disposition", _disposition(name, "inline" if shown and not download else "attachment")
        )
        self.set_header("Content-Security-Policy", _SANDBOX)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "private, no-cache")
        self.set_header("Etag", f'"{digest}"')
        if self.check_etag_header():
            self.set_status(304)
        else:
            await self._send(file)
        self.finish(set_content_type=content_type)

    async def _send(self, file: Path) -> None:
        content = await self.app.in_thread(lambda: file.open("rb"))
        with content, suppress(StreamClosedError):  # who asked has gone
            self.set_header("Content-Length", str(os.fstat(content.fileno()).st_size))
            while chunk := await self.app.in_thread(lambda: content.read(CHUNK)):
                self.write(chunk)
                await self.flush()


class ArtifactHandler(ContentHandler):
    """`/projects/{project}/runs/{run}/artifacts/{path}`"""

    @guarded("read")
    async def get(self, project: str, run: str, path: str) -> None:
        """Answer with the bytes of a file."""
        shape = self.query(_Shape)
        artifact, file = await self.call(
            project, lambda services: services.artifacts.open(check_id("run", run), path)
        )
        await self.send_content(file, artifact.path, artifact.digest, artifact.media_type, shape.download)


def content_type_of(media_type: str) -> tuple[str, bool]:
    """Return the Content-Type for a stored media type, and whether a browser may show it in a page of its own."""
    plain = media_type.partition(";")[0].strip().lower()
    if plain in _SHOWN:
        return _SHOWN[plain], True
    return (plain if plain in _NAMED else "application/octet-stream"), False


def _disposition(path: str, kind: str) -> str:
    name = path.rsplit("/", 1)[-1]
    return f"{kind}; filename*=UTF-8''{quote(name, safe='')}"
