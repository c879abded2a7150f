"""Groups of runs that have the same labels, and what the numbers of columns are like in each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trackbook.domain.table import Aggregate
from trackbook.store.columns import Floats, Ints
from trackbook.store.labels import Labels


@dataclass(frozen=True)
class Aggregates:
    """Aggregates of a column, one a group; NaN where there is none."""

    count: Ints
    mean: Floats
    min: Floats
    max: Floats
    std: Floats

    def of(self, group: int) -> Aggregate:
        """Return those of one group."""
        count = int(self.count[group])
        if not count:
            return Aggregate(0, None, None, None, None)
        mean, low, high, std = (float(values[group]) for values in (self.mean, self.min, self.max, self.std))
        return Aggregate(count, mean, low, high, std if count > 1 else None)


class Grouping:
    """Runs put together by their labels. Groups are sorted by their values; `members` says which one a run is in."""

    def __init__(self, labels: Sequence[Labels]) -> None:
        self._labels = labels
        combined = labels[0].codes.astype(np.int64)
        for further in labels[1:]:
            combined = combined * further.count + further.codes
        self._distinct, members = np.unique(combined, return_inverse=True)
        self.members: Ints = members.astype(np.int64)
        self.counts: Ints = np.bincount(self.members, minlength=len(self._distinct))

    def __len__(self) -> int:
        return len(self._distinct)

    def values(self, group: int) -> list[Any]:
        """Return the values that a group's runs have, one a column."""
        rest = int(self._distinct[group])
        codes = []
        for labels in reversed(self._labels):
            rest, code = divmod(rest, labels.count)
            codes.append(code)
        return [labels.value(code) for labels, code in zip(self._labels, reversed(codes), strict=True)]

    def ranks(self, column: int) -> Floats:
        """Return what sorts groups by one of their values; NaN where that is missing or NaN."""
        rest = self._distinct
        for labels in reversed(self._labels[column + 1 :]):
            rest = rest // labels.count
        codes = (rest % self._labels[column].count).astype(np.float64)
        codes[codes >= self._labels[column].ordinary] = np.nan
        return codes

    def aggregate(self, values: Floats) -> Aggregates:
        """Return the aggregates of a value a run; NaN is left out."""
        there = ~np.isnan(values)
        members, values = self.members[there], values[there]
        size = len(self)
        count = np.bincount(members, minlength=size)
        low, high = np.full(size, np.inf), np.full(size, -np.inf)
        np.minimum.at(low, members, values)
        np.maximum.at(high, members, values)
        with np.errstate(all="ignore"):  # of nothing, and of infinities, there is no mean
            mean = np.bincount(members, values, size) / count
            squares = np.bincount(members, (values - mean[members]) ** 2, size)
            std = np.sqrt(squares / (count - 1))
        nothing = count == 0
        low[nothing] = high[nothing] = np.nan
        std[count < 2] = np.nan
        return Aggregates(count, mean, low, high, std)

    def best(self, values: Floats, highest: bool) -> Ints:
        """Return the place of the best run of each group, the first of equals; -1 where none has a value."""
        values = values if highest else -values
        places = np.flatnonzero(~np.isnan(values))
        top = np.full(len(self), -np.inf)
        np.maximum.at(top, self.members[places], values[places])
        winners = places[values[places] == top[self.members[places]]][::-1]
        found = np.full(len(self), -1, np.int64)
        found[self.members[winners]] = winners
        return found


def sorted_groups(count: int, keys: Sequence[tuple[Floats, bool]]) -> Ints:
    """Return the groups in the order of keys (the first counts most; true: from high to low), what is missing last."""
    order = [np.arange(count, dtype=np.float64)]
    order += [-values if descending else values for values, descending in reversed(keys)]
    return np.lexsort(order)
