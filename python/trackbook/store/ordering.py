"""Windows of sorted runs, without sorting what lies outside the window."""

from collections.abc import Sequence

import numpy as np

from trackbook.store.columns import Floats
from trackbook.store.run_table import Serials

# What runs are sorted by: those with a value in the first come first, by it, then those with one in the second, and
# then those without any.
Key = Sequence[Floats]

_WORTH_PARTING = 2_000


def window(found: Serials, keys: Sequence[Key], start: int, stop: int) -> Serials:
    """Return the runs from `start` to before `stop` of those in `found`, sorted by `keys`; equals stay as they are."""
    stop = min(stop, len(found))
    if start >= stop:
        return found[:0]
    if not keys:
        return found[start:stop]
    pieces = []
    for values in keys[0]:
        of_found = values[found]
        missing = np.isnan(of_found)
        members, of_members = found, of_found
        if missing.any():
            members, of_members = found[~missing], of_found[~missing]
        found = found[missing]
        pieces.append(_cut(members, of_members, keys[1:], start, min(stop, len(members))))
        start, stop = max(start - len(members), 0), stop - len(members)
    pieces.append(window(found, keys[1:], start, stop))
    return np.concatenate(pieces)


def _cut(members: Serials, values: Floats, further: Sequence[Key], start: int, stop: int) -> Serials:
    if start >= stop:
        return members[:0]
    if len(values) > _WORTH_PARTING and stop - start < len(values) // 4:
        # The lowest and the highest value in the window tell who can be in it.
        parted = np.partition(values, (start, stop - 1))
        low, high = parted[start], parted[stop - 1]
        before = int(np.count_nonzero(values < low))
        inside = np.flatnonzero((values >= low) & (values <= high))
        members, values, start, stop = members[inside], values[inside], start - before, stop - before
    if not further:
        return members[np.argsort(values, kind="stable")[start:stop]]
    columns = [column for key in reversed(further) for column in _columns(key, members)]
    return members[np.lexsort([*columns, values])[start:stop]]


def _columns(key: Key, members: Serials) -> list[Floats]:
    """Return a key as columns for lexsort, the one that counts first last."""
    values = np.zeros(len(members))
    place = np.full(len(members), float(len(key)))
    for number, column in reversed(list(enumerate(key))):
        of_members = column[members]
        there = ~np.isnan(of_members)
        values[there], place[there] = of_members[there], number
    return [values, place]
