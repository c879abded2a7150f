"""What charts draw: values of many runs as columns, how much parameters decide, how columns go together.

Requests are the JSON bodies of the REST API. Each is about the runs of a scope, or about named ones.
"""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from trackbook.domain.metric import Goal
from trackbook.domain.scope import RunScope
from trackbook.errors import UsageError

MOST_NAMED = 1_000
MOST_FRAME_ROWS = 20_000
MOST_FRAME_COLUMNS = 64
MOST_CORRELATED = 32

Evaluator = Literal["ped_anova", "fanova", "mdi"]
CorrelationMethod = Literal["pearson", "spearman"]
RunIds = Annotated[list[str], Meta(max_length=MOST_NAMED)]


class FrameRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The values of runs in some columns: of all of them, or of a sample of `max_rows` where there are more."""

    columns: Annotated[list[str], Meta(max_length=MOST_FRAME_COLUMNS)]
    scope: RunScope | None = None
    runs: RunIds | None = None
    max_rows: Annotated[int, Meta(ge=1, le=MOST_FRAME_ROWS)] = 5_000


class ImportanceRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """How much parameters decide a number: those that are named, or all that differ.

    `goal` says which values of the target are good; None: what its metric says, else high ones.
    """

    target: str
    scope: RunScope | None = None
    runs: RunIds | None = None
    params: Annotated[list[str], Meta(max_length=MOST_FRAME_COLUMNS)] | None = None
    evaluator: Evaluator = "ped_anova"
    goal: Goal | None = None


class CorrelationRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """How columns of numbers go together."""

    columns: Annotated[list[str], Meta(min_length=1, max_length=MOST_CORRELATED)]
    scope: RunScope | None = None
    runs: RunIds | None = None
    method: CorrelationMethod = "pearson"


class Frame(Struct, frozen=True):
    """Values of runs, column by column: each has a value for each of `ids`, None where it is missing.

    `total` counts all runs that were asked for. A sample is the same each time, and keeps the runs' order.
    """

    total: int
    sampled: bool
    ids: list[str]
    columns: list[list[Any]]


class ParamImportance(Struct, frozen=True):
    """The share of a parameter in what the target's values differ by; all together 1."""

    param: str
    value: float


class Importance(Struct, frozen=True):
    """How much parameters decide, the most important first. `runs` is how many were looked at.

    Of `goal`'s values it was asked what makes them. `reason` says why nothing can be told.
    """

    importance: list[ParamImportance]
    runs: int
    goal: Goal
    reason: str | None = None


class Correlation(Struct, frozen=True):
    """The correlation of each column with each other, None where it can't be told.

    `counts` has how many runs have a number in both.
    """

    columns: list[str]
    matrix: list[list[float | None]]
    counts: list[list[int]]


def check_target(asked: FrameRequest | ImportanceRequest | CorrelationRequest) -> None:
    """Raise UsageError unless either a scope or runs are named."""
    if (asked.scope is None) == (asked.runs is None):
        raise UsageError("Name the runs either by `runs` or by a `scope`.")
