"""Blobs that are kept elsewhere: what writers put waits in a folder here, what was read or sent lies in another."""

import contextlib
import hashlib
import os
import shutil
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol, runtime_checkable

from trackbook.domain.ids import new_id
from trackbook.errors import CorruptRecord, UsageError
from trackbook.store.blobs import BlobStore
from trackbook.store.stored import StoredBlob

# Smaller ones (sources, outputs, notebooks) are read again and again, and stay here when they were sent.
KEPT_BYTES = 64 * 1024
# Copies take about this much of the disk: the oldest go first.
CACHE_BYTES = 4 * 1024**3


class BlobKeeper(Protocol):
    """Where blobs are kept: a database, or a folder behind a URL."""

    def has(self, digest: str) -> bool:
        """Tell whether a blob is there."""

    def read(self, digest: str) -> Iterator[bytes]:
        """Yield a blob's bytes in pieces; raises NotFound if there is no such blob."""

    def keep(self, digest: str) -> bool:
        """Tell whether a blob is there; if it can be swept away there, it counts as new."""

    def write(self, digest: str, source: Path) -> None:
        """Store a file's bytes under their digest, unless they are there."""


@runtime_checkable
class SweepableKeeper(Protocol):
    """A keeper whose blobs are all of one store, so that those that nothing names can be deleted."""

    def all(self) -> Iterator[StoredBlob]:
        """Yield all blobs."""

    def discard(self, digest: str, before: float) -> int:
        """Delete a blob unless it was stored again since `before`; returns the bytes that are free now."""


class DistantBlobs:
    """Blobs in `keeper`. What lies in `waiting` is on its way there; `cache` is a folder with copies.

    `may_lag`: whether a record may be read before the blobs that it names are where everybody finds them.
    """

    def __init__(self, waiting: Path, cache: Path, keeper: BlobKeeper, *, may_lag: bool) -> None:
        self.keeper, self.may_lag = keeper, may_lag
        self._waiting, self._cache = BlobStore(waiting), BlobStore(cache)
        self._delivering = threading.Lock()
        self._fetched = CACHE_BYTES  # the first fetch looks what earlier processes left

    def has(self, digest: str) -> bool:
        """Tell whether the blob is here or there."""
        return self._here(digest) is not None or self.keeper.has(digest)

    def keep(self, digest: str) -> bool:
        """Tell whether the blob waits here or is there; if it is, it counts as new, and is not swept away.

        A copy that lies in the cache says nothing of what is there.
        """
        return self._waiting.keep(digest) or self.keeper.keep(digest)

    def all(self) -> Iterator[StoredBlob]:
        """Yield all blobs that are there. Raises UsageError where blobs of others may lie beside them."""
        return self._sweepable().all()

    def discard(self, digest: str, before: float) -> int:
        """Delete a blob there unless it was stored again since `before`; returns the bytes that are free now."""
        self._cache.path(digest).unlink(missing_ok=True)
        return self._sweepable().discard(digest, before)

    def drafts(self, before: float) -> Iterator[tuple[Path, int]]:
        """Yield files, with their sizes, that processes of this machine left half written before `before`."""
        yield from self._waiting.drafts(before)
        yield from self._cache.drafts(before)

    def _sweepable(self) -> SweepableKeeper:
        if not isinstance(self.keeper, SweepableKeeper):
            raise UsageError(
                "The blobs of this store lie behind a URL, where those of other stores may lie beside them: "
                "they are not cleaned up."
            )
        return self.keeper

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

    def send(self, digests: Iterable[str]) -> None:
        """Have blobs that wait here be there. They go on waiting, for `deliver`, which another process may be at."""
        for digest in digests:
            path = self._waiting.path(digest)
            if path.is_file():
                with contextlib.suppress(FileNotFoundError):  # it was delivered just now
                    self.keeper.write(digest, path)

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
        self._fetched += target.stat().st_size
        if self._fetched > CACHE_BYTES // 10:
            self._fetched = 0
            self._shrink(spared=digest)
        return target

    def _shrink(self, spared: str) -> None:
        copies = sorted(self._cache.all(), key=lambda copy: copy.stored)
        taken = sum(copy.size for copy in copies)
        for copy in copies:
            if taken <= CACHE_BYTES:
                break
            if copy.digest != spared:
                self._cache.path(copy.digest).unlink(missing_ok=True)
                taken -= copy.size
