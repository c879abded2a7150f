"""Curves with fewer points, and the area that all of them had."""

import heapq
from typing import Any

MAX_POINTS = 1_000


def thin_curve(np: Any, x: Any, y: Any, limit: int = MAX_POINTS) -> Any:
    """Return the indexes of at most `limit` points that draw the same curve, the first and the last among them.

    `x` and `y` are arrays of the same length; `x` never turns round. The piece whose straight line leaves the most area
    beside it is split where it is farthest off, again and again, so that jumps and corners stay.
    """
    if len(x) <= limit:
        return np.arange(len(x))
    pieces = [_piece(np, x, y, 0, len(x) - 1)]
    kept = {0, len(x) - 1}
    while len(kept) < limit:
        area, first, last, middle = heapq.heappop(pieces)
        if area == 0:  # nothing is left beside any line
            break
        kept.add(middle)
        heapq.heappush(pieces, _piece(np, x, y, first, middle))
        heapq.heappush(pieces, _piece(np, x, y, middle, last))
    return np.array(sorted(kept))


def _piece(np: Any, x: Any, y: Any, first: int, last: int) -> tuple[float, int, int, int]:
    """Return a piece for the heap: minus the area beside its line, its ends, and the point that is farthest off."""
    if last - first < 2:
        return 0.0, first, last, first
    xs, ys = x[first : last + 1], y[first : last + 1]
    width, height = xs[-1] - xs[0], ys[-1] - ys[0]
    if width == 0:  # upright: no area, and what oscillates there is drawn as one line
        return 0.0, first, last, first
    beside = np.abs(ys - (ys[0] + (xs - xs[0]) * (height / width)))
    area = float(((beside[1:] + beside[:-1]) / 2 * np.abs(np.diff(xs))).sum())
    return -area, first, last, first + int(beside[1:-1].argmax()) + 1
