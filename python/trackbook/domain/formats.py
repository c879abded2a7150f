"""Formats of values that JSON has no type for. Each has one text, number or list that stands for it in JSON."""

import math
import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import PurePath
from typing import Any, Final, Literal

Format = Literal[
    "date", "date-time", "time", "duration", "decimal", "path", "enum", "set", "frozenset", "tuple", "secret"
]


class _Wrong:
    """The result of a conversion that has none."""


WRONG: Final = _Wrong()

_UNITS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "min": 60, "s": 1, "ms": 1e-3, "us": 1e-6}
_SPAN = re.compile(r"([+-])?((?:\d+(?:\.\d+)?(?:min|ms|us|w|d|h|m|s)\s*)+)\Z")
_PART = re.compile(r"(\d+(?:\.\d+)?)(min|ms|us|w|d|h|m|s)")
_CLOCK = re.compile(r"([+-])?(?:(\d+) days?, )?(\d+):([0-5]\d)(?::([0-5]\d(?:\.\d{1,6})?))?\Z")


def read_date(value: Any) -> Any:
    """Return a date, or its ISO 8601 text, as `2026-01-31`; WRONG if it is none."""
    if isinstance(value, datetime):
        return WRONG
    return _iso(value, date)


def read_datetime(value: Any) -> Any:
    """Return a date with time, or its ISO 8601 text, as `2026-01-31T09:30:00`; a mere date is its midnight."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = value.isoformat()
    return _iso(value, datetime)


def read_time(value: Any) -> Any:
    """Return a time of the day, or its ISO 8601 text, as `09:30:00`; WRONG if it is none."""
    return _iso(value, time)


def read_duration(value: Any) -> Any:
    """Return a duration in seconds: from a timedelta, a number of seconds, or a text as `1h 30m` or `1:30:00`."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, str):
        value = _seconds(value.strip())
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not _fits(value):
        return WRONG
    return float(value)


def read_decimal(value: Any) -> Any:
    """Return the text of a decimal number with the digits that it has; WRONG if it is none."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        return WRONG
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)
    except (InvalidOperation, ValueError):
        return WRONG
    return WRONG if number.is_snan() else str(number)  # a signalling NaN raises wherever it is used


def read_path(value: Any) -> Any:
    """Return the text of a path; WRONG if it is none."""
    text = str(value) if isinstance(value, PurePath) else value
    return text if isinstance(text, str) and "\0" not in text else WRONG


READERS: dict[Format, Callable[[Any], Any]] = {
    "date": read_date,
    "date-time": read_datetime,
    "time": read_time,
    "duration": read_duration,
    "decimal": read_decimal,
    "path": read_path,
}

# What each takes, for people.
WORDS: dict[Format, str] = {
    "date": "a date such as 2026-01-31",
    "date-time": "a date with time such as 2026-01-31T09:30",
    "time": "a time such as 09:30",
    "duration": "a duration in seconds, or such as 1h 30m",
    "decimal": "a decimal number such as 0.10",
    "path": "a path",
}


def comparable(value: Any, kind: Format | None) -> Any:
    """Return a value as what can be compared with others of its format: a date as a date. ValueError if it is none."""
    if kind == "date":
        return date.fromisoformat(value)
    if kind == "date-time":
        return datetime.fromisoformat(value)
    if kind == "time":
        return time.fromisoformat(value)
    if kind == "decimal":
        try:
            return Decimal(str(value))
        except InvalidOperation:
            raise ValueError(value) from None
    return value


def _iso(value: Any, kind: type[date] | type[datetime] | type[time]) -> Any:
    if isinstance(value, kind):
        return value.isoformat()
    if not isinstance(value, str):
        return WRONG
    try:
        return kind.fromisoformat(value.strip()).isoformat()
    except ValueError:
        return WRONG


def _seconds(text: str) -> Any:
    if match := _SPAN.match(text):
        total = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(match[2]))
        return -total if match[1] == "-" else total
    if match := _CLOCK.match(text):
        sign, days, hours, minutes, seconds = match.groups()
        total = int(days or 0) * 86_400 + int(hours) * 3_600 + int(minutes) * 60 + float(seconds or 0)
        return -total if sign == "-" else total
    return WRONG


def _fits(seconds: float) -> bool:
    try:
        timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return False
    return math.isfinite(seconds)
