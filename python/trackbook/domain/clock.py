"""Time: whole microseconds since the epoch, UTC, wherever it is stored."""

import time
from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now() -> int:
    """Return the present time in microseconds since the epoch."""
    return time.time_ns() // 1000


def to_datetime(microseconds: int) -> datetime:
    """Turn microseconds since the epoch into an aware UTC datetime, exactly."""
    return _EPOCH + timedelta(microseconds=microseconds)


def to_microseconds(moment: datetime) -> int:
    """Turn an aware datetime into microseconds since the epoch, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
