"""Blobs of a served store, downloaded once and kept for a while."""

import hashlib
import time
from pathlib import Path

from trackbook.domain.ids import new_id
from trackbook.errors import CorruptRecord
from trackbook.services.remote.connection import Connection
from trackbook.store.paths import StorePaths

# What was downloaded is kept for those who ask again.
KEPT_SECONDS = 24 * 3600.0


class Downloads:
    """Files, named by digest, with what was downloaded lately."""

    def __init__(self, store: StorePaths, connection: Connection) -> None:
        self._folder = store.root / "downloads"
        self._connection = connection

    def get(self, digest: str) -> Path:
        """Return a file with a blob's bytes; raises CorruptRecord if others came."""
        self._folder.mkdir(exist_ok=True)
        self._forget_old()
        target = self._folder / digest
        if target.exists():
            return target
        draft = target.with_name(f"{digest}-{new_id()}")
        try:
            self._connection.download(self._connection.in_project("blobs", digest), draft)
            with draft.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                    raise CorruptRecord(self._connection.url, f"the bytes of {digest[:12]}… are others")
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
        return target

    def _forget_old(self) -> None:
        for path in self._folder.iterdir():
            if time.time() - path.stat().st_mtime > KEPT_SECONDS:
                path.unlink(missing_ok=True)
