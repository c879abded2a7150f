"""What the judge of a sweep makes of values that come late: a slow index changes no verdict."""

from datetime import UTC, datetime

import msgspec
import pytest

from trackbook.domain.ids import new_id
from trackbook.domain.job import Job
from trackbook.domain.sweep import Objective, parse_pruner
from trackbook.jobs.judging import Judge
from trackbook.jobs.trials import TrialState
from trackbook.services.recorder import RunRecorder

from .conftest import Project


class Trials:
    """Two trials of a sweep with the median's pruner: the first is good and short, the second bad and long."""

    def __init__(self, project: Project, objectives: list[Objective]) -> None:
        self.project = project
        notebook = project.notebook("1", parameters="x: float = 0.5  # [0, 1]")
        sweeps = project.services.sweeps
        pruner = parse_pruner("median:startup=1")
        self.id = sweeps.define(notebook, {}, {"x": [0.9, 0.1]}, objectives=objectives, pruner=pruner)
        self.spec = sweeps.spec(self.id)
        self.all: dict[int, TrialState] = {}
        self.judge = Judge(project.services, self.id, self.spec, self.all)
        self.judge.begin()

    def begin(self, number: int) -> RunRecorder:
        """Ask for a trial, and open its run."""
        trial = self.all[number] = TrialState(number, self.judge.ask(number))
        run = RunRecorder.start(self.project.store, experiment="a", run_id=new_id(), parent_id=self.id)
        spec = msgspec.structs.replace(self.spec.job, run_id=run.run_id)
        trial.job = Job(new_id(), spec, "running", datetime.now(UTC))
        run.define_metric("score", "max")
        return run

    def log(self, run: RunRecorder, value: float) -> None:
        for step in range(6):
            run.log({"score": value}, step=step)
        assert self.project.services.runs.refresh(timeout=60)

    def finish(self, number: int, run: RunRecorder) -> None:
        run.end()
        assert self.project.services.runs.refresh(timeout=60)
        trial = self.all[number]
        assert trial.job is not None
        trial.job = msgspec.structs.replace(trial.job, status="finished")
        trial.run, trial.is_settled = self.project.services.runs.get(run.run_id), True
        self.judge.tell(trial)


@pytest.mark.parametrize("objectives", [[], [Objective("score", "max")]])
def test_values_that_are_seen_late_are_judged_all_the_same(
    project: Project, objectives: list[Objective]
) -> None:
    """The first trial ended before anybody had looked at it, and the second has logged more than the first meanwhile.

    Without an objective it is known only at the first trial's end, by what is judged.
    """
    trials = Trials(project, objectives)
    good = trials.begin(0)
    trials.log(good, 0.9)
    bad = trials.begin(1)
    trials.log(bad, 0.1)
    trials.finish(0, good)
    assert "pruned by median" in str(trials.judge.watch(trials.all[1]))
    bad.end()


def test_each_value_is_judged_once(project: Project) -> None:
    trials = Trials(project, [])
    good = trials.begin(0)
    trials.log(good, 0.9)
    other = trials.begin(1)
    trials.log(other, 0.95)
    assert trials.judge.watch(trials.all[1]) is None
    trials.finish(0, good)
    assert trials.judge.watch(trials.all[1]) is None
    assert (trials.all[1].points, trials.all[1].last) == (6, 0.95)
    other.end()
