"""Journals and segments as rows of a PostgreSQL store, to which this machine's own are on their way."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import Connection, Table, delete, func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from trackbook.errors import StoreError
from trackbook.store import server_schema as t
from trackbook.store.batch import Reading
from trackbook.store.database import Database
from trackbook.store.folder_parts import FolderParts, read_bytes
from trackbook.store.parts import positions, slices
from trackbook.store.paths import PartName, StorePaths
from trackbook.store.sealing import seal, take_journal_away

_CACHE_BYTES = 128 * 1024 * 1024


class ServerParts:
    """The journals and segments in `database`. `paths` is the spool, whose journals become theirs.

    Safe to use from several threads. Segments never change: those read last are kept in memory.
    """

    def __init__(self, paths: StorePaths, database: Database) -> None:
        self._paths, self._database = paths, database
        self._cache: OrderedDict[PartName, bytes] = OrderedDict()
        self._cached = 0
        self._lock = threading.Lock()

    def segments(self, subject: str | None = None) -> Iterator[PartName]:
        """Yield the names of all segments (those of one `subject`, if it is given), by subject, writer and part."""
        return self._names(t.segments, subject)

    def journals(self, subject: str | None = None) -> Iterator[PartName]:
        """Yield the names of all journals that are no segments yet, as far as their bytes are here."""
        return self._names(t.journal_bytes, subject)

    def read_segment(self, name: PartName) -> bytes | None:
        """Return a segment's bytes, None if there is no such segment."""
        with self._lock:
            if (known := self._cache.get(name)) is not None:
                self._cache.move_to_end(name)
                return known
        s = t.segments.c
        with self._database.read() as connection:
            query = select(s.data).where(
                s.subject == name.subject, s.writer == name.writer, s.part == name.part
            )
            data = connection.execute(query).scalar()
        if data is not None:
            self._keep_in_memory(name, bytes(data))
        return None if data is None else bytes(data)

    def read_journal(self, name: PartName, start: int = 0) -> bytes | None:
        """Return a journal's bytes from `start` on, as far as they have come; None if there is no such journal."""
        if (own := read_bytes(self._paths.journal(name), start)) is not None:
            return own
        j = t.journal_bytes.c
        mine = (j.subject == name.subject) & (j.writer == name.writer) & (j.part == name.part)
        with self._database.read() as connection:
            rows = connection.execute(
                select(j.position, j.data)
                .where(mine, j.position + func.length(j.data) > start)
                .order_by(j.position)
            ).all()
            if not rows and connection.execute(select(j.part).where(mine).limit(1)).first() is None:
                return None
        return b"".join(bytes(row.data)[max(0, start - row.position) :] for row in rows)

    def keep(self, connection: Connection, readings: Iterable[Reading]) -> None:
        """Store the bytes that were read of journals. Raises StoreError if others than these come next."""
        readings = [reading for reading in readings if reading.data]
        if not readings:
            return
        known = positions(connection, {reading.name.subject for reading in readings})
        for reading in readings:
            if known.get(reading.name, 0) != reading.start:
                raise PositionMoved(reading.name, known.get(reading.name, 0))
        connection.execute(
            insert(t.journal_bytes),
            [
                {**reading.name._asdict(), "position": reading.start, "data": reading.data}
                for reading in readings
            ],
        )

    def seal(self, names: Iterable[PartName]) -> list[PartName]:
        """Make the segments of closed journals in the spool, from where `keep_segments` takes them."""
        return seal(self._paths, names)

    def keep_segments(self, connection: Connection, names: Iterable[PartName]) -> None:
        """Store the segments of sealed journals in the place of the journals' bytes."""
        j = t.journal_bytes.c
        for name in names:
            row = {**name._asdict(), "data": self._paths.segment(name).read_bytes()}
            connection.execute(upsert(t.segments).values(row).on_conflict_do_nothing())
            connection.execute(
                delete(t.journal_bytes).where(
                    j.subject == name.subject, j.writer == name.writer, j.part == name.part
                )
            )

    def drop(self, name: PartName) -> None:
        """Delete what the spool has of a journal that is a segment of the store now."""
        take_journal_away(self._paths, name)
        segment = self._paths.segment(name)
        segment.unlink(missing_ok=True)
        _remove_if_empty(segment.parent)

    def size(self, subject: str) -> int:
        """Return how many bytes the journals and segments of a run or job take."""
        with self._database.read() as connection:
            sizes = [
                connection.execute(
                    select(func.coalesce(func.sum(func.length(table.c.data)), 0)).where(
                        table.c.subject == subject
                    )
                ).scalar_one()
                for table in (t.segments, t.journal_bytes)
            ]
        return sum(int(size) for size in sizes)

    def delete(self, subjects: Iterable[str]) -> None:
        """Delete the journals and segments of runs and jobs for good, and what the spool has of them."""
        subjects = sorted(subjects)
        with self._database.write() as connection:
            for ids in slices(subjects):
                for table in (t.segments, t.journal_bytes, t.heartbeats):
                    connection.execute(delete(table).where(table.c.subject.in_(ids)))
        FolderParts(self._paths).delete(subjects)

    def _names(self, table: Table, subject: str | None) -> Iterator[PartName]:
        c = table.c
        query = select(c.subject, c.writer, c.part).distinct().order_by(c.subject, c.writer, c.part)
        if subject is not None:
            query = query.where(c.subject == subject)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return (PartName(*row) for row in rows)

    def _keep_in_memory(self, name: PartName, data: bytes) -> None:
        with self._lock:
            if name in self._cache or len(data) > _CACHE_BYTES // 4:
                return
            self._cache[name] = data
            self._cached += len(data)
            while self._cached > _CACHE_BYTES:
                self._cached -= len(self._cache.popitem(last=False)[1])


class PositionMoved(StoreError):
    """The store has other bytes of a journal than this process thinks: an answer was lost on the way."""

    def __init__(self, name: PartName, position: int) -> None:
        self.name, self.position = name, position
        super().__init__(name.stem, f"its journal has been stored up to byte {position} already")


def _remove_if_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:  # others are still in it
        return
