"""Which run a run is best compared with."""

import math
from collections.abc import Iterator

from trackbook.domain.celldifference import Counterpart, CounterpartKind
from trackbook.domain.metric import Goal
from trackbook.domain.run import Run
from trackbook.services.runs import Runs


class Counterparts:
    """Finds the best run of an experiment, and the previous one of a notebook."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs

    def find(self, reference: str, kind: CounterpartKind) -> Counterpart:
        """Return the run to compare a run with; why there is none is no error. Raises NotFound without such a run."""
        run = self._runs.get(reference)
        return self._best(run) if kind == "best" else self._previous(run)

    def _best(self, run: Run) -> Counterpart:
        headline = next(_goals(run), None)
        if headline is None:
            return Counterpart(
                "best",
                None,
                reason="no_goal",
                message="No metric of the run says what is better, so there is no best run. "
                "Say it in the notebook: %track goal METRIC max (or min).",
            )
        metric, goal = headline
        order = f"metrics.`{metric}` {'desc' if goal == 'max' else 'asc'}"
        page = self._runs.search(order_by=order, experiment=run.experiment, limit=2)
        found = [other for other in page.runs if math.isfinite(other.metrics.get(metric, math.nan))]
        others = [other for other in found if other.id != run.id]
        if not others:
            message = f"No other run of the experiment {run.experiment} has a value of {metric} yet."
            return Counterpart("best", None, metric, goal, "no_other", message)
        if found[0].id == run.id:
            message = f"The run is the best by {metric}; next is #{others[0].number}."
            return Counterpart("best", others[0].id, metric, goal, "is_best", message)
        return Counterpart(
            "best", others[0].id, metric, goal, message=f"Best by {metric}: #{others[0].number}."
        )

    def _previous(self, run: Run) -> Counterpart:
        path = run.source.path
        if path is None:
            message = "The run came from no notebook or script, so none was before it."
            return Counterpart("previous", None, reason="no_notebook", message=message)
        page = self._runs.search(
            f"started < '{run.started.isoformat()}'", order_by="started desc", notebook=path, limit=2
        )
        other = next((other for other in page.runs if other.id != run.id), None)
        if other is None:
            message = f"There is no earlier run of {path}."
            return Counterpart("previous", None, reason="no_previous", message=message)
        return Counterpart("previous", other.id, message=f"The run of {path} before: #{other.number}.")


def _goals(run: Run) -> Iterator[tuple[str, Goal]]:
    """Yield the metrics of a run that have a goal, as the run told of them; each by the series that stands for it."""
    for key, goal in run.goals.items():
        names = (
            [key] if key in run.metrics else [name for name in run.metrics if name.partition("{")[0] == key]
        )
        if names and goal in ("max", "min") and "`" not in names[0]:
            yield names[0], "max" if goal == "max" else "min"
