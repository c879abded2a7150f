"""Points of metric series, read from segments and from journals that are still open."""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from itertools import groupby

import numpy as np
from sqlalchemy import Connection, select

from trackbook.store import schema as t
from trackbook.store.journal import Entry, scan
from trackbook.store.paths import PartName
from trackbook.store.place import Parts
from trackbook.store.segments import Columns, SeriesKey, find_columns, separate

_READ_AGAIN = 3
# A journal has at most 8 MB before the next one begins.
_MOST_TAILS = 16


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


class PointReader:
    """Reads points of a store's series. Safe to use from several threads.

    What it has decoded of journals that are still being written it keeps, so that who watches a run grow pays for
    the new points only.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._tails: OrderedDict[PartName, _Tail] = OrderedDict()
        self._lock = threading.Lock()

    def read(self, parts: Iterable[PartName], key: str, context: str) -> Columns:
        """Return the points of a series in logging order, those of several writers merged by time."""
        writers = [
            join([columns for name in names if (columns := self._read_part(name, key, context)) is not None])
            for _, names in groupby(parts, key=lambda name: name.writer)
        ]
        return merge([columns for columns in writers if len(columns.values)])

    def _read_part(self, name: PartName, key: str, context: str) -> Columns | None:
        for _ in range(_READ_AGAIN):
            # A journal may be sealed at any moment: then the segment is there before the journal goes.
            if (data := self._parts.read_segment(name)) is not None:
                return find_columns(name, data, key, context)
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
            while len(self._tails) > _MOST_TAILS:
                self._tails.popitem(last=False)
            return tail.points


class _Tail:
    """The points of a journal as far as it was read."""

    def __init__(self) -> None:
        self.points: dict[SeriesKey, Columns] = {}
        self.position = 0

    def read_on(self, data: bytes) -> None:
        entries = [entry for entry in scan(data, self.position) if isinstance(entry, Entry)]
        if not entries:
            return
        # Damage behind the last whole record may be one that is being written; it is looked at again.
        self.position = entries[-1].end
        added = separate(entry.record for entry in entries).points
        known = {
            series: join([self.points[series], new]) for series, new in added.items() if series in self.points
        }
        self.points = self.points | added | known


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
