"""Time: whole microseconds since the epoch, UTC, wherever it is stored."""

import time
from datetime import UTC, datetime, timedelta

# Less than this is two threads at once, or a clock that is put right gently.
_JITTER = 1_000_000

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


_latest = 0
_ahead = 0


def now() -> int:
    """Return the present time in microseconds since the epoch; in one process it never goes back.

    The latest record wins, and an end comes after its start: a clock that is set back must not change that.
    """
    global _latest
    present = time.time_ns() // 1000
    if present < _latest:
        present = _after_a_jump(present)
    _latest = present
    return present


def _after_a_jump(present: int) -> int:
    # Time goes on from the latest moment given out, at its pace, until the clock has caught up.
    global _ahead
    gap = _latest - present
    if gap < _JITTER:
        return _latest
    _ahead = max(_ahead, gap)
    return present + _ahead


def to_datetime(microseconds: int) -> datetime:
    """Turn microseconds since the epoch into an aware UTC datetime, exactly."""
    return _EPOCH + timedelta(microseconds=microseconds)


def to_microseconds(moment: datetime) -> int:
    """Turn an aware datetime into microseconds since the epoch, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
