"""Thinning a series for charts without losing what an eye would look for."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trackbook.store.columns import Floats, Ints

FEWEST = 2


def thin(values: Floats, most: int) -> Ints:
    """Return the positions of at most `most` points that stand for all, in rising order.

    Kept are the first and the last point and, of each of some equal stretches, the lowest, the highest and the
    first NaN: a spike or a gap is never lost. Fewer than 5 points leave room for the first and the last alone.
    """
    if most < FEWEST:
        raise ValueError(f"A series can't be thinned to fewer than {FEWEST} points")
    count = len(values)
    if count <= most:
        return np.arange(count, dtype=np.int64)
    missing = np.isnan(values)
    each = 3 if missing.any() else 2
    buckets = (most - 2) // each
    if buckets == 0:
        return np.array([0, count - 1])
    width = -(-count // buckets)
    buckets = -(-count // width)
    starts = np.arange(buckets, dtype=np.int64) * width
    chosen = [
        np.array([0, count - 1]),
        starts + _lowest(values, missing, width),
        starts + _lowest(-values, missing, width),
    ]
    if each == 3:
        table = _table(missing, width, False)
        has_nan = table.any(axis=1)
        chosen.append((starts + table.argmax(axis=1))[has_nan])
    return np.unique(np.concatenate(chosen))


def _lowest(values: Floats, missing: NDArray[np.bool_], width: int) -> Ints:
    """Return the place of the lowest value in each stretch; what is missing counts as infinite."""
    places: Ints = _table(np.where(missing, np.inf, values), width, np.inf).argmin(axis=1)
    return places


def _table(values: NDArray[Any], width: int, filler: float) -> NDArray[Any]:
    """Return the values as rows of `width`, the last one filled up."""
    rows = -(-len(values) // width)
    return np.pad(values, (0, rows * width - len(values)), constant_values=filler).reshape(rows, width)
