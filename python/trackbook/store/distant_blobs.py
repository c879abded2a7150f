"""Blobs that are kept elsewhere: what writers put waits in a folder here, what was read or sent lies in another."""

import contextlib
import hashlib
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from trackbook.domain.ids import new_id
from trackbook.errors import CorruptRecord
from trackbook.store.blobs import BlobStore

# Smaller ones (sources, outputs, notebooks) are read again and again, and stay here when they were sent.
KEPT_BYTES = 64 * 1024


class BlobKeeper(Protocol):
    """Where blobs are kept: a database, or a folder behind a URL."""

    def has(self, digest: str) -> bool:
        """Tell whether a blob is there."""

    def read(self, digest: str) -> Iterator[bytes]:
        """Yield a blob's bytes in pieces; raises NotFound if there is no such blob."""

    def write(self, digest: str, source: Path) -> None:
        """Store a file's bytes under their digest, unless they are there."""


class DistantBlobs:
    """Blobs in `keeper`. What lies in `waiting` is on its way there; `cache` is a folder with copies.

    `may_lag`: whether a record may be read before the blobs that it names are where everybody finds them.
    """

    def __init__(self, waiting: Path, cache: Path, keeper: BlobKeeper, *, may_lag: bool) -> None:
        self.keeper, self.may_lag = keeper, may_lag
        self._waiting, self._cache = BlobStore(waiting), BlobStore(cache)
        self._delivering = threading.Lock()

    def has(self, digest: str) -> bool:
        """Tell whether the blob is here or there."""
        return self._here(digest) is not None or self.keeper.has(digest)

    def keep(self, digest: str) -> bool:
        """Tell whether the blob is here or there. Nothing is swept from there."""
        return self.has(digest)

    def get(self, digest: str) -> bytes:
        """Return the bytes; raises NotFound if there is no such blob, CorruptRecord if it has others there."""
        for _ in range(2):  # delivered, and so moved, at this moment
            if (path := self._here(digest)) is not None:
                with contextlib.suppress(FileNotFoundError):
                    return path.read_bytes()
        return self._fetch(digest).read_bytes()

    def file(self, digest: str) -> Path:
        """Return a file with the blob's bytes; it is fetched if need be. Raises like `get`."""
        return self._here(digest) or self._fetch(digest)

    def put_bytes(self, data: bytes) -> str:
        """Store `data` here, to be sent; return its digest."""
        return self._waiting.put_bytes(data)

    def put_file(self, source: Path) -> tuple[str, int]:
        """Copy a file here, to be sent; return its digest and its size in bytes."""
        return self._waiting.put_file(source)

    def copy_to(self, digest: str, target: Path) -> None:
        """Write the blob's bytes to the file `target`; raises like `get`."""
        for _ in range(2):
            if (path := self._here(digest)) is not None:
                with contextlib.suppress(FileNotFoundError):
                    shutil.copyfile(path, target)
                    return
        shutil.copyfile(self._fetch(digest), target)

    def deliver(self) -> int:
        """Send what waits; returns how many blobs were sent. Raises StoreUnreachable where it can't be."""
        with self._delivering:
            sent = 0
            for digest, path in self.waiting():
                self._send(digest, path)
                sent += 1
            return sent

    def waiting(self) -> Iterator[tuple[str, Path]]:
        """Yield the digests and files of the blobs that wait."""
        with contextlib.suppress(FileNotFoundError):
            for folder in sorted(os.scandir(self._waiting.root), key=lambda entry: entry.name):
                if len(folder.name) != 2 or not folder.is_dir():
                    continue
                for entry in sorted(os.scandir(folder.path), key=lambda entry: entry.name):
                    if len(entry.name) == 64:  # others are being written
                        yield entry.name, Path(entry.path)

    def _send(self, digest: str, path: Path) -> None:
        self.keeper.write(digest, path)
        if path.stat().st_size < KEPT_BYTES:
            target = self._cache.path(digest)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, target)
        else:
            path.unlink()

    def _here(self, digest: str) -> Path | None:
        for store in (self._waiting, self._cache, self._waiting):
            if (path := store.path(digest)).is_file():
                return path
        return None

    def _fetch(self, digest: str) -> Path:
        target = self._cache.path(digest)
        if (path := self._here(digest)) is not None:
            return path
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f"{digest}-{new_id()}")
        sha = hashlib.sha256()
        try:
            with open(draft, "wb") as file:
                for piece in self.keeper.read(digest):
                    sha.update(piece)
                    file.write(piece)
            if sha.hexdigest() != digest:
                raise CorruptRecord(digest, "what is kept under this digest has other bytes")
            os.replace(draft, target)
        finally:
            draft.unlink(missing_ok=True)
        return target
