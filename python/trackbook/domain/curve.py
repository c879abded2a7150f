"""Curves: series as charts draw them, cut to a window and thinned to what a screen shows."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct, field

from trackbook.domain.metric import Context
from trackbook.domain.scope import RunScope

MOST_RUNS = 200
MOST_KEYS = 16
MOST_POINTS = 10_000

Scale = Literal["linear", "log"]


class CurveQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which curves, over what, and how many points of each.

    Of `runs` or, without them, of the first runs of `scope`. `x` is "step", "time" (seconds since the epoch),
    "relative" (seconds since the run's start) or a metric (`metrics.tokens`), whose value at the same step is taken.
    `from` and `to` cut a window out of it. `max_points` is the number of buckets into which what has more points is
    parted, evenly on a `scale`. `group_by` is a field of runs, such as `params.lr`: then curves are means over the
    runs that have the same value of it. Without a `context` all contexts are meant.
    """

    keys: Annotated[list[str], Meta(min_length=1, max_length=MOST_KEYS)]
    runs: Annotated[list[str], Meta(max_length=MOST_RUNS)] | None = None
    scope: RunScope | None = None
    context: Context | None = None
    x: str = "step"
    start: float | None = field(default=None, name="from")
    end: float | None = field(default=None, name="to")
    scale: Scale = "linear"
    max_points: Annotated[int, Meta(ge=2, le=MOST_POINTS)] = 500
    group_by: str | None = None


class Curve(Struct, frozen=True):
    """One curve as columns of equal length, by rising `x`.

    Of a run: `min` and `max` are None where each point stands for itself; else a row stands for the points of a
    bucket, with their mean, lowest and highest value. A row with NaN or an infinity is a gap.

    Of a group (`run_id` is None) of `runs` runs: `values` is the mean over the `counts` runs that have got as far,
    `min` and `max` are their lowest and highest values, `std` their sample standard deviation.

    `total` is the number of points stored, those outside of the window included.
    """

    run_id: str | None
    group: Any
    runs: int
    key: str
    context: Context
    x: list[int | float]
    values: list[float]
    min: list[float] | None
    max: list[float] | None
    std: list[float] | None
    counts: list[int] | None
    total: int


class CurveRun(Struct, frozen=True):
    """What a run is called, beside its curves."""

    id: str
    number: int
    experiment: str
    name: str


class CurvePage(Struct, frozen=True):
    """Curves at one moment. `total` counts all runs that are meant; those beyond the first 200 are left out."""

    revision: int
    total: int
    runs: list[CurveRun]
    curves: list[Curve]
