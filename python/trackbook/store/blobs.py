"""Blobs: files named by the SHA-256 of their bytes, each stored once."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from trackbook.domain.ids import new_id
from trackbook.errors import NotFound
from trackbook.store.stored import StoredBlob

_CHUNK = 1024 * 1024
_DIGEST_LENGTH = 64


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of `data` in hex."""
    import hashlib  # brings OpenSSL along: too slow for who logs numbers only

    return hashlib.sha256(data).hexdigest()


class BlobStore:
    """Content-addressed files under `root`. Raises OSError when the disk refuses."""

    may_lag = False

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, digest: str) -> Path:
        """Return where the blob lies, or would lie."""
        if len(digest) != 64 or not digest.isalnum():
            raise NotFound("blob", digest)
        return self.root / digest[:2] / digest

    def has(self, digest: str) -> bool:
        """Tell whether the blob is stored."""
        return self.path(digest).is_file()

    def get(self, digest: str) -> bytes:
        """Return the bytes; raises NotFound if there is no such blob."""
        try:
            return self.path(digest).read_bytes()
        except FileNotFoundError:
            raise NotFound("blob", digest) from None

    def file(self, digest: str) -> Path:
        """Return the blob's file, to be read only; raises NotFound if there is no such blob."""
        path = self.path(digest)
        if not path.is_file():
            raise NotFound("blob", digest)
        return path

    def deliver(self) -> int:
        """Carry nothing: here is where blobs are kept."""
        return 0

    def send(self, digests: Iterable[str]) -> None:
        """Send nothing: here is where blobs are kept."""

    def keep(self, digest: str) -> bool:
        """Tell whether the blob is stored; if it is, it counts as new, and is not swept away until it is named."""
        try:
            os.utime(self.path(digest))
        except FileNotFoundError:
            return False
        except OSError:  # another user's file: it is stored once more, unless this folder may only be read
            return self.has(digest) and not os.access(self.path(digest).parent, os.W_OK)
        return True

    def put_bytes(self, data: bytes) -> str:
        """Store `data` and return its digest."""
        digest = digest_of(data)
        target = self.path(digest)
        if not self.keep(digest):
            draft = self._draft(target)
            try:
                draft.write_bytes(data)
                os.replace(draft, target)
            finally:
                draft.unlink(missing_ok=True)
        return digest

    def put_file(self, source: Path) -> tuple[str, int]:
        """Copy a file into the store; return its digest and its size in bytes.

        The bytes are hashed while they are copied, so that what is stored is what the digest names even if
        the file changes meanwhile.
        """
        import hashlib

        self.root.mkdir(parents=True, exist_ok=True)
        draft = self.root / f"draft-{new_id()}"
        sha, size = hashlib.sha256(), 0
        try:
            with open(source, "rb") as reader, open(draft, "wb") as writer:
                while chunk := reader.read(_CHUNK):
                    sha.update(chunk)
                    writer.write(chunk)
                    size += len(chunk)
            digest = sha.hexdigest()
            target = self.path(digest)
            if not self.keep(digest):
                target.parent.mkdir(exist_ok=True)
                os.replace(draft, target)
        finally:
            draft.unlink(missing_ok=True)
        return digest, size

    def all(self) -> Iterator[StoredBlob]:
        """Yield all blobs."""
        for path in self.root.glob("??/*"):
            if len(path.name) == _DIGEST_LENGTH:
                with contextlib.suppress(FileNotFoundError):
                    status = path.stat()
                    yield StoredBlob(path.name, status.st_size, status.st_mtime)

    def discard(self, digest: str, before: float) -> int:
        """Delete a blob unless it was stored again since `before`; returns the bytes that are free now.

        A writer that has the same bytes at the same moment either makes the blob new before it is taken aside here,
        which is seen, or finds none and stores it once more. Nothing in between can lose it.
        """
        target = self.path(digest)
        aside = self._draft(target)
        try:
            os.rename(target, aside)
        except FileNotFoundError:
            return 0
        status = aside.stat()
        if status.st_mtime >= before:
            os.replace(aside, target)
            return 0
        aside.unlink()
        return status.st_size

    def drafts(self, before: float) -> Iterator[tuple[Path, int]]:
        """Yield files, with their sizes, that writers which died before `before` left half written."""
        for path in (*self.root.glob("draft-*"), *self.root.glob("??/*-*")):
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                if status.st_mtime < before:
                    yield path, status.st_size

    def adopt(self, draft: Path, digest: str) -> None:
        """Make the file `draft`, whose digest this is, a blob; it is on the disk when this returns."""
        target = self.path(digest)
        if self.keep(digest):
            draft.unlink(missing_ok=True)
            return
        with open(draft, "rb+") as file:
            os.fsync(file.fileno())
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(draft, target)

    def copy_to(self, digest: str, target: Path) -> None:
        """Write the blob's bytes to the file `target`; raises NotFound if there is no such blob."""
        import shutil

        try:
            shutil.copyfile(self.path(digest), target)
        except FileNotFoundError:
            raise NotFound("blob", digest) from None

    def _draft(self, target: Path) -> Path:
        target.parent.mkdir(parents=True, exist_ok=True)
        return target.with_name(f"{target.name}-{new_id()}")
