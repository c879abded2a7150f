"""What a sweep makes of results: what is tried next, which trials are given up, and which are the best."""

import difflib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from trackbook.domain.ranking import goal_metric, key_goal
from trackbook.domain.sweep import Objective, SweepSpec, is_better, pareto_front, split_series
from trackbook.errors import NotFound
from trackbook.jobs.proposing import proposer
from trackbook.jobs.study import PastTrial, Study
from trackbook.jobs.trials import TrialState
from trackbook.services.context import Services


class Judge:
    """Knows a sweep's objectives as soon as anybody does, and asks Optuna where a sampler or a pruner needs it.

    `problem` is a sentence once the sweep can't go on. `is_free` tells that what is tried depends on no result.
    """

    def __init__(
        self, services: Services, sweep_id: str, spec: SweepSpec, trials: Mapping[int, TrialState]
    ) -> None:
        self._services, self._id, self._spec, self._trials = services, sweep_id, spec, trials
        self._proposer = proposer(spec)
        self._study: Study | None = None
        self._best: list[int] = []
        self.has_new_best = False
        self.problem: str | None = None

    @property
    def is_free(self) -> bool:
        """Whether what is tried next depends on no result."""
        return self._proposer is not None

    @property
    def prunes(self) -> bool:
        """Whether trials that run are looked at."""
        return self._spec.pruner.name != "none"

    def begin(self) -> None:
        """Go on from the trials that there are."""
        if self._proposer is None or self.prunes:
            self._study = self._make_study()

    def ask(self, number: int) -> dict[str, Any]:
        """Return the swept parameters of a new trial."""
        if self._study is not None:
            return self._study.ask(number)
        assert self._proposer is not None
        return self._proposer.propose(number)

    def watch(self, trial: TrialState) -> str | None:
        """Look at the values of a trial that runs; returns why it should be given up, None if it may go on."""
        if not self._spec.objectives or trial.job is None:
            return None
        objective = self._spec.objectives[0]
        points = self._points(trial.job.spec.run_id, objective.metric, trial.points)
        if not points:
            return None
        trial.points += len(points)
        trial.last = points[-1][1]
        if self._study is None or not self.prunes:
            return None
        for step, value in points:
            if self._study.report(trial.number, step, value):
                return (
                    f"{objective.metric} was {value:.6g} at step {step}: pruned by {self._spec.pruner.name}."
                )
        return None

    def tell(self, trial: TrialState) -> SweepSpec:
        """Take in how a trial came out; returns what the sweep tries, with objectives that have become known."""
        run, status = trial.run, trial.status
        if self.prunes:
            self.watch(trial)  # what it logged since the last look: later trials are compared with it
        if status == "finished" and run is not None:
            self._resolve(trial)
        values = trial.values(self._spec)
        trial.last = values[0] if values and values[0] is not None else trial.last
        if self._study is not None and trial.is_again:
            # Nothing that was told can be taken back from a study.
            self._study = self._make_study()
        elif self._study is not None:
            end = status if status in ("finished", "pruned") else "failed"
            self._study.tell(trial.number, end, values)
        if status == "finished":
            self._consider(trial.number, values)
        return self._spec

    def forget(self, trial: TrialState) -> None:
        """Hear that a trial is tried once more: what it came to before counts no more."""
        if trial.number not in self._best:
            return
        self._best, self.has_new_best = [], True
        for other in self._trials.values():
            if other.is_settled and other.status == "finished":
                self._consider(other.number, other.values(self._spec))

    def take_best(self) -> list[int]:
        """Return the numbers of the best trials: one for one objective, the Pareto front for several."""
        self.has_new_best = False
        return list(self._best)

    def _consider(self, number: int, values: Sequence[float | None]) -> None:
        directions = [objective.direction for objective in self._spec.objectives]
        if (
            not directions
            or None in directions
            or any(value is None or math.isnan(value) for value in values)
        ):
            return
        rivals = [*(one for one in self._best if one != number), number]
        rows = [self._trials[one].values(self._spec) for one in rivals]
        front = [rivals[place] for place in pareto_front(rows, directions)]
        if len(directions) == 1 and self._best and front == [number]:
            (value,), (best,) = rows[-1], rows[0]
            if value is None or best is None or not is_better(value, best, directions[0]):
                return
        if sorted(front) != sorted(self._best):
            self._best, self.has_new_best = sorted(front), True

    def _resolve(self, trial: TrialState) -> None:
        """Learn of the first trials what is to be judged by, and in which direction."""
        spec, run = self._spec, trial.run
        assert run is not None
        if not spec.objectives:
            runs = [
                one.run for one in self._trials.values() if one.run is not None and one.status == "finished"
            ]
            metric = goal_metric(runs)
            if metric is not None:
                self._set_objectives([Objective(metric, key_goal(runs, metric))])
            elif not self.is_free or self.prunes:
                self.problem = (
                    "No metric has a goal, by which trials could be judged. Say `%track goal METRIC max` in the "
                    "notebook, or --objective METRIC:max."
                )
            return
        lacking = [one.metric for one in spec.objectives if one.metric not in run.metrics]
        if lacking and not any(
            one.is_settled and one.status == "finished" and one is not trial for one in self._trials.values()
        ):
            self.problem = _no_such_metric(lacking[0], list(run.metrics))
            return
        if lacking or all(one.direction is not None for one in spec.objectives):
            return
        found = [
            one if one.direction is not None else Objective(one.metric, key_goal([run], one.metric))
            for one in spec.objectives
        ]
        if (unknown := next((one.metric for one in found if one.direction is None), None)) is not None:
            self.problem = (
                f"Nobody says whether {unknown} is to be high or low: write --objective {unknown}:max, or `%track goal "
                f"{unknown} max` in the notebook."
            )
            return
        self._set_objectives(found)

    def _set_objectives(self, objectives: list[Objective]) -> None:
        self._spec = msgspec.structs.replace(self._spec, objectives=objectives)
        self._services.sweeps.redefine(self._id, self._spec)
        for trial in self._trials.values():
            if trial.is_settled and trial.status == "finished":
                self._consider(trial.number, trial.values(self._spec))
        if self._study is not None:
            self._study = self._make_study()

    def _make_study(self) -> Study:
        for trial in self._trials.values():
            if not trial.is_settled:
                trial.points = (
                    0  # what it has logged so far is judged, too, now that there is something to judge by
                )
        past = [self._past(trial) for _, trial in sorted(self._trials.items())]
        return Study(self._spec, [objective.direction for objective in self._spec.objectives], past)

    def _past(self, trial: TrialState) -> PastTrial:
        end = trial.status if trial.status in ("finished", "pruned", "failed") and trial.is_settled else None
        points: dict[int, float] = {}
        if self.prunes and self._spec.objectives and trial.job is not None:
            metric = self._spec.objectives[0].metric
            points = dict(self._points(trial.job.spec.run_id, metric, 0))
        return PastTrial(trial.number, trial.params, end, trial.values(self._spec), points)

    def _points(self, run_id: str, metric: str, after: int) -> list[tuple[int, float]]:
        key, context = split_series(metric)
        try:
            series = self._services.series.read(run_id, key, context)
        except NotFound:
            return []
        return [
            (step, value) for step, value in zip(series.steps[after:], series.values[after:], strict=True)
        ]


def _no_such_metric(metric: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(metric, known)
    if close:
        hint = f"did you mean {' or '.join(close)}?"
    else:
        hint = f"it has {', '.join(sorted(known)[:8])}." if known else "it has none."
    return f"The first trial has no metric {metric}; {hint}"
