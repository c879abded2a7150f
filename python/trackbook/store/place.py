"""Where a store keeps its things: one value that is put together when the store is opened, and passed around."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from trackbook.store.batch import Reading
from trackbook.store.database import Connection, Database
from trackbook.store.paths import PartName, StorePaths
from trackbook.store.stored import StoredBlob


class Parts(Protocol):
    """What the store has of journals: the bytes of open ones, and the segments of sealed ones."""

    def segments(self, subject: str | None = None) -> Iterator[PartName]:
        """Yield the names of all segments (those of one `subject`, if it is given), by subject, writer and part."""

    def journals(self, subject: str | None = None) -> Iterator[PartName]:
        """Yield the names of all journals that are no segments yet; those of one `subject`, if it is given."""

    def read_segment(self, name: PartName) -> bytes | None:
        """Return a segment's bytes, None if there is no such segment."""

    def read_journal(self, name: PartName, start: int = 0) -> bytes | None:
        """Return a journal's bytes from `start` on, None if there is no such journal."""

    def keep(self, connection: Connection, readings: Iterable[Reading]) -> None:
        """Store what was read of this machine's journals, in the transaction that also stores its rows."""

    def seal(self, names: Iterable[PartName]) -> list[PartName]:
        """Turn closed journals of this machine into segments; returns those that are, for good. The journals stay."""

    def keep_segments(self, connection: Connection, names: Iterable[PartName]) -> None:
        """Store sealed journals, in the transaction that also says so."""

    def drop(self, name: PartName) -> None:
        """Take the journal away that a segment has replaced."""

    def size(self, subject: str) -> int:
        """Return how many bytes the journals and segments of a run or job take."""

    def delete(self, subjects: Iterable[str]) -> None:
        """Delete the journals and segments of runs and jobs for good."""


class Blobs(Protocol):
    """Content by its SHA-256. What writers put is on this machine's disk when the call returns.

    Raises OSError when the disk refuses, StoreError when what lies elsewhere can't be reached. `may_lag`: whether a
    record may be read before the blobs that it names are where everybody finds them.
    """

    @property
    def may_lag(self) -> bool:
        """Whether records don't wait for `deliver`."""

    def has(self, digest: str) -> bool:
        """Tell whether the blob is stored."""

    def get(self, digest: str) -> bytes:
        """Return the bytes; raises NotFound if there is no such blob."""

    def file(self, digest: str) -> Path:
        """Return a file of this machine with the bytes, to be read only; raises NotFound without such a blob."""

    def keep(self, digest: str) -> bool:
        """Tell whether the blob is stored; if it is, it counts as new, and is not swept away until it is named."""

    def put_bytes(self, data: bytes) -> str:
        """Store `data` and return its digest."""

    def put_file(self, source: Path) -> tuple[str, int]:
        """Copy a file into the store; return its digest and its size in bytes."""

    def copy_to(self, digest: str, target: Path) -> None:
        """Write the blob's bytes to the file `target`; raises NotFound if there is no such blob."""

    def deliver(self) -> int:
        """Carry what waits on this machine to where blobs are kept; returns how many were carried.

        Raises StoreUnreachable where it can't be.
        """

    def send(self, digests: Iterable[str]) -> None:
        """Have blobs that wait on this machine be where everybody finds them; `deliver` need not have come to them.

        Raises StoreUnreachable where they can't be.
        """

    def all(self) -> Iterator[StoredBlob]:
        """Yield all blobs; raises UsageError where what others keep may lie beside them."""

    def discard(self, digest: str, before: float) -> int:
        """Delete a blob unless it was stored again since `before`; returns the bytes that are free now."""

    def drafts(self, before: float) -> Iterator[tuple[Path, int]]:
        """Yield files, with their sizes, that writers which died before `before` left half written."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a store's things lie.

    `paths` is the folder in which this machine's writers write: the store itself, or the spool of one elsewhere.
    In a `shared` one the database is the truth, and many machines write it.
    """

    paths: StorePaths
    database: Database
    parts: Parts
    blobs: Blobs
    shared: bool = False

    def close(self) -> None:
        """Close the connections to the database."""
        self.database.close()
