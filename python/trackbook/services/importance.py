"""How much each parameter decides a value: the one place where Optuna's evaluators are asked."""

import contextlib
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any, NamedTuple

from trackbook.domain.frame import Evaluator
from trackbook.domain.metric import Goal

FEWEST = 4
_SEED = 0
# A forest takes some milliseconds a trial; of so many it knows what it will ever know.
_MOST_IN_FOREST = 2_000


class Observation(NamedTuple):
    """The parameters of a trial, as their distributions have them, and its value."""

    params: Mapping[str, Any]
    value: float


def can_evaluate(evaluator: Evaluator) -> bool:
    """Return whether the libraries that an evaluator needs are installed."""
    return evaluator == "ped_anova" or find_spec("sklearn") is not None


def shares(
    observations: Sequence[Observation],
    distributions: Mapping[str, Any],
    goal: Goal,
    evaluator: Evaluator = "ped_anova",
) -> dict[str, float] | None:
    """Return the share of each parameter in the value, all together 1; None where too little is known."""
    import optuna

    known = [one for one in observations if math.isfinite(one.value)]
    if evaluator != "ped_anova":
        known = known[-_MOST_IN_FOREST:]
    if len(known) < FEWEST or not distributions or len({one.value for one in known}) < 2:
        return None
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sign = -1.0 if goal == "max" else 1.0
    study = optuna.create_study()
    study.add_trials(
        [
            optuna.trial.create_trial(
                params={name: one.params[name] for name in distributions},
                distributions=dict(distributions),
                value=sign * one.value,
            )
            for one in known
        ]
    )
    with quietly():
        try:
            found = optuna.importance.get_param_importances(
                study, evaluator=_evaluator(evaluator), params=list(distributions)
            )
        except (ValueError, RuntimeError, ZeroDivisionError):
            return None
    numbers = {name: float(share) for name, share in found.items()}
    return numbers if all(map(math.isfinite, numbers.values())) else None


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Keep back what is experimental in Optuna, or not to its liking: it is no message for who looks at results."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _evaluator(name: Evaluator) -> Any:
    from optuna import importance

    match name:
        case "fanova":
            return importance.FanovaImportanceEvaluator(seed=_SEED)
        case "mdi":
            return importance.MeanDecreaseImpurityImportanceEvaluator(seed=_SEED)
        case _:
            return importance.PedAnovaImportanceEvaluator()
