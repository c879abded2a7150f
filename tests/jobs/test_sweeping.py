"""The controller of sweeps: its bookkeeping with played executions, and real notebooks where kernels matter."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from rich.console import Console

from trackbook.cli.display.sweeps import sweeps_table
from trackbook.domain.execution import Execution, Observer, Outcome
from trackbook.domain.formatting import format_number
from trackbook.domain.run import RunError
from trackbook.domain.sweep import Objective, SweepDetail, parse_pruner
from trackbook.errors import Conflict, NotFound, UsageError
from trackbook.jobs.fake import FakeExecutor
from trackbook.jobs.sweepcontroller import SweepOutcome
from trackbook.jobs.sweeping import run_sweep
from trackbook.jobs.trials import SweepProgress
from trackbook.jobs.worker import Worker
from trackbook.services.job_records import attempt_of
from trackbook.services.opening import open_place
from trackbook.services.queue import JobQueue
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import StorePaths

from .conftest import Project, wait_for

PARAMETERS = "x: float = 0.5  # [0, 1]\nn: int = 1  # 1..100\nkind: bool = False"
Play = Callable[[Execution, Observer, threading.Event], Outcome]


class Players:
    """Workers whose executions are played, in a thread of this process."""

    def __init__(self, store: StorePaths, sweep_id: str, play: Play) -> None:
        self.executor = FakeExecutor(play)
        self._place = open_place(store)
        queue = JobQueue(self._place, sweep_id=sweep_id)
        self._worker = Worker(store, queue, self.executor, idle=600.0)
        self._thread = threading.Thread(target=self._worker.run, daemon=True)

    def tend(self, wanted: int) -> None:
        if wanted and not self._thread.is_alive() and not self._worker.is_stopped:
            self._thread.start()

    def wait(self, seconds: float) -> None:
        time.sleep(seconds / 5)

    def dismiss(self) -> None:
        self._worker.drain()

    def end(self) -> None:
        self._worker.stop()
        if self._thread.is_alive():
            self._thread.join()
        self._place.close()


class Clerks:
    """Workers that write down what a trial would leave, and no more: for very many of them."""

    def __init__(self, store: StorePaths, sweep_id: str) -> None:
        self._place = open_place(store)
        self._queue = JobQueue(self._place, sweep_id=sweep_id)

    def tend(self, wanted: int) -> None:
        while (job := self._queue.claim()) is not None:
            spec = job.spec
            run = RunRecorder.start(
                self._place.paths,
                experiment="a",
                params=spec.params,
                run_id=spec.run_id,
                parent_id=spec.parent_id,
            )
            run.log(parabola(spec.params))
            run.end()
            self._queue.finish(job, attempt_of(job, "finished"))

    def wait(self, seconds: float) -> None:
        time.sleep(seconds / 10)

    def dismiss(self) -> None:
        pass

    def end(self) -> None:
        self._place.close()


@pytest.fixture
def played(project: Project) -> Callable[..., SweepOutcome]:
    """Works a sweep off; `score` gets the parameters of each trial, and returns its metrics or an outcome."""

    def work(
        sweep_id: str, score: Callable[[dict[str, Any]], dict[str, float] | Outcome], **more: Any
    ) -> SweepOutcome:
        def play(execution: Execution, observer: Observer, cancelled: threading.Event) -> Outcome:
            run_id = execution.environment["TRACKBOOK_RUN"]
            jobs = {job.spec.run_id: job for job in project.services.sweeps.trials(sweep_id)}
            found = score(jobs[run_id].spec.params)
            if isinstance(found, Outcome):
                return found
            child = RunRecorder.join(project.store, run_id)
            child.log(found)
            child.close()
            return Outcome("finished")

        return run_sweep(project.store, sweep_id, workers=Players(project.store, sweep_id, play), **more)

    return work


def show(project: Project, sweep_id: str) -> SweepDetail:
    assert project.services.runs.refresh(timeout=60)
    return project.services.sweeps.get(sweep_id)


def parabola(params: dict[str, Any]) -> dict[str, float]:
    return {"score": -((params.get("x", 0.5) - 0.3) ** 2), "cost": params.get("n", 1)}


def test_a_sweep_is_a_run_with_its_trials_as_children(
    project: Project, played: Callable[..., SweepOutcome]
) -> None:
    notebook = project.notebook("1", parameters=PARAMETERS)
    sweep_id = project.services.sweeps.define(
        notebook,
        {"n": 7},
        {"x": [0.1, 0.3, 0.9], "kind": None},
        objectives=[Objective("score", "max")],
        tags={"team": "vision"},
    )
    assert project.services.sweeps.list()[0].status == "queued"
    seen: list[tuple[int, list[int]]] = []
    outcome = played(sweep_id, parabola, on_progress=lambda p: seen.append((len(p.trials), list(p.best))))
    assert (outcome.status, outcome.reason, outcome.exit_code) == ("finished", None, 0)
    sweep = show(project, sweep_id)
    assert (sweep.status, sweep.sampler, sweep.trials.total, sweep.trials.finished) == (
        "finished",
        "grid",
        6,
        6,
    )
    assert [row.params for row in sweep.runs[:3]] == [
        {"x": 0.1, "kind": False},
        {"x": 0.1, "kind": True},
        {"x": 0.3, "kind": False},
    ]
    assert sweep.best is not None
    assert (sweep.best.params, sweep.best.value) == ({"x": 0.3, "kind": False}, pytest.approx(0))
    assert [row.best for row in sweep.runs] == [False, False, True, False, False, False]
    own = project.detail(sweep_id)
    assert sorted(own.children) == sorted(row.run for row in sweep.runs)
    assert own.run.params["space.x"] == "0.1,0.3,0.9"
    assert own.run.params["fixed.n"] == 7
    assert own.run.tags["best_runs"] == sweep.best.run
    assert own.run.metrics["best/score"] == pytest.approx(0)
    children = [project.services.runs.get(row.run) for row in sweep.runs]
    assert [run.tags.get("best") for run in children] == [None, None, "true", None, None, None]
    assert {(run.parent_id, run.tags["team"], run.params["n"]) for run in children} == {
        (sweep_id, "vision", 7)
    }
    assert seen[-1] == (6, [2])
    (listed,) = project.services.sweeps.list()
    assert (listed.best, listed.trials, listed.number) == (sweep.best, sweep.trials, own.run.number)
    for reference in ("last", str(own.run.number), f"#{own.run.number}", sweep_id, children[0].id):
        assert project.services.sweeps.find(reference) == sweep_id
    with pytest.raises(NotFound):
        project.services.sweeps.find("999")


def test_failed_trials_do_not_stop_the_others(project: Project, played: Callable[..., SweepOutcome]) -> None:
    def fails(params: dict[str, Any]) -> dict[str, float] | Outcome:
        if params["kind"]:
            return Outcome("failed", RunError("ValueError", "no"))
        return parabola(params)

    notebook = project.notebook("1", parameters=PARAMETERS)
    space = {"x": "0..1", "kind": None}
    define = project.services.sweeps.define
    sweep_id = define(notebook, {}, space, trials=8, objectives=[Objective("score", "max")])
    outcome = played(sweep_id, fails)
    failed = sum(row.params["kind"] for row in show(project, sweep_id).runs)
    assert 0 < failed < 8
    assert (outcome.status, outcome.reason) == ("finished", f"{failed} of 8 trials failed.")
    assert outcome.exit_code == 1
    sweep_id = define(
        notebook, {"kind": True}, {"x": "0..1"}, trials=8, max_failures=2, sampler="random", parallel=1
    )
    outcome = played(sweep_id, fails, ahead=0)
    assert (outcome.status, outcome.exit_code) == ("failed", 1)
    assert show(project, sweep_id).trials.failed == 2
    # Asked for more, it goes on with those that never began.
    project.services.sweeps.extend(sweep_id, max_failures=20)
    outcome = played(sweep_id, fails)
    assert (outcome.status, outcome.reason) == ("failed", "All 8 trials failed.")
    assert show(project, sweep_id).trials.failed == 8


def test_several_objectives_have_a_front(project: Project, played: Callable[..., SweepOutcome]) -> None:
    notebook = project.notebook("1", parameters=PARAMETERS)
    objectives = [Objective("score", "max"), Objective("cost", "min")]
    sweep_id = project.services.sweeps.define(
        notebook, {}, {"x": "0..1", "n": "1..9"}, trials=8, objectives=objectives
    )
    assert project.services.sweeps.spec(sweep_id).sampler == "nsga2"
    played(sweep_id, parabola)
    sweep = show(project, sweep_id)
    points = [(row.values[0] or 0.0, row.values[1] or 0.0) for row in sweep.runs]
    front = [
        not any(a >= score and b <= cost and (a, b) != (score, cost) for a, b in points)
        for score, cost in points
    ]
    assert [row.best for row in sweep.runs] == front
    marked = [project.services.runs.get(row.run).tags.get("best") == "true" for row in sweep.runs]
    assert marked == front
    # A list names the one of them that is best in the first objective, with all of its values.
    leading = max((row for row in sweep.runs if row.best), key=lambda row: row.values[0] or 0.0)
    (listed,) = project.services.sweeps.list()
    assert listed.best is not None
    assert sweep.best == listed.best
    assert (listed.best.run, listed.best.values) == (leading.run, leading.values)
    shown = Console(width=120, file=io.StringIO())
    shown.print(sweeps_table([listed]))
    assert isinstance(shown.file, io.StringIO)
    assert ", ".join(format_number(value, whole=False) for value in leading.values if value is not None) in (
        shown.file.getvalue()
    )


def test_what_is_better_is_learnt_of_the_notebook(
    project: Project, played: Callable[..., SweepOutcome]
) -> None:
    def score(params: dict[str, Any]) -> dict[str, float]:
        return {"loss": params["x"], "other": 1.0}

    notebook = project.notebook("1", parameters=PARAMETERS)
    sweeps = project.services.sweeps
    for objectives, hint in (
        ([], "No metric has a goal"),
        ([Objective("loss")], "--objective loss:max"),
        ([Objective("los", "min")], "did you mean loss"),
    ):
        sweep_id = sweeps.define(notebook, {}, {"x": None}, trials=4, objectives=objectives)
        outcome = played(sweep_id, score)
        assert (outcome.status, outcome.exit_code) == ("failed", 1)
        assert hint in str(outcome.reason)
        assert show(project, sweep_id).trials.finished == 1
    # Where nothing depends on it, nobody has to say it.
    sweep_id = sweeps.define(notebook, {}, {"x": None}, trials=4, sampler="random")
    assert played(sweep_id, score).status == "finished"
    assert show(project, sweep_id).best is None


def test_hundreds_of_trials(project: Project) -> None:
    notebook = project.notebook("1", parameters=PARAMETERS)
    sweep_id = project.services.sweeps.define(
        notebook,
        {},
        {"n": None, "x": "0..1:step=0.1"},
        trials=300,
        sampler="grid",
        objectives=[Objective("score", "max")],
    )
    progress: list[SweepProgress] = []
    widest = 0

    def look(seen: SweepProgress) -> None:
        nonlocal widest
        progress[:] = [seen]
        widest = max(widest, seen.count("queued") + seen.count("running"))

    workers = Clerks(project.store, sweep_id)
    outcome = run_sweep(project.store, sweep_id, on_progress=look, workers=workers)
    assert (outcome.status, len(outcome.jobs)) == ("finished", 300)
    # The queue never holds more than can be run soon.
    assert widest <= 40
    sweep = show(project, sweep_id)
    assert sweep.trials.finished == 300
    assert len({str(row.params) for row in sweep.runs}) == 300
    assert sweep.best is not None
    assert sweep.best.params["x"] == 0.3
    assert len([row for row in sweep.runs if row.best]) == 1
    assert project.services.sweeps.list()[0].trials.finished == 300


def test_whoever_wants_it_ends_a_sweep_and_goes_on_with_it(
    project: Project, played: Callable[..., SweepOutcome]
) -> None:
    notebook = project.notebook("1", parameters=PARAMETERS)
    sweeps = project.services.sweeps
    sweep_id = sweeps.define(
        notebook, {}, {"x": "0..1"}, trials=30, sampler="random", objectives=[Objective("score", "max")]
    )
    begun: list[float] = []

    def score(params: dict[str, Any]) -> dict[str, float]:
        begun.append(params["x"])
        if len(begun) == 3:
            with pytest.raises(Conflict):
                run_sweep(project.store, sweep_id)
            sweeps.request_end(sweep_id)
        if 3 <= len(begun) <= 8:
            time.sleep(0.3)
        return parabola(params)

    outcome = played(sweep_id, score)
    assert (outcome.status, outcome.exit_code, outcome.interrupted) == ("aborted", 130, True)
    before = show(project, sweep_id)
    assert before.status == "aborted"
    assert 3 <= before.trials.finished < 30
    ran = len(begun)
    outcome = played(sweep_id, score)
    assert (outcome.status, outcome.interrupted) == ("finished", False)
    after = show(project, sweep_id)
    assert after.trials.finished == 30
    # No trial is run twice, and what was not run keeps its values.
    assert len(begun) == 30
    assert len(set(begun)) == 30
    done = {row.trial: row for row in before.runs if row.status == "finished"}
    assert len(done) == ran
    for row in after.runs:
        if row.trial in done:
            assert row.run == done[row.trial].run
    assert [row.params for row in before.runs] == [row.params for row in after.runs[: len(before.runs)]]
    attempts = project.detail(sweep_id).attempts
    assert [attempt.status for attempt in attempts] == ["aborted", "finished"]
    # One that has finished gets more.
    assert sweeps.extend(sweep_id, trials=33).trials == 33
    assert played(sweep_id, score).status == "finished"
    assert show(project, sweep_id).trials.finished == 33
    with pytest.raises(UsageError, match="33 or more"):
        sweeps.extend(sweep_id, trials=5)


def test_time_for_the_whole_sweep(project: Project, played: Callable[..., SweepOutcome]) -> None:
    def slow(params: dict[str, Any]) -> dict[str, float]:
        time.sleep(0.3)
        return parabola(params)

    notebook = project.notebook("1", parameters=PARAMETERS)
    sweep_id = project.services.sweeps.define(
        notebook, {}, {"n": None, "kind": None}, sampler="grid", trials=150, max_time=5
    )
    assert project.services.sweeps.spec(sweep_id).drawn
    outcome = played(sweep_id, slow)
    assert (outcome.status, outcome.exit_code) == ("finished", 0)
    assert "The time for the sweep was over after" in str(outcome.reason)
    assert show(project, sweep_id).trials.finished < 150


def test_what_is_wrong_is_said_before_anything_is_stored(project: Project) -> None:
    notebook = project.notebook("1", parameters=PARAMETERS)
    define = project.services.sweeps.define
    for params, space, more, hint in (
        ({}, {"y": [1]}, {}, "did you mean|no such parameter"),
        ({"x": 2}, {"n": [0]}, {}, "2 parameters"),
        ({"x": 1}, {"x": [1]}, {}, "both a single value and a sweep"),
        ({}, {}, {}, "needs a parameter to vary"),
        ({}, {"x": "0..1"}, {"sampler": "grid"}, "range without steps"),
        ({}, {"x": "0..1"}, {"trials": 0}, "1 to 10,000"),
        ({}, {"x": "0..1"}, {"seed": -1}, "A seed"),
        ({}, {"x": "0..1"}, {"timeout": -1}, "time limit"),
    ):
        with pytest.raises(UsageError, match=hint):
            define(notebook, params, space, **more)
    assert project.services.sweeps.list() == []


def test_a_hopeless_trial_is_stopped_within_its_cell(project: Project) -> None:
    """Real kernels: the trial that is given up would run for ten minutes."""
    work = """
import time
import trackbook as tb
run = tb.start_run("pruned")
run.metric("score", goal="max")
for step in range(6 if x > 0.5 else 6000):
    run.log({"score": x}, step=step)
    time.sleep(0.1)
"""
    notebook = project.notebook(work, "reached = True", parameters=PARAMETERS)
    sweep_id = project.services.sweeps.define(
        notebook, {}, {"x": [0.9, 0.1]}, pruner=parse_pruner("median:startup=1"), parallel=1
    )
    outcome = run_sweep(project.store, sweep_id, ahead=0)
    assert (outcome.status, outcome.exit_code) == ("finished", 0)
    good, bad = show(project, sweep_id).runs
    assert (good.status, bad.status) == ("finished", "pruned")
    assert (good.best, bad.best) == (True, False)
    run = project.detail(bad.run)
    assert (run.run.status, run.run.error) == ("pruned", None)
    assert "pruned by median" in str(run.run.reason)
    assert run.run.metrics["score"] == 0.1
    job = project.services.jobs.get(bad.job)
    assert (job.status, job.error, [attempt.outcome for attempt in job.attempts]) == (
        "pruned",
        None,
        ["pruned"],
    )


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_sweep_survives_the_death_of_its_controller(project: Project) -> None:
    """Real processes: the controller is killed while trials run; another one goes on."""
    work = """
import pathlib, time
with open("ran.txt", "a") as file:
    file.write(f"{n}\\n")
deadline = time.monotonic() + 300
while n > 2 and not pathlib.Path("go").exists() and time.monotonic() < deadline:
    time.sleep(0.05)
with open("done.txt", "a") as file:
    file.write(f"{n}\\n")
"""
    notebook = project.notebook(work, parameters=PARAMETERS)
    sweep_id = project.services.sweeps.define(notebook, {}, {"n": [1, 2, 3, 4]}, parallel=1)
    controller = subprocess.Popen(
        [sys.executable, "-m", "trackbook.jobs.sweeping", str(project.store.root), sweep_id],
        cwd=project.store.root,
    )
    ran = project.folder / "ran.txt"
    wait_for(lambda: ran.exists() and "3" in ran.read_text().split())
    os.kill(controller.pid, signal.SIGKILL)
    controller.wait()
    wait_for(lambda: project.services.sweeps.trials(sweep_id)[2].status in ("cancelled", "finished"))
    (project.folder / "go").touch()
    outcome = run_sweep(project.store, sweep_id)
    assert (outcome.status, outcome.exit_code) == ("finished", 0)
    assert show(project, sweep_id).trials.finished == 4
    assert sorted((project.folder / "done.txt").read_text().split()) == ["1", "2", "3", "4"]
    assert [attempt.status for attempt in project.detail(sweep_id).attempts][-1] == "finished"


class TriedAgain:
    """A sweep of which the first trial fails at its first try; `values` are those of later ones."""

    def __init__(self, project: Project) -> None:
        self.project, self.failed = project, False

    def score(self, params: dict[str, Any]) -> dict[str, float] | Outcome:
        if not self.failed:
            self.failed = True
            return Outcome("failed", RunError("OSError", "The disk was away."))
        return {"score": params["x"]}

    def work(self) -> None:
        """Be a worker that stands for whatever is queued, until nothing is."""

        def play(execution: Execution, observer: Observer, cancelled: threading.Event) -> Outcome:
            child = RunRecorder.join(self.project.store, execution.environment["TRACKBOOK_RUN"])
            child.log({"score": 10.0})
            child.close()
            return Outcome("finished")

        place = open_place(self.project.store)
        try:
            Worker(self.project.store, JobQueue(place), FakeExecutor(play)).run()
        finally:
            place.close()


def test_a_trial_that_is_tried_again_afterwards_counts_in_its_sweep(
    project: Project, played: Callable[..., SweepOutcome]
) -> None:
    notebook = project.notebook("1", parameters=PARAMETERS)
    again = TriedAgain(project)
    services = project.services
    sweep_id = services.sweeps.define(notebook, {}, {"x": [0.1, 0.9]}, objectives=[Objective("score", "max")])
    outcome = played(sweep_id, again.score)
    assert [job.status for job in outcome.jobs] == ["failed", "finished"]
    assert services.runs.get(outcome.jobs[1].spec.run_id).tags["best"] == "true"
    late = services.jobs.retry(outcome.jobs[0].id)
    assert [(row.trial, row.job, row.status) for row in show(project, sweep_id).runs] == [
        (0, late.id, "queued"),
        (1, outcome.jobs[1].id, "finished"),
    ]
    again.work()
    sweep = show(project, sweep_id)
    assert [(row.status, row.values, row.best) for row in sweep.runs] == [
        ("finished", [10.0], True),
        ("finished", [0.9], False),
    ]
    assert sweep.trials.failed == 0
    marked = services.runs.search("tags.best = 'true'").runs
    assert [run.id for run in marked] == [late.spec.run_id]
    assert services.runs.get(sweep_id).tags["best_runs"] == late.spec.run_id
    (listed,) = services.sweeps.list()
    assert listed.best is not None
    assert (listed.best.run, listed.trials.finished) == (late.spec.run_id, 2)
    # Whoever goes on with the sweep has nothing to do for it.
    services.sweeps.extend(sweep_id, trials=2)
    assert [job.id for job in played(sweep_id, again.score).jobs] == [late.id, outcome.jobs[1].id]


def test_a_trial_that_is_tried_again_meanwhile_is_told_to_the_sampler(
    project: Project, played: Callable[..., SweepOutcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    from trackbook.jobs import judging

    known: list[dict[int, Any]] = []

    class Watched(judging.Study):
        def __init__(self, spec: Any, directions: Any, past: Any = ()) -> None:
            known.append({one.number: (one.end, one.values) for one in past})
            super().__init__(spec, directions, past)

    monkeypatch.setattr(judging, "Study", Watched)
    notebook = project.notebook("1", parameters=PARAMETERS)
    again = TriedAgain(project)
    services = project.services
    sweep_id = services.sweeps.define(
        notebook, {}, {"x": None}, sampler="tpe", trials=4, objectives=[Objective("score", "max")]
    )
    asked: list[str] = []

    def score(params: dict[str, Any]) -> dict[str, float] | Outcome:
        trials = services.sweeps.trials(sweep_id)
        if len(trials) == 3 and not asked:
            asked.append(services.jobs.retry(trials[0].id).id)
            again.work()
            # What came out is taken in while this trial runs.
            wait_for(lambda: bool(known) and known[-1].get(0, ("",))[0] == "finished")
        return again.score(params)

    outcome = played(sweep_id, score)
    assert (outcome.exit_code, outcome.reason) == (0, None)
    assert [job.status for job in outcome.jobs] == ["finished"] * 4
    assert outcome.jobs[0].id == asked[0]
    assert known[-1][0] == ("finished", [10.0])
    sweep = show(project, sweep_id)
    assert [row.best for row in sweep.runs] == [True, False, False, False]
    marked = services.runs.search("tags.best = 'true'").runs
    assert [run.id for run in marked] == [outcome.jobs[0].spec.run_id]
