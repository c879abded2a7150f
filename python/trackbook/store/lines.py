"""Series as lines over what is chosen: steps, time, or another series. Lines made last are kept in memory."""

import threading
from collections import OrderedDict
from typing import NamedTuple

import numpy as np

from trackbook.store.buckets import Line, by_x
from trackbook.store.segments import Columns

_MEMORY = 128 * 1024 * 1024

Name = tuple[str, str, str]  # run, metric key, context as JSON text
Over = tuple[str, str, int]  # x, scale of its axis, start of the run in microseconds


class _Kept(NamedTuple):
    points: Columns
    other: Columns | None
    line: Line


class Lines:
    """Makes lines of points. One is made anew when its points are not the same object any more."""

    def __init__(self, memory: int = _MEMORY) -> None:
        self._kept: OrderedDict[tuple[Name, Over], _Kept] = OrderedDict()
        self._memory, self._taken = memory, 0
        self._lock = threading.Lock()

    def get(self, name: Name, points: Columns, other: Columns | None, over: Over) -> Line:
        """Return points by rising x; `other` is the series that x is, None for one that the run has not."""
        with self._lock:
            kept = self._kept.get((name, over))
            if kept is not None and kept.points is points and kept.other is other:
                self._kept.move_to_end((name, over))
                return kept.line
        line = _line(points, other, over)
        with self._lock:
            self._drop((name, over))
            self._kept[name, over] = _Kept(points, other, line)
            self._taken += _size(line)
            while self._taken > self._memory and len(self._kept) > 1:
                self._drop(next(iter(self._kept)))
        return line

    def _drop(self, key: tuple[Name, Over]) -> None:
        if (kept := self._kept.pop(key, None)) is not None:
            self._taken -= _size(kept.line)


def _line(points: Columns, other: Columns | None, over: Over) -> Line:
    x, scale, start = over
    match x:
        case "step":
            line = by_x(points.steps, points.values)
        case "time":
            line = by_x(points.times / 1e6, points.values)
        case "relative":
            # Whole microseconds since a moment nearby are exact.
            line = by_x((points.times - start) / 1e6, points.values)
        case _:
            line = _over_series(points, other)
    if scale == "log" and len(line.x) and line.x[0] <= 0:
        first = int(np.searchsorted(line.x, 0, side="right"))
        line = Line(line.x[first:], line.values[first:])
    return line


def _over_series(points: Columns, other: Columns | None) -> Line:
    if other is None or not len(other.steps):
        return Line(points.values[:0], points.values[:0])
    if np.array_equal(other.steps, points.steps) and (np.diff(points.steps) > 0).all():
        return by_x(other.values, points.values)
    # Of several values at one step the last counts.
    steps, places = np.unique(other.steps[::-1], return_index=True)
    values = other.values[::-1][places]
    at = np.minimum(np.searchsorted(steps, points.steps), len(steps) - 1)
    both = steps[at] == points.steps
    return by_x(values[at[both]], points.values[both])


def _size(line: Line) -> int:

    return 512 + sum(column.nbytes for column in line)
