"""Metrics: points under a key and a context, their running summary, and what the user says they mean."""

from typing import Literal

from msgspec import Struct

Goal = Literal["max", "min"]
Summary = Literal["last", "best", "min", "max", "mean"]
Context = dict[str, str]

# Keys that begin so say what machine and process did. They are no results: lists and comparisons leave them out.
SYSTEM = "system/"

GOALS: tuple[Goal, ...] = ("max", "min")


class MetricDefinition(Struct, frozen=True):
    """What a metric means, as its user said; never guessed. Without a goal there is no best value."""

    key: str
    goal: Goal | None = None
    unit: str | None = None
    summary: Summary = "last"


class SeriesSummary(Struct, frozen=True):
    """One series (key + context) of a run, without its points. `min` and `max` leave NaN out."""

    key: str
    context: Context
    count: int
    last: float
    last_step: int
    min: float | None
    max: float | None
    spark: list[float]
    goal: Goal | None = None
    unit: str | None = None

    @property
    def best(self) -> float | None:
        """The best value under the metric's goal; None without one."""
        if self.goal is None:
            return None
        return self.max if self.goal == "max" else self.min


class Series(Struct, frozen=True):
    """Points of one series as columns of equal length; times in microseconds since the epoch.

    `total` is the number of points stored; fewer are carried when the series was thinned.
    """

    run_id: str
    key: str
    context: Context
    steps: list[int]
    times: list[int]
    values: list[float]
    total: int


def series_name(key: str, context: Context) -> str:
    """Return the one-line name of a series: `loss`, or `loss{subset=val}` with a context."""
    if not context:
        return key
    inside = ",".join(f"{name}={context[name]}" for name in sorted(context))
    return f"{key}{{{inside}}}"


def is_system(name: str) -> bool:
    """Tell whether a metric is one of machine and process, which no user logged."""
    return name.startswith(SYSTEM)
