"""Which of many borders keep their copy: the last ones, and of older ones the fewer the older they are."""

from collections.abc import Sequence

_LAST = 2


def superfluous(positions: Sequence[int], most: int) -> list[int]:
    """Return which of some positions, in ascending order, are to be dropped, so that at most `most` are left."""
    left = list(positions)
    dropped = []
    while len(left) > max(most, 1):
        newest = left[-1]
        inner = range(1, len(left) - _LAST)
        if not inner:
            dropped.append(left.pop(0))
            continue
        # The gap that it leaves, in proportion to its age: gaps grow with the age, and the first one stays.
        worst = min(inner, key=lambda i: (left[i + 1] - left[i - 1]) / (newest - left[i] + 1))
        dropped.append(left.pop(worst))
    return dropped
