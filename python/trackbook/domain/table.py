"""The run table: windows of chosen columns, groups of runs with aggregates, and which columns there are.

A column is a field of the search language, arithmetic over numbers, or the lowest or highest value of a metric
(`min(metrics.loss)`). Requests are the JSON bodies of the REST API.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from trackbook.domain.metric import Goal
from trackbook.domain.scope import RunScope

MOST_ROWS = 1_000
MOST_COLUMNS = 64
MOST_SPARKS = 4
MOST_GROUPINGS = 3
AGGREGATES = ("mean", "std", "min", "max", "count")

ColumnKind = Literal["param", "metric", "tag", "data", "attribute"]
ColumnType = Literal["number", "text", "boolean", "time", "duration"]

Offset = Annotated[int, Meta(ge=0, le=2**31)]
Limit = Annotated[int, Meta(ge=0, le=MOST_ROWS)]


class GroupValue(Struct, frozen=True, forbid_unknown_fields=True):
    """That the runs of a group have this value in a column; None where it is missing."""

    column: str
    value: Any


class TableRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A window of runs: which, sorted by what, with which columns. `group` narrows it to the rows of one group."""

    scope: RunScope = RunScope()
    order_by: str = ""
    columns: Annotated[list[str], Meta(max_length=MOST_COLUMNS)] = []
    sparks: Annotated[list[str], Meta(max_length=MOST_SPARKS)] = []
    group: Annotated[list[GroupValue], Meta(max_length=MOST_GROUPINGS)] = []
    offset: Offset = 0
    limit: Limit = 100


class TablePage(Struct, frozen=True):
    """A window of the run table, column by column: each has a value for each of `ids`, None where it is missing.

    `sparks` has a short line (or None) of each metric that was asked for, run by run. `total` counts all runs that
    match; `revision` is the store's when it was read.
    """

    total: int
    revision: int
    ids: list[str]
    columns: list[list[Any]]
    sparks: list[list[list[float] | None]]


class GroupsRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A window of the groups that runs make by the values of some columns, with aggregates of others.

    `order_by` names `count`, columns of `group_by` or columns of `columns`, the latter by `mean` unless another
    aggregate stands before: `max of metrics.acc desc`. Without it groups are sorted by their values.
    """

    group_by: Annotated[list[str], Meta(min_length=1, max_length=MOST_GROUPINGS)]
    scope: RunScope = RunScope()
    columns: Annotated[list[str], Meta(max_length=MOST_COLUMNS)] = []
    order_by: str = ""
    offset: Offset = 0
    limit: Limit = 100


class Aggregate(Struct, frozen=True):
    """What the numbers of a column are like in a group. `count` is how many runs have one (NaN is none).

    Without any the others are None. `std` is that of a sample (by count - 1), None for a single value.
    """

    count: int
    mean: float | None
    min: float | None
    max: float | None
    std: float | None


class RunGroup(Struct, frozen=True):
    """Runs that have the same values. `columns` has an aggregate of each column of numbers, None of others.

    `best` is the best run by the first of the columns that is a metric with a goal.
    """

    values: list[Any]
    count: int
    columns: list[Aggregate | None]
    best: str | None


class GroupPage(Struct, frozen=True):
    """A window of the groups. `total` counts the groups, `runs` the runs in all of them."""

    total: int
    runs: int
    revision: int
    groups: list[RunGroup]


class TableColumn(Struct, frozen=True):
    """A column that a table can show, as the search language names it, and how many runs have it."""

    column: str
    kind: ColumnKind
    type: ColumnType
    count: int
    goal: Goal | None = None


class TableColumns(Struct, frozen=True):
    """All columns that a table can show, but for expressions."""

    revision: int
    columns: list[TableColumn]


class CheckRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Texts that a person is typing: a search, what to sort by, and columns."""

    query: str = ""
    order_by: str = ""
    columns: Annotated[list[str], Meta(max_length=MOST_COLUMNS)] = []


class QueryProblem(Struct, frozen=True):
    """Why a text can't be read, and where: the characters from `start` to before `end` of the text in `field`.

    `place` is which of the columns it is.
    """

    message: str
    start: int
    end: int
    field: Literal["query", "order_by", "columns"]
    place: int | None = None


class QueryCheck(Struct, frozen=True):
    """The first of the texts that can't be read; None where all can."""

    error: QueryProblem | None
