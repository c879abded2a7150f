"""The run of a sweep itself: what it tries is its parameters, its best trials are marked on it and on their runs."""

from collections.abc import Sequence

import msgspec

from trackbook.domain.run import RunStatus, Source
from trackbook.domain.space import describe_dimension
from trackbook.domain.sweep import SweepSpec
from trackbook.jobs.trials import SweepProgress, TrialState
from trackbook.services.context import Services
from trackbook.services.recorder import RunRecorder
from trackbook.services.sweeps import BEST, BEST_RUNS, SWEEP


class SweepRun:
    """Writes the run of a sweep."""

    def __init__(self, services: Services, sweep_id: str, progress: SweepProgress) -> None:
        self._services, self._id, self._progress = services, sweep_id, progress
        self._recorder: RunRecorder

    def open(self, spec: SweepSpec, *, resumes: bool) -> None:
        """Open it; `resumes`: it has been open before."""
        job = spec.job
        source = Source("job", path=job.path)
        name = f"sweep-{self._id[-8:]}"
        if resumes:
            last = self._services.runs.last_at(self._id)
            recorder = RunRecorder.resume(
                self._services.store,
                self._id,
                experiment=job.experiment,
                name=name,
                source=source,
                after=last,
            )
        else:
            recorder = RunRecorder.start(
                self._services.store,
                experiment=job.experiment,
                name=name,
                tags=job.tags | {SWEEP: self._id[-8:]},
                parent_id=job.parent_id,
                source=source,
                run_id=self._id,
            )
        recorder.set_params(_params(spec))
        self._recorder = recorder

    def mark_best(self, best: Sequence[int]) -> None:
        """Mark the best trials: on their runs, and on that of the sweep."""
        progress, recorder = self._progress, self._recorder
        before, progress.best = progress.best, list(best)
        edits = self._services.edits
        for number in best:
            if (
                number not in before
                and (run := progress.trials[number].run) is not None
                and BEST not in run.tags
            ):
                edits.set_tags(run.id, {BEST: "true"})
        for number, trial in progress.trials.items():
            marked = number in before or (trial.run is not None and BEST in trial.run.tags)
            if marked and number not in best and trial.run is not None:
                edits.set_tags(trial.run.id, {BEST: None})
                trial.run = msgspec.structs.replace(
                    trial.run, tags={key: text for key, text in trial.run.tags.items() if key != BEST}
                )
        runs = [run for number in best if (run := progress.trials[number].run) is not None]
        recorder.set_tags({BEST_RUNS: ",".join(run.id for run in runs)})
        if len(progress.spec.objectives) == 1 and runs:
            objective = progress.spec.objectives[0]
            value = runs[0].metrics.get(objective.metric)
            if value is not None:
                recorder.define_metric(f"best/{objective.metric}", objective.direction)
                recorder.log({f"best/{objective.metric}": value}, step=best[0])

    def unmark(self, trial: TrialState) -> None:
        """Take the mark of the best from a trial's run."""
        marked = trial.number in self._progress.best
        if trial.run is not None and (marked or BEST in trial.run.tags):
            self._services.edits.set_tags(trial.run.id, {BEST: None})

    def end(self, status: RunStatus, reason: str | None) -> None:
        """End it."""
        self._recorder.end(status, reason=reason)


def _params(spec: SweepSpec) -> dict[str, object]:
    objectives = [f"{one.metric}:{one.direction}" if one.direction else one.metric for one in spec.objectives]
    params: dict[str, object] = {
        "sampler": spec.sampler,
        "trials": spec.trials,
        "seed": spec.seed,
        "space": {name: describe_dimension(one) for name, one in spec.space.items()},
    }
    if objectives:
        params["objectives"] = ", ".join(objectives)
    if spec.pruner.name != "none":
        told = ",".join(f"{name}={value:g}" for name, value in spec.pruner.options.items())
        params["pruner"] = f"{spec.pruner.name}:{told}" if told else spec.pruner.name
    if spec.job.params:
        params["fixed"] = spec.job.params
    return params
