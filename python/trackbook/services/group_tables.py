"""Groups of runs as a table of their own, as the panel groups them: for the command line and the notebook."""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from trackbook.domain.metric import is_system
from trackbook.domain.scope import RunScope
from trackbook.domain.table import (
    MOST_COLUMNS,
    MOST_GROUPINGS,
    MOST_ROWS,
    Aggregate,
    GroupsRequest,
    RunGroup,
    TableColumn,
)
from trackbook.errors import UsageError

if TYPE_CHECKING:
    from trackbook.services.run_tables import RunTables

# What a table of groups says of itself, unless its columns are named.
_METRICS: Final = 4
_PREFIXES: Final = ("params", "metrics", "tags", "data")
# A comma between columns, not one within back quotes, braces or parentheses.
_PIECE: Final = re.compile(r"(?:`[^`]*`|\{[^{}]*\}|\([^()]*\)|[^,])+")


class GroupTable(Struct, frozen=True):
    """Groups of runs. `group_by` and `columns` name what `values` and `columns` of each group hold.

    `total` counts all groups, those beyond `groups` too, and `runs` the runs in all of them.
    """

    group_by: list[str]
    columns: list[str]
    groups: list[RunGroup]
    total: int
    runs: int


def group_table(
    tables: "RunTables",
    group_by: Iterable[str],
    columns: Iterable[str] = (),
    *,
    query: str | None = None,
    order_by: str | None = None,
    limit: int | None = None,
    trashed: bool = False,
) -> GroupTable:
    """Return the groups that the matching runs make by the values of some columns, with the numbers of others.

    Each text of `group_by` and `columns` names columns between commas; one is also found without its prefix: `lr` for
    `params.lr`. Without `columns` these are the metrics with a goal, then those that most runs have. `order_by` sorts
    as `GroupsRequest` says; `limit` is for groups. Raises QueryError for a search or an order that can't be read,
    ColumnError for a column, UsageError for too many of them.
    """
    known = tables.columns().columns
    names = {column.column for column in known}
    grouping = [_full_name(text, names) for text in split_columns(group_by)]
    chosen = [_full_name(text, names) for text in split_columns(columns)] or _first_metrics(known)
    if not 1 <= len(grouping) <= MOST_GROUPINGS:
        raise UsageError(f"Runs are grouped by 1 to {MOST_GROUPINGS} columns, not by {len(grouping)}.")
    if len(chosen) > MOST_COLUMNS:
        raise UsageError(f"A table of groups has room for {MOST_COLUMNS} columns, not for {len(chosen)}.")
    found: list[RunGroup] = []
    total, runs = 1, 0
    while len(found) < total and (limit is None or len(found) < limit):
        page = tables.groups(
            GroupsRequest(
                group_by=grouping,
                scope=RunScope(query=query or "", trashed=trashed),
                columns=chosen,
                order_by=order_by or "",
                offset=len(found),
                limit=MOST_ROWS if limit is None else min(MOST_ROWS, limit - len(found)),
            )
        )
        total, runs = page.total if page.groups else len(found), page.runs
        found += page.groups
    return GroupTable(grouping, chosen, found, total, runs)


class NamedGroup(Struct, frozen=True):
    """A group of which values and numbers are named by their columns; `columns` has None for those without numbers."""

    values: dict[str, Any]
    count: int
    columns: dict[str, Aggregate | None]
    best: str | None


def named_groups(table: GroupTable) -> list[NamedGroup]:
    """Return the groups so that each can be read without the table that it stands in."""
    return [
        NamedGroup(
            dict(zip(table.group_by, group.values, strict=True)),
            group.count,
            dict(zip(table.columns, group.columns, strict=True)),
            group.best,
        )
        for group in table.groups
    ]


def split_columns(texts: Iterable[str]) -> list[str]:
    """Return the columns that texts name between commas, each once."""
    pieces = (piece[0].strip() for text in texts for piece in _PIECE.finditer(text))
    return list(dict.fromkeys(piece for piece in pieces if piece))


def _full_name(text: str, names: set[str]) -> str:
    if text in names:
        return text
    return next((name for prefix in _PREFIXES if (name := f"{prefix}.{text}") in names), text)


def _first_metrics(known: Sequence[TableColumn]) -> list[str]:
    metrics = [
        column
        for column in known
        if column.kind == "metric" and column.column.startswith("metrics.") and not _is_of_machine(column)
    ]
    metrics.sort(key=lambda column: (column.goal is None, -column.count))
    return [column.column for column in metrics[:_METRICS]]


def _is_of_machine(column: TableColumn) -> bool:
    return is_system(column.column.removeprefix("metrics.").strip("`"))
