"""Which of several runs' metrics and parameters say most, and which value is the best one."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from trackbook.domain.metric import Goal
from trackbook.domain.run import Run

MISSING: Any = object()  # in the place of a value that a run lacks


def metric_keys(runs: Sequence[Run], first: str | None = None) -> list[str]:
    """Return the metrics of these runs: `first`, those with a goal, then those that most runs have."""
    frequency = Counter(key for run in runs for key in run.metrics)
    return sorted(
        frequency, key=lambda key: (key != first, key_goal(runs, key) is None, -frequency[key], key)
    )


def key_goal(runs: Sequence[Run], key: str) -> Goal | None:
    """Return the goal of a metric if all runs that state one agree."""
    # A goal is said of the metric; each of its series, such as loss{subset=val}, has it.
    metric = key.partition("{")[0]
    goals = {run.goals[metric] for run in runs if metric in run.goals}
    if goals == {"max"}:
        return "max"
    return "min" if goals == {"min"} else None


def goal_metric(runs: Sequence[Run]) -> str | None:
    """Return the metric by which these runs are to be judged: the one with a goal that most runs have."""
    return next((key for key in metric_keys(runs) if key_goal(runs, key)), None)


def sort_by_metric(runs: Sequence[Run], key: str) -> list[Run]:
    """Return the runs with the best value first (the highest, unless the goal is "min"), those without one last."""
    sign = 1.0 if key_goal(runs, key) == "min" else -1.0

    def position(run: Run) -> tuple[bool, float]:
        value = run.metrics.get(key, math.nan)
        return (True, 0.0) if math.isnan(value) else (False, sign * value)

    return sorted(runs, key=position)


def best_value(values: Sequence[float | None], goal: str | None) -> float | None:
    """Return the best of these values under a goal; None without a goal, and where all are the same."""
    comparable = [value for value in values if value is not None and not math.isnan(value)]
    if goal is None or len(set(comparable)) < 2:
        return None
    return max(comparable) if goal == "max" else min(comparable)


def differing_params(runs: Sequence[Run]) -> list[str]:
    """Return the parameters that are not the same in all runs, in the order in which they come first."""
    keys = dict.fromkeys(key for run in runs for key in run.params)
    return [key for key in keys if len({_comparable(run.params.get(key, MISSING)) for run in runs}) > 1]


def _comparable(value: Any) -> object:
    return value if value is MISSING else repr(value)
