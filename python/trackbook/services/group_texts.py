"""How a table of groups reads, in a terminal and in a notebook alike."""

import math
import re
from collections.abc import Sequence
from typing import Any, Final

from msgspec import Struct

from trackbook.domain.formatting import format_duration, format_number, format_value, one_line, short_names
from trackbook.domain.table import Aggregate
from trackbook.services.group_tables import GroupTable

_TITLE: Final = 30  # characters of a heading
_PLAIN = re.compile(r"(?:params|metrics|tags|data)\.(?:`([^`]+)`|([^`\s()*/+-]+))")
_SECONDS: Final = ("duration", "active")


class GroupColumn(Struct, frozen=True):
    """A column of a table of groups: its heading, a text for each group, and the same in full.

    Where room is short the columns with the highest `rank` go first; 0 always stays.
    """

    title: str
    full: str
    rank: int
    number: bool
    texts: list[str]
    exact: list[str]


def group_columns(table: GroupTable) -> list[GroupColumn]:
    """Return the columns: what runs are grouped by, how many runs that are, and of each column of numbers the mean,
    the standard deviation (of a sample), minimum, maximum, and count. Columns without numbers are left out.
    """
    names = [*table.group_by, *table.columns]
    titles = dict(zip(names, _titles(names), strict=True))
    columns = [
        _of_values(name, titles[name], [group.values[place] for group in table.groups])
        for place, name in enumerate(table.group_by)
    ]
    counts = [group.count for group in table.groups]
    columns.append(_numbers("Runs", "runs in the group", 0, counts, "count", ""))
    for place, name in enumerate(table.columns):
        found = [group.columns[place] for group in table.groups]
        if any(one is not None and one.count for one in found):
            columns += _of_numbers(name, titles[name], place, found)
    return columns


def _of_values(name: str, title: str, values: Sequence[Any]) -> GroupColumn:
    number = all(value is None or (isinstance(value, int | float) and value is not True) for value in values)
    full = [
        "" if value is None else _seconds(value) if name in _SECONDS else format_value(value)
        for value in values
    ]
    texts = [
        "none" if value is None else one_line(text, 40) for value, text in zip(values, full, strict=True)
    ]
    return GroupColumn(title, name, 0, number and name not in _SECONDS, texts, full)


def _of_numbers(name: str, title: str, place: int, found: Sequence[Aggregate | None]) -> list[GroupColumn]:
    def of(field: str) -> list[Any]:
        return [None if one is None else getattr(one, field) for one in found]

    # Means and spreads of the first columns outlive extremes and further columns.
    rank = 1 + 3 * place
    return [
        _numbers(title, f"mean of {name}", rank, of("mean"), "mean", name),
        _numbers("± std", f"standard deviation of {name}", rank, of("std"), "std", name),
        _numbers("min", f"lowest {name}", rank + 1, of("min"), "min", name),
        _numbers("max", f"highest {name}", rank + 1, of("max"), "max", name),
        _numbers("count", f"runs with {name}", rank + 2, of("count"), "count", name),
    ]


def _numbers(
    title: str, full: str, rank: int, values: Sequence[float | None], field: str, name: str
) -> GroupColumn:
    if field == "count":
        texts = ["" if value is None else f"{value:,}" for value in values]
    elif name in _SECONDS:
        texts = ["" if value is None else format_duration(value) for value in values]
    else:
        whole = all(value is None or not math.isfinite(value) or value == int(value) for value in values)
        texts = ["" if value is None else format_number(value, whole=whole) for value in values]
    return GroupColumn(
        title, full, rank, True, texts, ["" if value is None else repr(value) for value in values]
    )


def _seconds(value: Any) -> str:
    return format_duration(value) if isinstance(value, int | float) else format_value(value)


def _titles(names: Sequence[str]) -> list[str]:
    """Return short names, whole ones where two would read the same."""
    plain = [_PLAIN.fullmatch(name) for name in names]
    short = [
        name if match is None else match[1] or match[2] for name, match in zip(names, plain, strict=True)
    ]
    unique = [text if short.count(text) == 1 else name for text, name in zip(short, names, strict=True)]
    return short_names(unique, _TITLE)
