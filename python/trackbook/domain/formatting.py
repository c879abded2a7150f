"""How numbers, times and values read, in a terminal and in a notebook; the panel in JupyterLab reads the same."""

import json
import math
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

SIGNIFICANT = 4

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_BARS = "▁▂▃▄▅▆▇█"


def format_number(value: float, *, whole: bool = True) -> str:
    """Return a number with 4 significant digits; whole ones below a million keep theirs, unless not `whole`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    size = abs(value)
    if size != 0 and (size >= 1e6 or size < 1e-4):
        mantissa, exponent = f"{value:.{SIGNIFICANT - 1}e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    if size >= 1000 or (whole and value == int(value)):
        return str(round(value))
    return f"{value:#.{SIGNIFICANT}g}".rstrip(".")


def format_value(value: Any) -> str:
    """Return a parameter on one line: numbers short, text as it is, all else as JSON."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:.{SIGNIFICANT}g}" if math.isfinite(value) else format_number(value)
    if isinstance(value, str) and value.isprintable():
        return value
    return json.dumps(value, ensure_ascii=False)


def format_duration(seconds: float | None) -> str:
    """Return seconds as `12 ms`, `3.4 s`, `3 m 12 s`, `1 h 02 m` or `2 d 03 h`; "" for None."""
    if seconds is None or not math.isfinite(seconds):
        return ""
    if seconds < 1:
        return f"{max(0, round(seconds * 1000))} ms"
    if seconds < 10:
        return f"{math.floor(seconds * 10) / 10:.1f} s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02d} s"
    if whole < 86_400:
        return f"{whole // 3600} h {whole % 3600 // 60:02d} m"
    return f"{whole // 86_400} d {whole % 86_400 // 3600:02d} h"


def format_relative(moment: datetime, now: datetime | None = None) -> str:
    """Return a moment as `just now`, `5 min ago`, `3 h ago`, `2 days ago`, and from a month on as its date."""
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    if seconds < 0:
        return format_moment(moment)
    if seconds < 10:
        return "just now"
    if seconds < 60:
        return f"{int(seconds)} s ago"
    if seconds < 3600:
        return f"{int(seconds // 60)} min ago"
    if seconds < 86_400:
        return f"{int(seconds // 3600)} h ago"
    days = int(seconds // 86_400)
    if days < 30:
        return f"{days} day{'s' if days > 1 else ''} ago"
    return moment.astimezone().strftime("%Y-%m-%d")


def format_moment(moment: datetime) -> str:
    """Return a moment with date and time to the second, in the local time zone."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def format_bytes(size: int) -> str:
    """Return a size as `512 B`, `3.4 kB` or `12 MB`; 1 kB is 1,000 bytes."""
    if size < 1000:
        return f"{size} B"
    value, units = size / 1000, ["TB", "GB", "MB", "kB"]
    while value >= 999.5 and len(units) > 1:
        value /= 1000
        units.pop()
    return f"{value:.1f} {units[-1]}" if value < 9.95 else f"{value:.0f} {units[-1]}"


def spark_line(values: list[float]) -> str:
    """Return values as a line of small bars; a blank stands for NaN and infinities."""
    finite = [value for value in values if math.isfinite(value)]
    if len(finite) < 2:
        return ""
    low, high = min(finite), max(finite)
    span = high - low
    if span == 0 or not math.isfinite(span):
        return "".join(_BARS[0] if math.isfinite(value) else " " for value in values)
    return "".join(
        _BARS[min(int((value - low) / span * len(_BARS)), len(_BARS) - 1)] if math.isfinite(value) else " "
        for value in values
    )


def thin(values: list[float], width: int = 24) -> list[float]:
    """Return every so many-th of the values, at most `width`, for a line of bars."""
    stride = -(-len(values) // width)
    return values[::stride] if stride > 1 else values


def plain_text(text: str) -> str:
    """Return text without colours and without characters that would move a terminal's cursor."""
    return _CONTROLS.sub("", _ESCAPES.sub("", text.replace("\r\n", "\n")))


def one_line(text: str, limit: int | None = 80) -> str:
    """Return text as one line of at most `limit` characters (None: of any length), its end replaced by an ellipsis."""
    line = " ".join(plain_text(text).split())
    return line if limit is None or len(line) <= limit else f"{line[: limit - 1]}…"


def short_names(names: Sequence[str], limit: int) -> list[str]:
    """Return names on one line each, cut in their middle to `limit` characters, or to as many as tell them apart."""
    lines = [one_line(name, None) for name in names]
    limits = dict.fromkeys(lines, limit)
    while True:
        cut = {line: _without_middle(line, most) for line, most in limits.items()}
        count = Counter(cut.values())
        alike = [line for line, text in cut.items() if count[text] > 1]
        if not alike:
            return [cut[line] for line in lines]
        for line in alike:
            limits[line] += 4


def first_names(names: Sequence[str], most: int = 4) -> str:
    """Return `a, b, c, d and 38 more`: the first names, and how many there are besides."""
    if len(names) <= most + 1:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most:,} more"


def _without_middle(line: str, limit: int) -> str:
    if len(line) <= limit:
        return line
    tail = (limit - 1) // 2
    return f"{line[: limit - 1 - tail]}…{line[-tail:]}"
