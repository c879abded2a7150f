"""Which of several runs' metrics and parameters say most, and which value is the best one."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from trackbook.domain.metric import Goal
from trackbook.domain.run import Run

MISSING: Any = object()  # in the place of a value that a run lacks

_TIME = re.compile(r"(?:^|[_./ -])(?:time|times|duration|seconds|secs|runtime|elapsed|latency)(?![a-z])")
_SCORE = re.compile(r"score|acc(?![a-z])|accuracy|auc|f1|r2|precision|recall|loss|error|rmse|mae(?![a-z])")
_LONG = 30  # characters of a parameter's name, or of its value, that leave no room for others


def metric_keys(runs: Sequence[Run], first: str | None = None) -> list[str]:
    """Return the metrics of these runs, the one that says most first.

    `first`, those with a goal, then those that most runs have, of these the ones named like scores; times come last.
    """
    frequency = Counter(key for run in runs for key in run.metrics)

    def position(key: str) -> tuple[bool, bool, bool, int, bool, str]:
        name = key.lower()
        goal, time, score = key_goal(runs, key), _TIME.search(name), _SCORE.search(name)
        return key != first, goal is None, bool(time), -frequency[key], not score, key

    return sorted(frequency, key=position)


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


def sort_by_metric(runs: Sequence[Run], key: str, goal: Goal | None = None) -> list[Run]:
    """Return the runs with the best value first (the highest, unless the goal is "min"), those without one last.

    The goal is by default the one that the runs state.
    """
    sign = 1.0 if (goal or key_goal(runs, key)) == "min" else -1.0

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
    """Return the parameters that are not the same in all runs, those that are read at a glance first."""
    return [
        key
        for key in param_keys(runs)
        if len({_comparable(run.params.get(key, MISSING)) for run in runs}) > 1
    ]


def param_keys(runs: Sequence[Run]) -> list[str]:
    """Return the parameters of these runs, those that are read at a glance first.

    The more of it holds the later one comes: a long name, that of a part within another (`pca__n_components`), values
    that are long or nested, no value or None in some run. Otherwise they stay in the order in which they come first.
    """
    keys = dict.fromkeys(key for run in runs for key in run.params)
    return sorted(keys, key=lambda key: _clutter(key, [run.params.get(key, MISSING) for run in runs]))


def _clutter(key: str, values: Sequence[Any]) -> int:
    given = [value for value in values if value is not MISSING and value is not None]
    return sum(
        (
            len(key) > _LONG,
            "__" in key,
            any(isinstance(value, list | dict) or len(str(value)) > _LONG for value in given),
            len(given) < len(values),
        )
    )


def _comparable(value: Any) -> object:
    return value if value is MISSING else repr(value)
