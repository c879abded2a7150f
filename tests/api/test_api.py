import subprocess
import sys
from pathlib import Path

import pytest

import trackbook as tb
from trackbook import api
from trackbook.errors import NoActiveRun, UsageError
from trackbook.services.catchup import rebuild
from trackbook.services.context import open_services
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import find_store, locate_store


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    while (run := tb.current_run()) is not None:
        run.end()


def found(reference):
    services = open_services(find_store(Path.cwd()))
    services.runs.refresh()
    return services.runs.get(reference.id if isinstance(reference, tb.Run) else reference)


def test_the_public_names_are_those_that_are_promised():
    assert set(tb.__all__) == {
        "Audio", "Histogram", "Html", "Image", "Json", "Run", "Sweep", "Table", "Text",
        "TrackbookError", "Vector", "Video", "__version__",
        "artifact", "autolog", "calibration_curve", "chart", "compare", "compare_with_notebook",
        "confusion_matrix", "current_run", "data", "end_run", "figure", "load_model", "log", "metric", "model",
        "no_autolog", "note", "param", "params", "pr_curve",
        "progress", "roc_curve", "runs", "seed", "start_run", "sweep", "table", "tag", "values", "watch",
    }  # fmt: skip
    assert all(hasattr(tb, name) for name in tb.__all__)


def test_importing_brings_in_nothing_heavy():
    heavy = (
        "IPython",
        "alembic",
        "click",
        "jupyter_server",
        "nbformat",
        "numpy",
        "pandas",
        "papermill",
        "sqlalchemy",
    )
    code = f"import sys, trackbook; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_importing_alone_opens_no_door():
    code = (
        "import sys, trackbook; print('msgspec' in sys.modules, 'start_run' in dir(trackbook)); "
        "from trackbook import *; print(start_run is trackbook.api.start_run, trackbook.log is log)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "True", "True"]
    with pytest.raises(AttributeError, match="no_such_name"):
        tb.no_such_name  # noqa: B018


def test_a_with_block_is_a_run():
    with tb.start_run("churn", params={"lr": 0.1}, tags={"team": "a"}, notes="first") as run:
        tb.log({"loss": 0.5})
        tb.param("depth", 3)
        tb.tag("kind")
        tb.note("second")
        tb.metric("loss", goal="min", unit="nat")
        assert tb.artifact(b"abc", "a.txt") == "a.txt"
    assert tb.current_run() is None
    stored = found(run)
    assert (stored.status, stored.params, stored.metrics) == (
        "finished",
        {"lr": 0.1, "depth": 3},
        {"loss": 0.5},
    )
    assert (stored.tags, stored.notes, stored.goals) == (
        {"team": "a", "kind": ""},
        "first\nsecond",
        {"loss": "min"},
    )
    assert stored.source.kind in ("script", "console")


def test_an_exception_fails_the_run_and_goes_on():
    with pytest.raises(ZeroDivisionError), tb.start_run("churn") as run:
        _ = 1 / 0
    stored = found(run)
    assert stored.status == "failed"
    assert (stored.error.ename, stored.error.evalue) == ("ZeroDivisionError", "division by zero")
    assert "1 / 0" in "".join(stored.error.traceback)


def test_an_interrupt_aborts_the_run():
    with pytest.raises(KeyboardInterrupt), tb.start_run("churn") as run:
        raise KeyboardInterrupt
    assert found(run).status == "aborted"


def test_a_plain_start_closes_the_run_before_it():
    first = tb.start_run("churn")
    second = tb.start_run("churn")
    assert not first.is_open
    assert tb.current_run() is second
    second.end()
    assert (found(first).status, found(first).reason) == ("finished", "Another run was started.")
    assert found(second).parent_id is None


def test_a_start_that_is_refused_leaves_the_open_run_alone():
    first = tb.start_run("churn")
    with pytest.raises(tb.TrackbookError):
        tb.start_run("churn", params={"model": object()})
    with pytest.raises(tb.TrackbookError):
        tb.start_run("\n")
    assert tb.current_run() is first
    assert first.is_open


def test_inside_a_with_block_runs_are_children():
    with tb.start_run("search") as parent:
        one = tb.start_run("trial")
        two = tb.start_run()
        assert not one.is_open
        with tb.start_run("inner") as three:
            pass
        assert not two.is_open
        assert tb.current_run() is parent
    assert [found(run).parent_id for run in (one, two, three)] == [parent.id] * 3
    assert found(two).experiment == "search"
    assert found(parent).parent_id is None


def test_nested_makes_a_child_of_a_plain_run():
    parent = tb.start_run("churn")
    child = tb.start_run("churn", nested=True)
    assert tb.current_run() is child
    child.end()
    assert tb.current_run() is parent
    assert found(child).parent_id == parent.id


def test_without_a_run_the_error_says_what_to_do():
    with pytest.raises(NoActiveRun, match="start_run"):
        tb.log({"loss": 1})


def test_a_run_that_ended_says_so():
    run = tb.start_run("churn")
    run.end()
    with pytest.raises(UsageError, match="has ended"):
        run.log({"loss": 1})


def test_the_experiment_is_the_project_unless_it_is_named(project):
    run = tb.start_run()
    assert run.experiment == project.name


def test_what_is_no_file_and_what_has_no_name():
    tb.start_run("churn")
    with pytest.raises(UsageError, match="There is no file"):
        tb.artifact("none.bin")
    with pytest.raises(UsageError, match="name="):
        tb.artifact(b"abc")
    with pytest.raises(UsageError, match="matplotlib"):
        tb.figure()
    with pytest.raises(tb.TrackbookError, match="can't be drawn"):
        tb.figure(object())


def test_a_figure_is_stored_as_png():
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    run = tb.start_run("churn")
    _, axes = pyplot.subplots()
    axes.plot([1, 2])
    assert tb.figure() == "figures/figure-1.png"
    assert tb.figure(axes, "plots/line") == "plots/line.png"
    pyplot.close("all")
    run.end()
    services = open_services(find_store(Path.cwd()))
    services.runs.refresh()
    stored = {artifact.path: artifact for artifact in services.artifacts.list(run.id)}
    assert {artifact.kind for artifact in stored.values()} == {"figure"}
    _, path = services.artifacts.open(run.id, "plots/line.png")
    assert path.read_bytes().startswith(b"\x89PNG")


def test_runs_are_a_table():
    for lr in (0.1, 0.2):
        with tb.start_run("churn", params={"lr": lr}) as run:
            run.log({"acc": lr * 2})
    table = tb.runs("params.lr > 0.15")
    assert table[["params.lr", "metrics.acc", "status"]].values.tolist() == [[0.2, 0.4, "finished"]]
    assert len(tb.runs()) == 2
    assert len(tb.runs(limit=1)) == 1
    assert tb.runs(order_by="metrics.acc")["metrics.acc"].tolist() == [0.2, 0.4]
    with pytest.warns(UserWarning, match=r"No run has a metric ac\. Did you mean metrics\.acc\?"):
        assert len(tb.runs("metrics.ac > 0")) == 0
    with pytest.warns(UserWarning, match=r"No run has a metric ac\."):
        assert len(tb.runs(order_by="metrics.ac")) == 2
    with pytest.warns(UserWarning, match=r"No run has a metric ac\."):
        assert tb.table("metrics.ac > 0").total == 0
    assert tb.compare("#1", run).loc["params.lr"].tolist() == [0.1, 0.2]
    with pytest.raises(tb.TrackbookError, match="character"):
        tb.runs("params.lr >")


def test_a_script_that_fails_or_ends_marks_its_run(project):
    for name, end, status in (("fails", "raise ValueError('no')", "failed"), ("ends", "pass", "finished")):
        script = project / f"{name}.py"
        script.write_text(f"import trackbook as tb\ntb.start_run({name!r})\ntb.log({{'x': 1}})\n{end}\n")
        subprocess.run([sys.executable, str(script)], capture_output=True, check=False, cwd=project)
        run = found(tb.runs(f"experiment = {name!r}")["id"][0])
        assert (run.status, run.source.path) == (status, f"{name}.py")


def test_runs_that_belong_together_have_a_group():
    for fold in range(2):
        with tb.start_run("churn", group="cv", params={"fold": fold}):
            pass
    with tb.start_run("churn"):
        pass
    assert tb.runs("group = 'cv'")["params.fold"].tolist() == [1, 0]
    with pytest.raises(tb.TrackbookError, match="group"):
        tb.start_run("churn", group="")


def test_a_run_is_resumed_by_its_number_or_its_id():
    with tb.start_run("churn", name="first", params={"lr": 0.1}) as run:
        run.log({"loss": 1.0})
    other = tb.start_run("churn")
    again = tb.start_run(resume="#1", params={"lr": 0.2}, tags={"more": "1"})
    assert (again.id, again.experiment, again.name, again.resumed) == (run.id, "churn", "first", True)
    assert not other.is_open
    assert tb.start_run(resume=run.id) is again
    again.log({"loss": 0.5})
    again.rename("second")
    again.end()
    stored = found(run)
    assert (stored.attempt, stored.name, stored.params, stored.status) == (
        2,
        "second",
        {"lr": 0.2},
        "finished",
    )
    assert stored.tags == {"more": "1"}
    assert len(tb.runs()) == 2


def test_a_fork_has_the_parameters_and_tags_of_its_origin():
    with tb.start_run("churn", group="g", params={"lr": 0.1, "model": {"depth": 3}}, tags={"a": "1"}) as run:
        for step in range(10):
            run.log({"loss": 1 / (step + 1)}, step=step)
    with tb.start_run(fork=1, at_step=4, params={"lr": 0.2}, tags={"b": "2"}) as fork:
        fork.log({"loss": 9.0})
    stored = found(fork)
    assert (stored.experiment, stored.group, stored.forked_from, stored.forked_step) == (
        "churn",
        "g",
        run.id,
        4,
    )
    assert (stored.params, stored.tags) == ({"lr": 0.2, "model.depth": 3}, {"a": "1", "b": "2"})
    series = open_services(find_store(Path.cwd())).series.read(fork.id, "loss")
    assert series.steps == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "options",
    [{"fork": "#1"}, {"at_step": 3}, {"resume": "#1", "fork": "#1", "at_step": 1}, {"resume": "#1", "name": "n"},
     {"fork": "#1", "at_step": 1.5}],
)  # fmt: skip
def test_what_can_not_be_meant_is_refused(options):
    with tb.start_run("churn"):
        pass
    with pytest.raises(UsageError):
        tb.start_run(**options)
    assert len(tb.runs()) == 1
    assert tb.current_run() is None


@pytest.mark.parametrize("status", ["done", "success", "running", "", None, ["finished"]])
def test_a_status_with_which_no_run_ends_leaves_it_open(status):
    run = tb.start_run("churn")
    for end in (tb.end_run, run.end, run.recorder.end):
        with pytest.raises(
            UsageError, match="is finished, failed, aborted, killed, timed_out, pruned or lost"
        ):
            end(status)
    run.log({"loss": 1})
    run.end("pruned")
    stored = found(run)
    assert (stored.status, stored.metrics) == ("pruned", {"loss": 1.0})


def test_what_no_reader_could_read_is_not_written(project):
    (project / "a.txt").write_text("a")
    run = tb.start_run("churn")
    refused = (
        lambda: run.end("failed", error="boom"),
        lambda: run.end(reason=3),
        lambda: run.metric("acc", goal="best"),
        lambda: run.metric("acc", unit=3),
        lambda: run.artifact("a.txt", kind="picture"),
        lambda: run.artifact("a.txt", kind="picture", wait=False),
        lambda: run.recorder.store_artifact(b"a", "a.txt", kind="picture"),
        lambda: run.data("a.txt", role="training"),
        lambda: run.recorder.snapshot_taken("middle", "file", "0" * 64),
        lambda: run.recorder.snapshot_taken("end", "disk", "0" * 64),
    )
    for call in refused:
        with pytest.raises(UsageError):
            call()
    run.end("failed", error=api.describe_error(ValueError("boom")), reason="why")
    assert (found(run).status, found(run).error.evalue) == ("failed", "boom")


def test_a_job_owns_its_run(project, monkeypatch):
    worker = RunRecorder.start(locate_store(project), experiment="job")
    monkeypatch.setenv("TRACKBOOK_STORE", str(worker.store.root))
    monkeypatch.setenv("TRACKBOOK_RUN", worker.run_id)
    joined = tb.start_run("anything", params={"lr": 1}, group="nightly")
    assert joined.id == worker.run_id
    child = tb.start_run("trial")
    child.end()
    joined.end()
    assert found(worker.run_id).status == "running"
    worker.end()
    stored = found(worker.run_id)
    assert (stored.status, stored.experiment, stored.params) == ("finished", "job", {"lr": 1})
    assert stored.group == "nightly"
    assert found(child).parent_id == worker.run_id


def test_services_stay_open_as_long_as_the_index_is_the_same():
    with tb.start_run("churn"):
        tb.log({"acc": 0.5})
    services = api.open_project()
    assert len(tb.runs("metrics.acc > 0")) == 1
    assert api.open_project() is services
    for file in services.store.root.glob("index.sqlite*"):
        file.unlink()
    rebuild(services.store).close()
    assert len(tb.runs("metrics.acc > 0")) == 1
    assert api.open_project() is not services


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: tb.log(0.3), r"What is logged is a mapping .* such as \{'acc': 0.3\}, not 0.3"),
        (lambda: tb.log({"acc": 0.3}, context="val"), r"`context` is a mapping .* not 'val'"),
        (lambda: tb.start_run("e", params=3), "`params` is a mapping"),
        (lambda: tb.start_run("e", tags=["a", "b"]), "`tags` is a mapping"),
        (lambda: tb.figure(object()), "object can't be drawn as PNG; run.log"),
    ],
)
def test_what_is_no_mapping_is_said_to_be_none(call, told):
    with tb.start_run("e"), pytest.raises(tb.TrackbookError, match=told):
        call()
