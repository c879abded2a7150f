"""The base of handlers that take many bytes: who asks is known before the first one is read, and how many may come."""

import inspect
from typing import Any

from tornado.web import HTTPError

from trackbook.server.base import RESOURCE
from trackbook.server.stored import StoreHandler

# Uploads at the same time; beyond that a sender is told to come again.
MOST_UPLOADS = 32


class UploadHandler(StoreHandler):
    """Reads a body piece by piece. A class of this kind is decorated with tornado's `stream_request_body`."""

    max_size: int
    _received = 0
    _counted = False

    async def begin(self) -> None:
        """Let only writers in, and no more than can be served; raises HTTP errors of 403, 413 and 429."""
        allowed = self.authorizer.is_authorized(self, self.current_user, "write", RESOURCE)
        if inspect.isawaitable(allowed):
            await allowed
        size = int(self.request.headers.get("Content-Length") or 0)
        if size > self.max_size:
            raise HTTPError(413, "%s", too_large(size, self.max_size))
        if self.served.uploads >= MOST_UPLOADS:
            self.set_header("Retry-After", "1")
            raise HTTPError(429, "%s", "Too many uploads at the same time; send it again in a moment.")
        self.served.uploads += 1
        self._counted = True
        self.request.connection.set_max_body_size(self.max_size)  # type: ignore[union-attr]

    def on_finish(self) -> None:
        """Make room for another upload."""
        if self._counted:
            self._counted = False
            self.served.uploads -= 1

    def data_received(self, chunk: bytes) -> Any:
        """Take a piece of the body."""
        self._received += len(chunk)
        return self.take(chunk)

    def take(self, chunk: bytes) -> Any:
        """Keep a piece of the body; each kind of upload says how."""
        raise NotImplementedError


def too_large(size: int, most: int) -> str:
    """Return what is said of a body that is too large."""
    return f"{size:,} bytes are too many for one request: at most {most:,} are taken."
