"""The blobs of a served store: fetched when they are asked for, and kept for a while."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from trackbook.domain.ids import new_id
from trackbook.services.remote.connection import Connection
from trackbook.store.distant_blobs import DistantBlobs
from trackbook.store.paths import StorePaths

_CHUNK = 1024 * 1024


class _Missing(msgspec.Struct):
    missing: list[str]


class ServedKeeper:
    """Keeps blobs behind a `trackbook serve`. Its connection is its own: a big file must hold up nobody's lease."""

    def __init__(self, drafts: Path, connection: Connection) -> None:
        self._drafts, self._connection = drafts, connection

    def has(self, digest: str) -> bool:
        """Tell whether a blob is there."""
        path = self._connection.in_project("blobs", "missing")
        return not self._connection.ask(_Missing, "POST", path, body={"digests": [digest]}).missing

    keep = has

    def read(self, digest: str) -> Iterator[bytes]:
        """Yield a blob's bytes in pieces; raises NotFound if there is no such blob."""
        self._drafts.mkdir(parents=True, exist_ok=True)
        draft = self._drafts / f"{digest}-{new_id()}"
        try:
            self._connection.download(self._connection.in_project("blobs", digest), draft)
            with draft.open("rb") as file:
                while piece := file.read(_CHUNK):
                    yield piece
        finally:
            draft.unlink(missing_ok=True)

    def write(self, digest: str, source: Path) -> None:
        """Store a file's bytes under their digest, unless they are there."""
        if not self.has(digest):
            with source.open("rb") as file:
                path = self._connection.in_project("blobs", digest)
                self._connection.send("PUT", path, None, file, source.stat().st_size)


def served_blobs(store: StorePaths, connection: Connection) -> DistantBlobs:
    """Return the blobs of a served store, whose spool on this machine is `store`."""
    keeper = ServedKeeper(store.root / "downloads", connection.another())
    return DistantBlobs(store.blobs, store.cached_blobs, keeper, may_lag=False)
