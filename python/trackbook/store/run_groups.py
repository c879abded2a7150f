"""Groups of the runs that match: which there are, in which order, and what each is like."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from trackbook.domain.query import Metric, Operand, series_candidates
from trackbook.domain.table import GroupPage, GroupsRequest, GroupValue, RunGroup
from trackbook.errors import ColumnError, QueryError
from trackbook.store.column_cache import Columns
from trackbook.store.column_values import numbers_of
from trackbook.store.columns import Floats, Ints
from trackbook.store.fields import Goal
from trackbook.store.grouping import Aggregates, Grouping, sorted_groups
from trackbook.store.labels import labels_of
from trackbook.store.query_parser import parse_column
from trackbook.store.run_table import Serials
from trackbook.store.search import Match
from trackbook.store.values import has_numbers

_AGGREGATE = re.compile(r"(count|mean|min|max|std)\s+of\s+(?=\S)", re.IGNORECASE)
_DIRECTION = re.compile(r"\s+(asc|desc)(?:ending)?\Z", re.IGNORECASE)
# A comma between keys, not one within quotes, back quotes, braces or parentheses.
_PIECE: Final = re.compile(r"""(?:`[^`]*`|"[^"]*"|'[^']*'|\{[^{}]*\}|\([^()]*\)|[^,])+""")


class GroupKey(NamedTuple):
    """What groups are sorted by: their `count`, a `value` of theirs, or an aggregate of a column."""

    by: str
    place: int
    descending: bool


def parse_columns(texts: Sequence[str], field: str) -> list[Operand]:
    """Return what columns show. Raises ColumnError, which says which can't be read, and where."""
    found = []
    for place, text in enumerate(texts):
        try:
            found.append(parse_column(text))
        except QueryError as error:
            raise ColumnError(error, field, place) from None
    return found


def parse_group_order(text: str, group_by: Sequence[str], columns: Sequence[str]) -> list[GroupKey]:
    """Return the keys of a list such as `count desc, max of metrics.acc desc`. Raises QueryError."""
    keys = []
    for piece in _PIECE.finditer(text) if text.strip() else ():
        written = piece[0].strip()
        direction = _DIRECTION.search(written)
        name = written[: direction.start()] if direction else written
        descending = direction is not None and direction[1].lower() == "desc"
        aggregate = _AGGREGATE.match(name)
        column = name[aggregate.end() :] if aggregate else name
        if aggregate is None and name.lower() == "count":
            keys.append(GroupKey("count", -1, descending))
        elif aggregate is None and name in group_by:
            keys.append(GroupKey("value", group_by.index(name), descending))
        elif column in columns:
            by = aggregate[1].lower() if aggregate else "mean"
            keys.append(GroupKey(f"{by} of", columns.index(column), descending))
        else:
            start = piece.start() + len(piece[0]) - len(piece[0].lstrip())
            known = ", ".join(["count", *group_by, *columns][:5])
            reason = f"Groups are sorted by their count, or by a column that is asked for ({known})"
            raise QueryError(text, start, reason, start + len(written))
    return keys


def members_of(match: Match, group: Sequence[GroupValue]) -> Serials:
    """Return those of the runs that match which have these values: the rows of one group."""
    serials = match.serials
    operands = parse_columns([one.column for one in group], "group")
    for operand, one in zip(operands, group, strict=True):
        labels = labels_of(match.columns, operand, serials)
        label = labels.find(one.value)
        serials = serials[labels.codes == label] if label is not None else serials[:0]
    return serials


def read_groups(match: Match, asked: GroupsRequest) -> GroupPage:
    """Return a window of the groups that the runs make. Raises QueryError for what can't be read."""
    group_by = parse_columns(asked.group_by, "group_by")
    operands = parse_columns(asked.columns, "columns")
    order = parse_group_order(asked.order_by, asked.group_by, asked.columns)
    columns, serials = match.columns, match.serials
    grouping = Grouping([labels_of(columns, operand, serials) for operand in group_by])
    values = [
        numbers_of(columns, operand, serials) if has_numbers(columns, operand) else None
        for operand in operands
    ]
    aggregates = [None if one is None else grouping.aggregate(one) for one in values]
    keys = [(_sort_values(grouping, aggregates, key), key.descending) for key in order]
    chosen = sorted_groups(len(grouping), keys)[asked.offset : asked.offset + asked.limit]
    best = _best(columns, serials, grouping, operands, values)
    groups = [
        RunGroup(
            grouping.values(group),
            int(grouping.counts[group]),
            [None if one is None else one.of(group) for one in aggregates],
            columns.table.ids[int(serials[best[group]])] if best is not None and best[group] >= 0 else None,
        )
        for group in chosen.tolist()
    ]
    return GroupPage(len(grouping), len(serials), columns.table.revision, groups)


def _sort_values(grouping: Grouping, aggregates: Sequence[Aggregates | None], key: GroupKey) -> Floats:
    if key.by == "count":
        return grouping.counts.astype(np.float64)
    if key.by == "value":
        return grouping.ranks(key.place)
    found = aggregates[key.place]
    if found is None:
        return np.zeros(len(grouping))
    values: Floats = getattr(found, key.by.removesuffix(" of")).astype(np.float64)
    return values


def _best(
    columns: Columns,
    serials: Serials,
    grouping: Grouping,
    operands: Sequence[Operand],
    values: Sequence[Floats | None],
) -> Ints | None:
    """Return the place of each group's best run by the first metric that has a goal, as the newest run says it."""
    for operand, numbers in zip(operands, values, strict=True):
        if not isinstance(operand, Metric) or numbers is None:
            continue
        for key, _ in series_candidates(operand.name):
            goals = columns[Goal(key)]
            said = goals.codes[serials]
            if (said >= 0).any():
                (goal,) = goals.vocabulary.decode(said[said >= 0][:1])
                return grouping.best(numbers, goal == "max")
    return None
