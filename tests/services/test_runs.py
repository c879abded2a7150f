"""Runs as they are read: one, a page, everything about one, and what changed."""

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from trackbook.domain.cell import CellError
from trackbook.domain.clock import now
from trackbook.domain.environment import Environment, Git, Module
from trackbook.domain.ids import new_id
from trackbook.domain.records import RunStarted
from trackbook.domain.run import RunError, Source
from trackbook.errors import NotFound, UsageError
from trackbook.services.catchup import rebuild
from trackbook.services.context import Services, open_services
from trackbook.services.edits import Edits
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import StorePaths

STREAM = {"output_type": "stream", "name": "stdout", "text": "hi\n"}


@pytest.fixture
def services(tmp_path: Path, new_store: Callable[[Path], StorePaths]) -> Iterator[Services]:
    services = open_services(new_store(tmp_path / ".trackbook"))
    yield services
    services.database.close()


def record(services: Services, name: str = "run", experiment: str = "e", **options: object) -> str:
    run = RunRecorder.start(services.store, experiment=experiment, name=name, **options)  # type: ignore[arg-type]  # as given
    run.end()
    return run.run_id


def test_a_run_with_everything(services: Services) -> None:
    params = {"lr": 0.1, "layers": [64, "a"], "flag": True, "none": None, "nan": math.nan, "big": 2**53 + 1}
    source = Source("notebook", "a/ü.ipynb", "kernel", "cell", "message", new_id())
    run = RunRecorder.start(
        services.store,
        experiment="Größe",
        name="steady",
        params=params,
        tags={"team": "µ", "gone": "x"},
        source=source,
    )
    run.set_params({"lr": 0.01}, cell_id="cell")
    run.set_tags({"gone": None})
    run.log({"acc": 0.5, "loss": math.nan})
    run.log({"acc": 0.75, "loss": math.inf}, context={"subset": "val"})
    run.log({"loss": math.nan})
    run.define_metric("acc", goal="max")
    run.end(
        "failed",
        error=RunError("ValueError", "no", ["line"], 3, "cell"),
        reason="It broke.",
        message_id="end",
    )
    assert services.runs.refresh()
    found = services.runs.get(run.run_id)
    assert (found.id, found.number, found.experiment, found.name) == (run.run_id, 1, "Größe", "steady")
    assert (found.status, found.reason, found.source, found.parent_id) == (
        "failed",
        "It broke.",
        source,
        None,
    )
    assert found.error == RunError("ValueError", "no", ["line"], 3, "cell")
    assert found.params | {"nan": 0} == params | {"lr": 0.01, "nan": 0}
    assert math.isnan(found.params["nan"])
    assert type(found.params["big"]) is int
    assert found.tags == {"team": "µ"}
    assert found.metrics["acc"] == 0.5
    assert math.isnan(found.metrics["loss"])
    assert (found.metrics["acc{subset=val}"], found.metrics["loss{subset=val}"]) == (0.75, math.inf)
    assert list(found.metrics) == ["acc", "acc{subset=val}", "loss", "loss{subset=val}"]
    assert found.sparks["acc"] == [0.5]
    assert [str(value) for value in found.sparks["loss"]] == ["nan", "nan"]
    assert found.goals == {"acc": "max"}
    assert found.ended is not None
    assert found.duration == (found.ended - found.started) / timedelta(seconds=1)
    assert abs(found.started - datetime.now(UTC)) < timedelta(minutes=10)
    assert not found.trashed


def test_a_running_run_has_no_end(services: Services) -> None:
    run = RunRecorder.start(services.store, experiment="e")
    assert services.runs.refresh()
    found = services.runs.get(run.run_id)
    assert (found.status, found.ended, found.duration, found.error) == ("running", None, None, None)
    run.end()


def test_references(services: Services) -> None:
    ids = [record(services, f"run-{number}") for number in range(3)]
    assert services.runs.refresh()
    for number, run_id in enumerate(ids, start=1):
        for reference in (run_id, str(number), f"#{number}", f" #{number} ", run_id[:-1]):
            assert services.runs.get(reference).id == run_id
    with pytest.raises(UsageError, match=r"fits several runs.*#3"):
        services.runs.get(ids[0][:6])
    for unknown in (
        "#4",
        "4",
        "",
        "#",
        "run-0",
        new_id(),
        ids[0][:5],
        f"{ids[0]}0",
        "#99999999999999999999",
        "%",
        "²",
    ):
        with pytest.raises(NotFound):
            services.runs.get(unknown)


def test_the_last_is_the_one_outside_the_trash_that_began_last(services: Services) -> None:
    with pytest.raises(NotFound):
        services.runs.get("last")
    ids = [record(services, f"run-{number}") for number in range(3)]
    assert services.runs.refresh()
    assert services.runs.get("last").id == ids[2]
    Edits(services.store).trash(ids[2])
    assert services.runs.refresh()
    assert services.runs.detail("last").run.id == ids[1]


def test_digits_are_a_number_first_and_then_the_beginning_of_an_id(services: Services) -> None:
    run_id = "12345678-0000-7000-8000-000000000000"
    for wanted in (run_id, new_id()):
        run = RunRecorder.start(services.store, experiment="e", run_id=wanted)
        run.end()
    assert services.runs.refresh()
    assert services.runs.get("123456").id == run_id
    assert services.runs.get("2").id != services.runs.get("1").id


def test_notes_are_the_newest_replacement_and_what_came_after(services: Services) -> None:
    run = RunRecorder.start(services.store, experiment="e")
    run.add_note("one")
    run.add_note("two")
    assert services.runs.refresh()
    assert services.runs.get("#1").notes == "one\ntwo"
    services.edits.set_notes(run.run_id, "anew")
    run.add_note("three")
    run.end()
    assert services.runs.refresh()
    assert services.runs.get("#1").notes == "anew\nthree"


def test_notes_are_searched(services: Services) -> None:
    run = RunRecorder.start(services.store, experiment="e")
    run.add_note("two")
    run.end()
    services.edits.set_notes(run.run_id, "anew\nthree")
    assert services.runs.refresh()
    assert [page.total for page in map(services.runs.search, ("two", "ANEW", "notes = 'anew\nthree'"))] == [
        0,
        1,
        1,
    ]
    services.edits.set_notes(run.run_id, "")
    assert services.runs.refresh()
    assert services.runs.get("#1").notes == ""
    assert services.runs.search("notes is null").total == 1


def test_edits_and_the_trash(services: Services) -> None:
    run_id = record(services, "before", tags={"a": "1"})
    services.edits.rename(run_id, "after")
    services.edits.set_tags(run_id, {"a": None, "b": "2"})
    services.edits.trash(run_id)
    assert services.runs.refresh()
    run = services.runs.get(run_id)
    assert (run.name, run.tags, run.trashed) == ("after", {"b": "2"}, True)
    assert services.runs.search().total == 0
    assert services.runs.experiments() == []
    services.edits.restore(run_id)
    assert services.runs.refresh()
    assert [found.id for found in services.runs.search("tags.b = '2' and tags.a is null").runs] == [run_id]


def test_everything_about_a_run(services: Services) -> None:
    run = RunRecorder.start(services.store, experiment="e", params={"lr": 0.1})
    run.set_params({"lr": 0.2}, cell_id="c1")
    for step in range(3):
        run.log({"loss": [3.0, 1.0, 2.0][step]}, step=step)
    run.define_metric("loss", goal="min", unit="nat")
    first = run.cell_started("c1", 5, "x = 1")
    run.cell_finished(first, "ok", 0.25, [STREAM])
    second = run.cell_started("c2", 6, "1 / 0")
    error = CellError("ZeroDivisionError", "no", ["line"])
    run.cell_finished(second, "error", 0.5, [], truncated=True, error=error)
    run.cell_started(None, 7, "forever()")
    git = Git("0" * 40, "main", True)
    run.environment_captured(Environment("3.11", "Linux", "/bin/python", {"numpy": "2.0"}, {"cores": 8}, git))
    run.modules_captured([Module("lib", "lib.py", "1" * 64, 12)])
    run.store_artifact(b"abc", "plots/a.txt", cell_id="c1")
    child = RunRecorder.start(services.store, experiment="e", parent_id=run.run_id)
    child.end()
    run.end()
    assert services.runs.refresh()
    detail = services.runs.detail("#1")
    assert detail.run == services.runs.get(run.run_id)
    assert [(revision.key, revision.value, revision.cell_id) for revision in detail.revisions] == [
        ("lr", 0.1, None),
        ("lr", 0.2, "c1"),
    ]
    (series,) = detail.series
    assert (series.key, series.count, series.last, series.last_step) == ("loss", 3, 2.0, 2)
    assert (series.min, series.max, series.goal, series.unit, series.best) == (1.0, 3.0, "min", "nat", 1.0)
    assert [(cell.order, cell.cell_id, cell.count, cell.status) for cell in detail.cells] == [
        (1, "c1", 5, "ok"),
        (2, "c2", 6, "error"),
        (3, None, 7, "aborted"),  # the run has ended, and it with it
    ]
    assert (detail.cells[0].duration, len(detail.cells[0].outputs), detail.cells[0].error) == (0.25, 1, None)
    assert detail.cells[1].truncated
    assert detail.cells[1].error == CellError("ZeroDivisionError", "no", ["line"])
    assert detail.cells[2].duration is None
    assert detail.environment is not None
    assert (detail.environment.packages, detail.environment.git) == ({"numpy": "2.0"}, git)
    assert detail.modules == [Module("lib", "lib.py", "1" * 64, 12)]
    assert [(artifact.path, artifact.size, artifact.cell_id) for artifact in detail.artifacts] == [
        ("plots/a.txt", 3, "c1")
    ]
    assert detail.children == [child.run_id]
    assert detail.run.active == 0.75
    assert services.runs.detail(child.run_id).run.parent_id == run.run_id


def test_of_several_snapshots_of_a_moment_the_live_document_counts(services: Services) -> None:
    run = RunRecorder.start(services.store, experiment="e")
    for moment, origin in (
        ("start", "document"),
        ("start", "file"),
        ("start", "job"),
        ("end", "file"),
        ("end", "job"),
    ):
        digest = services.snapshots.take(
            run.run_id, moment, origin, {"cells": [], "metadata": {"from": origin}}
        ).digest  # type: ignore[arg-type]  # as listed
        assert len(digest) == 64
    run.end()
    assert services.runs.refresh()
    found = services.runs.detail("#1").snapshots
    assert [(snapshot.moment, snapshot.origin) for snapshot in found] == [
        ("start", "document"),
        ("end", "job"),
    ]
    assert services.snapshots.notebook(run.run_id, "end")["metadata"] == {"from": "job"}


def test_experiments(services: Services) -> None:
    record(services, experiment="first")
    record(services, experiment="second")
    record(services, experiment="first")
    assert services.runs.refresh()
    found = services.runs.experiments()
    assert [(experiment.name, experiment.runs) for experiment in found] == [("first", 2), ("second", 1)]
    assert found[0].last_started == services.runs.get("#3").started


def test_changes(services: Services) -> None:
    assert services.runs.revision() == 0
    source = Source("notebook", "a.ipynb", "kernel", "cell", "message-1")
    run = RunRecorder.start(services.store, experiment="e", source=source)
    assert services.runs.refresh()
    first = services.runs.revision()
    (change,) = services.runs.changed_since(0)
    assert (change.id, change.status, change.revision <= first) == (run.run_id, "running", True)
    assert (change.kernel_id, change.message_id, change.end_message_id) == ("kernel", "message-1", None)
    assert (change.has_start_document, change.has_end_document) == (False, False)
    assert services.runs.changed_since(first) == []
    services.snapshots.take(run.run_id, "end", "document", {"cells": []})
    services.snapshots.take(run.run_id, "start", "file", {"cells": []})
    run.end(message_id="message-9")
    assert services.runs.refresh()
    (change,) = services.runs.changed_since(first)
    assert (change.status, change.end_message_id) == ("finished", "message-9")
    assert (change.has_start_document, change.has_end_document) == (False, True)
    assert services.runs.search().revision == services.runs.revision() > first
    assert services.runs.search().runs[0].revision > first


def test_an_index_made_anew_gives_the_same_runs(services: Services) -> None:
    for number in range(5):
        run_id = record(services, f"run-{number}", params={"n": number}, tags={"even": str(number % 2 == 0)})
        services.edits.set_notes(run_id, f"note {number}")
    assert services.runs.refresh()
    before = services.runs.search("order by params.n desc").runs
    rebuild(services.store).close()
    after = services.runs.search("order by params.n desc").runs
    assert [_without_revision(run) for run in after] == [_without_revision(run) for run in before]


def test_a_value_said_again_is_no_revision(services: Services) -> None:
    run = RunRecorder.start(services.store, experiment="e", params={"lr": 0.1, "depth": 3})
    for lr in (0.1, 0.2, 0.2, 0.1):
        run.set_params({"lr": lr})
    run.end()
    assert services.runs.refresh()
    revisions = services.runs.detail(run.run_id).revisions
    assert [revision.value for revision in revisions if revision.key == "lr"] == [0.1, 0.2, 0.1]
    assert [revision.value for revision in revisions if revision.key == "depth"] == [3]


def _without_revision(run: object) -> str:
    return repr(run).rpartition("revision=")[0]


def test_what_was_written_is_found_at_once(services: Services) -> None:
    run = RunRecorder.start(services.store, experiment="e")
    for step in range(20):
        run.log({"step": float(step)}, step=step)
        assert services.runs.refresh()
        assert services.runs.get(run.run_id).metrics == {"step": float(step)}
    run.end()


def test_a_run_whose_beginning_came_twice_began_once(services: Services) -> None:
    run_id = record(services)
    again = RunRecorder.join(services.store, run_id, role="child")
    again.append(RunStarted(now(), "other", "later", "user", "host", Source("script")))
    again.close()
    assert services.runs.refresh()
    assert services.runs.search().total == 1
    assert services.runs.get(run_id).number == 1


def test_keys_that_no_run_has_are_said_with_the_nearest(services: Services) -> None:
    run = RunRecorder.start(services.store, experiment="e", name="r")
    run.log({"accuracy_score": 0.9}, context={"dataset": "train"})
    run.set_params({"lr": 0.1})
    run.end()
    services.runs.refresh()
    near = "Did you mean metrics.`accuracy_score{dataset=train}`?"
    ask = services.runs.unknown_keys
    assert ask("metrics.accuracy_score > 0.2", None, 0) == [f"No run has a metric accuracy_score. {near}"]
    assert ask("not (params.lrr = 1)", None, 0) == ["No run has a parameter lrr. Did you mean params.lr?"]
    assert ask("tags.zzz = 'a'", None, 0) == ["No run has a tag zzz."]
    assert ask("metrics.`accuracy_score{dataset=train}` > 2 and params.lr > 1", None, 0) == []
    assert ask("metrics.accuracy_score > 0.2", None, 3) == []
    assert ask(None, "metrics.accuracy_score desc", 1) == [f"No run has a metric accuracy_score. {near}"]
    assert services.runs.search("metrics.`accuracy_score{dataset=train}` > 0.2").total == 1
