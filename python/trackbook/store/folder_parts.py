"""Journals and segments as files of a store's folder."""

import contextlib
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from trackbook.store.batch import Reading
from trackbook.store.database import Connection
from trackbook.store.paths import PartName, StorePaths
from trackbook.store.sealing import seal, take_journal_away


class FolderParts:
    """The journals and segments in a folder."""

    def __init__(self, paths: StorePaths) -> None:
        self._paths = paths

    def segments(self, subject: str | None = None) -> Iterator[PartName]:
        """Yield the names of all segments (those of one `subject`, if it is given), by subject, writer and part."""
        return (name for name, _ in self._paths.list_segments(subject))

    def journals(self, subject: str | None = None) -> Iterator[PartName]:
        """Yield the names of all journals that are no segments yet; those of one `subject`, if it is given."""
        found = self._paths.list_journals(subject)
        return (name for name, _ in found if not self._paths.segment(name).exists())

    def read_segment(self, name: PartName) -> bytes | None:
        """Return a segment's bytes, None if there is no such segment."""
        return read_bytes(self._paths.segment(name))

    def read_journal(self, name: PartName, start: int = 0) -> bytes | None:
        """Return a journal's bytes from `start` on, None if there is no such journal."""
        return read_bytes(self._paths.journal(name), start)

    def keep(self, connection: Connection, readings: Iterable[Reading]) -> None:
        """Do nothing: the journals themselves are the truth."""

    def keep_segments(self, connection: Connection, names: Iterable[PartName]) -> None:
        """Do nothing: a segment is written where it stays."""

    def seal(self, names: Iterable[PartName]) -> list[PartName]:
        """Write the segments of closed journals; returns those whose segment is on the disk."""
        return seal(self._paths, names)

    def drop(self, name: PartName) -> None:
        """Delete a journal that is a segment now."""
        take_journal_away(self._paths, name)

    def size(self, subject: str) -> int:
        """Return how many bytes the journals and segments of a run or job take."""
        sizes = 0
        for folder in self._folders(subject):
            for path in folder.glob("*"):
                with contextlib.suppress(FileNotFoundError):  # sealed meanwhile
                    sizes += path.stat().st_size
        return sizes

    def delete(self, subjects: Iterable[str]) -> None:
        """Delete the journals and segments of runs and jobs for good."""
        for subject in subjects:
            for folder in self._folders(subject):
                shutil.rmtree(folder, ignore_errors=True)

    def _folders(self, subject: str) -> tuple[Path, Path]:
        return self._paths.journals / subject, self._paths.segments / subject


def read_bytes(path: Path, start: int = 0) -> bytes | None:
    """Return a file's bytes from `start` on, None if there is no such file."""
    try:
        with open(path, "rb") as file:
            file.seek(start)
            return file.read()
    except FileNotFoundError:
        return None
