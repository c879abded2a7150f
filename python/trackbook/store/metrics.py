"""Points of metric series, read from segments and from journals that are still open."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection, select

from trackbook.store import schema as t
from trackbook.store.journal import Entry, scan
from trackbook.store.parts import slices
from trackbook.store.paths import PartName
from trackbook.store.place import Parts
from trackbook.store.rows import fetch
from trackbook.store.segments import Columns, SeriesKey, find_columns, separate

_READ_AGAIN = 3
# Points that are kept in memory, in bytes: of journals that are being written, and of segments.
_MOST_OF_TAILS = 128 * 1024 * 1024
_MOST_OF_SEGMENTS = 256 * 1024 * 1024


def read_contexts(connection: Connection, run_id: str, key: str) -> list[str]:
    """Return the contexts (JSON texts) in which a run has points of a metric."""
    s = t.series.c
    query = select(s.context).where(s.run_id == run_id, s.key == key).order_by(s.context != "{}", s.context)
    return list(connection.execute(query).scalars())


def read_parts(connection: Connection, run_id: str, key: str, context: str) -> list[PartName]:
    """Return the journals that hold points of a series, by writer and number."""
    c, s = t.chunks.c, t.series.c
    query = (
        select(c.subject, c.writer, c.part)
        .join_from(t.chunks, t.series, s.id == c.series_id)
        .where(s.run_id == run_id, s.key == key, s.context == context)
        .order_by(c.writer, c.part)
    )
    return [PartName(*row) for row in connection.execute(query)]


class Stored(NamedTuple):
    """A series of a run, and the journals that hold points of it, by writer and number."""

    run_id: str
    key: str
    context: str
    parts: list[PartName]


def read_stored(connection: Connection, run_ids: Iterable[str], keys: Sequence[str]) -> list[Stored]:
    """Return the series that runs have of some metrics, in all contexts."""
    c, s = t.chunks.c, t.series.c
    query = (
        select(s.run_id, s.key, s.context, c.subject, c.writer, c.part)
        .outerjoin_from(t.series, t.chunks, s.id == c.series_id)
        .order_by(s.run_id, s.key, s.context != "{}", s.context, c.writer, c.part)
        .where(s.key.in_(keys))
    )
    return [
        Stored(run_id, key, context, [PartName(*row[3:]) for row in rows if row[3] is not None])
        for ids in slices(sorted(set(run_ids)))
        for (run_id, key, context), rows in groupby(
            fetch(connection, query.where(s.run_id.in_(ids))), key=lambda row: row[:3]
        )
    ]


class PointReader:
    """Reads points of a store's series. Safe to use from several threads.

    What it has decoded it keeps as far as there is room: of segments, which never change, and of journals that are
    still being written, so that who watches a run grow pays for the new points only.
    """

    def __init__(self, parts: Parts, memory: int = _MOST_OF_SEGMENTS) -> None:
        self._parts = parts
        self._tails: OrderedDict[PartName, _Tail] = OrderedDict()
        self._known: OrderedDict[tuple[PartName, str, str], Columns] = OrderedDict()
        self._memory, self._taken = memory, 0
        self._lock = threading.Lock()

    def read(self, parts: Iterable[PartName], key: str, context: str) -> Columns:
        """Return the points of a series in logging order, those of several writers merged by time."""
        writers = [
            join([columns for name in names if (columns := self._read_part(name, key, context)) is not None])
            for _, names in groupby(parts, key=lambda name: name.writer)
        ]
        return merge([columns for columns in writers if len(columns.values)])

    def _read_part(self, name: PartName, key: str, context: str) -> Columns | None:
        series = (name, key, context)
        with self._lock:
            if (known := self._known.get(series)) is not None:
                self._known.move_to_end(series)
                return known
        for _ in range(_READ_AGAIN):
            # A journal may be sealed at any moment: then the segment is there before the journal goes.
            if (data := self._parts.read_segment(name)) is not None:
                found = find_columns(name, data, key, context)
                if found is not None:
                    self._keep(series, found)
                return found
            if (points := self._read_journal(name)) is not None:
                return points.get((key, context))
        return None

    def _read_journal(self, name: PartName) -> dict[SeriesKey, Columns] | None:
        with self._lock:
            tail = self._tails.pop(name, None) or _Tail()
            data = self._parts.read_journal(name, tail.position)
            if data is None:
                return None
            tail.read_on(data)
            self._tails[name] = tail
            taken = sum(other.size for other in self._tails.values())
            while taken > _MOST_OF_TAILS and len(self._tails) > 1:
                taken -= self._tails.popitem(last=False)[1].size
            return tail.points

    def _keep(self, series: tuple[PartName, str, str], columns: Columns) -> None:
        size = _size(columns)
        with self._lock:
            if series in self._known or size > self._memory // 4:
                return
            self._tails.pop(series[0], None)
            self._known[series] = columns
            self._taken += size
            while self._taken > self._memory:
                self._taken -= _size(self._known.popitem(last=False)[1])


class _Tail:
    """The points of a journal as far as it was read."""

    def __init__(self) -> None:
        self.points: dict[SeriesKey, Columns] = {}
        self.position = 0
        self.size = 0
        self._series: dict[SeriesKey, _Growing] = {}

    def read_on(self, data: bytes) -> None:
        entries = [entry for entry in scan(data, self.position) if isinstance(entry, Entry)]
        if not entries:
            return
        # Damage behind the last whole record may be one that is being written; it is looked at again.
        self.position = entries[-1].end
        added = separate(entry.record for entry in entries).points
        for series, new in added.items():
            self._series.setdefault(series, _Growing()).extend(new)
        self.points = self.points | {series: self._series[series].columns for series in added}
        self.size = sum(series.size for series in self._series.values())


class _Growing:
    """Points of one series, to which more are added behind. What was given out before stays as it is.

    There is room for more than there are, so that a run that is watched for hours is not copied with each new point.
    """

    def __init__(self) -> None:
        self._room = Columns(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float64))
        self._count = 0

    @property
    def columns(self) -> Columns:
        """All points up to now."""
        return _first(self._room, self._count)

    @property
    def size(self) -> int:
        """How many bytes they take, with the room for more."""
        return _size(self._room)

    def extend(self, added: Columns) -> None:
        """Add points."""
        count = self._count + len(added.values)
        if count > len(self._room.values):
            size = count if self._count == 0 else max(count, 2 * self._count)
            room = Columns(np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.float64))
            _copy(self.columns, room, 0)
            self._room = room
        _copy(added, self._room, self._count)
        self._count = count


def _first(columns: Columns, count: int) -> Columns:
    return Columns(columns.steps[:count], columns.times[:count], columns.values[:count])


def _copy(source: Columns, target: Columns, at: int) -> None:
    end = at + len(source.values)
    target.steps[at:end] = source.steps
    target.times[at:end] = source.times
    target.values[at:end] = source.values


def _size(columns: Columns) -> int:
    # With what Python needs for the least of them.
    return columns.steps.nbytes + columns.times.nbytes + columns.values.nbytes + 512


def join(pieces: list[Columns]) -> Columns:
    """Return pieces of one series behind each other."""
    if len(pieces) == 1:
        return pieces[0]
    empty = Columns(np.array([], np.int64), np.array([], np.int64), np.array([], np.float64))
    pieces = pieces or [empty]
    return Columns(
        np.concatenate([piece.steps for piece in pieces]),
        np.concatenate([piece.times for piece in pieces]),
        np.concatenate([piece.values for piece in pieces]),
    )


def merge(writers: list[Columns]) -> Columns:
    """Return the points of several writers by time. Each writer's own order holds, even if its clock went back."""
    joined = join(writers)
    if len(writers) < 2:
        return joined
    keys = np.concatenate([np.maximum.accumulate(columns.times) for columns in writers])
    order = np.argsort(keys, kind="stable")
    return Columns(joined.steps[order], joined.times[order], joined.values[order])
