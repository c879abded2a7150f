"""Curves in as many buckets as a chart has pixels. Each keeps its lowest and highest value: no spike is lost."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trackbook.store.columns import Floats, Ints

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Axis:
    """The part of a horizontal axis that is seen, and whether equal factors take equal room on it."""

    low: float
    high: float
    is_log: bool = False

    def edges(self, count: int) -> Floats:
        """Return the borders of `count` buckets of equal width, the two ends included."""
        if self.is_log:
            return np.geomspace(self.low, self.high, count + 1)
        return np.linspace(self.low, self.high, count + 1)

    def middles(self, edges: Floats) -> Floats:
        """Return the middles of buckets."""
        return np.sqrt(edges[:-1] * edges[1:]) if self.is_log else edges[:-1] / 2 + edges[1:] / 2


class Line(NamedTuple):
    """Points by rising x."""

    x: Floats | Ints
    values: Floats


class Envelope(NamedTuple):
    """Rows by rising x; `low` and `high` are None where each row is a point."""

    x: Floats | Ints
    values: Floats
    low: Floats | None
    high: Floats | None


class Band(NamedTuple):
    """The mean of several lines, the range of their values, their sample standard deviation, and how many they are."""

    x: Floats | Ints
    values: Floats
    low: Floats
    high: Floats
    std: Floats
    counts: Ints


def by_x(x: Floats | Ints, values: Floats) -> Line:
    """Return points by rising x; equal ones stay in their order, those without an x are left out."""
    if x.dtype.kind == "f" and not (known := np.isfinite(x)).all():
        x, values = x[known], values[known]
    if len(x) > 1 and (x[1:] < x[:-1]).any():
        order = np.argsort(x, kind="stable")
        x, values = x[order], values[order]
    return Line(x, values)


def envelope(line: Line, axis: Axis, most: int) -> Envelope:
    """Return what is seen of a line: its points, or `most` buckets with the mean, lowest and highest of each.

    The next points on both sides of what is seen stay, so that the line goes on to the edges. Behind a bucket in
    which some values are missing there is a row of NaN, in that bucket's place.
    """
    first, last = _window(line, axis)
    if last - first <= most:
        # What has ended before, or begins behind, leaves nothing to be seen.
        is_beyond = first == last and not 0 < first < len(line.x)
        some = slice(first, first) if is_beyond else slice(max(0, first - 1), last + 1)
        return Envelope(line.x[some], line.values[some], None, None)
    starts = _starts(line.x[first:last], axis.edges(most)) + first
    x, values, low, high = _parts(line, starts, last)
    ends = [slice(max(0, first - 1), first), slice(last, last + 1)]
    x = np.concatenate([line.x[ends[0]], x, line.x[ends[1]]])
    values, low, high = (
        np.concatenate([line.values[ends[0]], column, line.values[ends[1]]]) for column in (values, low, high)
    )
    return Envelope(x, values, low, high)


def band(lines: list[Line], axis: Axis, most: int) -> Band:
    """Return the mean of lines with its band.

    All lines are brought to the same places: to each x that any of them has where there are at most `most`, else to the
    middles of so many buckets, with the mean of what a line has in each. Where a line has nothing it is a straight line
    between its neighbours, and beyond its own first and last point it counts no more. What is not finite is left out.
    """
    lines = [_finite(line) for line in lines]
    seen = [line.x[slice(*_window(line, axis))] for line in lines]
    edges: Floats | Ints = axis.edges(most)
    places: Floats | Ints = axis.middles(axis.edges(most))
    if is_exact := all(len(x) <= most for x in seen):
        every = np.unique(np.concatenate([np.array([], np.int64), *seen, *_ends(lines, axis)]))
        if is_exact := len(every) <= most:
            places = edges = every
    means, lows, highs = (np.full((len(lines), len(places)), np.nan) for _ in range(3))
    for row, line in enumerate(lines):
        first, last = _window(line, axis)
        starts = _starts(line.x[first:last], edges, exact=is_exact) + first
        cells = _cells(line.x[starts], edges, exact=is_exact)
        x, values, low, high = _parts(line, starts, last)
        known = np.concatenate([line.x[max(0, first - 1) : first], x, line.x[last : last + 1]])
        around = np.concatenate(
            [line.values[max(0, first - 1) : first], values, line.values[last : last + 1]]
        )
        if len(known):
            means[row] = np.interp(places, known, around, left=np.nan, right=np.nan)
        lows[row], highs[row] = means[row], means[row]
        means[row, cells], lows[row, cells], highs[row, cells] = values, low, high
    return _joined(places, means, lows, highs)


def _finite(line: Line) -> Line:
    known = np.isfinite(line.values)
    return line if known.all() else Line(line.x[known], line.values[known])


def _window(line: Line, axis: Axis) -> tuple[int, int]:
    """Return the places of the first point that is seen, and of the first behind the last."""
    first, last = _find(line.x, np.array([axis.low, np.nextafter(axis.high, np.inf)]))
    return int(first), max(int(first), int(last))


def _find(x: Floats | Ints, edges: Floats | Ints) -> Ints:
    """Return for each edge how many of the points, which rise, lie before it."""
    if x.dtype.kind != "f" and edges.dtype.kind == "f":
        # The same question in whole numbers; else all of the points are turned into floats to be asked it.
        edges = np.clip(np.ceil(edges), -(2.0**62), 2.0**62).astype(np.int64)
    found: Ints = np.searchsorted(x, edges, side="left")
    return found


def _ends(lines: list[Line], axis: Axis) -> list[Floats]:
    # A window between two points shows the line that joins them.
    if any(len(line.x) and (line.x[0] < axis.low or line.x[-1] > axis.high) for line in lines):
        return [np.array([axis.low, axis.high])]
    return []


def _starts(x: Floats | Ints, edges: Floats | Ints, *, exact: bool = False) -> Ints:
    """Return where the buckets begin that hold any of the points."""
    if not len(x):
        return np.array([], np.int64)
    bounds = _find(x, edges if exact else edges[1:-1])
    starts: Ints = np.unique(np.concatenate([[0], bounds[bounds < len(x)]])).astype(np.int64)
    return starts


def _cells(x: Floats | Ints, edges: Floats | Ints, *, exact: bool) -> Ints:
    """Return in which buckets these lie."""
    if exact:
        return np.searchsorted(edges, x, side="left")
    cells: Ints = np.searchsorted(edges[1:-1], x, side="right")
    return cells


def _parts(line: Line, starts: Ints, end: int) -> tuple[Floats | Ints, Floats, Floats, Floats]:
    """Return x, mean, lowest and highest of the parts of a line that begin at `starts`; the last one ends at `end`."""
    if not len(starts):
        return line.x[:0], line.values[:0], line.values[:0], line.values[:0]
    values = line.values[starts[0] : end]
    places, sizes = starts - starts[0], np.diff(starts, append=end)
    middles = starts + sizes // 2
    # A line begins and ends where its points do.
    middles[0], middles[-1] = (starts[0] if len(starts) > 1 else middles[0]), end - 1
    x = line.x[middles]
    finite = np.isfinite(values)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        if finite.all():
            low, high = np.minimum.reduceat(values, places), np.maximum.reduceat(values, places)
            # A sum of large numbers may be infinite.
            return x, np.clip(np.add.reduceat(values, places) / sizes, low, high), low, high
        counts = np.add.reduceat(finite.astype(np.int64), places)
        low = np.minimum.reduceat(np.where(finite, values, np.inf), places)
        high = np.maximum.reduceat(np.where(finite, values, -np.inf), places)
        mean = np.clip(np.add.reduceat(np.where(finite, values, 0.0), places) / counts, low, high)
    columns = [np.where(counts > 0, column, np.nan) for column in (mean, low, high)]
    behind = np.flatnonzero((counts > 0) & (counts < sizes)) + 1
    mean, low, high = (np.insert(column, behind, np.nan) for column in columns)
    return np.insert(x, behind, x[behind - 1]), mean, low, high


def _joined(places: Floats | Ints, means: Floats, lows: Floats, highs: Floats) -> Band:
    counts: Ints = (~np.isnan(means)).sum(axis=0)
    known = counts > 0
    places, counts = places[known], counts[known]
    means, lows, highs = means[:, known], lows[:, known], highs[:, known]
    with np.errstate(over="ignore", invalid="ignore"):
        mean = np.nansum(means / counts, axis=0)
        spread = np.sqrt(np.nansum((means - mean) ** 2, axis=0) / np.maximum(1, counts - 1))
    if not len(places):
        return Band(places, mean, mean, mean, mean, counts)
    return Band(places, mean, np.nanmin(lows, axis=0), np.nanmax(highs, axis=0), spread, counts)
