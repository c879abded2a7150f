"""Runs that are deleted for good, and whatever still speaks of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from trackbook.domain.clock import now
from trackbook.domain.records import RunStarted, TagsSet
from trackbook.domain.run import Source
from trackbook.errors import Conflict, NotFound
from trackbook.services.catchup import rebuild
from trackbook.services.context import Services, open_services
from trackbook.services.job_records import end_job
from trackbook.services.past import fork_at
from trackbook.services.recorder import RunRecorder
from trackbook.store import schema as t
from trackbook.store.paths import create_store

NOTEBOOK = (
    '{"cells": [{"cell_type": "code", "id": "a", "metadata": {}, "execution_count": null, "outputs": [], '
    '"source": "1"}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
)


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = open_services(create_store(tmp_path / ".trackbook"))
    yield services
    services.database.close()


def record(services: Services, name: str = "run", **options: object) -> str:
    run = RunRecorder.start(services.store, experiment="e", name=name, **options)  # type: ignore[arg-type]  # as given
    run.set_params({"lr": 0.1})
    run.set_tags({"a": "1"})
    run.add_note("a line")
    run.define_metric("loss", goal="min")
    run.log({"loss": 1.0})
    run.store_artifact(b"abc", "a.txt")
    run.cell_finished(run.cell_started("c", 1, "1"), "ok", 0.1, [])
    run.end()
    return run.run_id


def trash(services: Services, *run_ids: str) -> None:
    for run_id in run_ids:
        services.edits.trash(run_id)
    services.runs.refresh()


def rows_about(services: Services, run_id: str) -> dict[str, int]:
    """The rows of the index that name a run, but for its number and that it is gone."""
    counts = {}
    with services.database.read() as connection:
        for table in t.metadata.sorted_tables:
            if table not in (t.numbers, t.deleted, t.parts):
                rows = connection.execute(select(table)).all()
                counts[table.name] = sum(run_id in row for row in rows)
    return {name: count for name, count in counts.items() if count}


def test_nothing_is_left_of_a_deleted_run(services: Services) -> None:
    first, second = record(services, "first"), record(services, "second")
    trash(services, first)
    output = services.store.output_folder(first)
    output.mkdir(parents=True)
    (output / "x.csv").write_text("1")
    assert rows_about(services, first).keys() > {"runs", "params", "series", "cells", "artifacts", "turns"}
    (gone,) = services.deleting.delete(["#1"])
    assert (gone.id, gone.name) == (first, "first")
    assert rows_about(services, first) == {}
    assert not any(path.name == first for path in services.store.root.rglob("*"))
    with pytest.raises(NotFound):
        services.runs.get("#1")
    with pytest.raises(NotFound):
        services.series.read_all(first, "loss")
    assert services.runs.get("#2").id == second
    assert services.series.read(second, "loss").values == [1.0]
    third = record(services, "third")
    services.runs.refresh()
    assert services.runs.get(third).number == 3
    rebuild(services.store).close()
    assert [run.number for run in services.runs.search().runs] == [3, 2]
    assert rows_about(services, first) == {}


def test_the_number_of_the_newest_is_not_given_again(services: Services) -> None:
    trash(services, record(services))
    services.deleting.delete(["1"])
    rebuild(services.store).close()
    record(services)
    services.runs.refresh()
    assert [run.number for run in services.runs.search().runs] == [2]


def test_late_writers_do_not_bring_it_back(services: Services) -> None:
    run_id = record(services)
    trash(services, run_id)
    services.deleting.delete([run_id])
    late = RunRecorder.join(services.store, run_id, role="editor")
    late.append(RunStarted(now(), "e", "back", "me", "h", Source("script")))
    late.append(TagsSet(now(), {"late": "1"}))
    late.log({"loss": 2.0})
    assert services.runs.refresh()
    assert rows_about(services, run_id) == {}
    late.close()
    assert services.runs.refresh()
    assert rows_about(services, run_id) == {}
    assert not any(path.name == run_id for path in services.store.root.rglob("*"))
    rebuild(services.store).close()
    assert services.runs.search().total == 0


def test_only_runs_in_the_trash_unless_it_is_said(services: Services) -> None:
    run_id = record(services)
    services.runs.refresh()
    with pytest.raises(Conflict, match="not in the trash"):
        services.deleting.delete([run_id])
    services.deleting.delete([run_id], even_untrashed=True)
    assert services.runs.search().total == 0


def test_a_run_that_is_being_written_stays(services: Services) -> None:
    run = RunRecorder.start(services.store, experiment="e")
    trash(services, run.run_id)
    with pytest.raises(Conflict, match="it is being written"):
        services.deleting.delete([run.run_id])
    run.end()
    services.runs.refresh()
    services.deleting.delete([run.run_id])


def test_a_run_from_which_others_are_forked_goes_with_them_or_not_at_all(services: Services) -> None:
    first = record(services)
    _, fork = fork_at(services.store, first, 0)
    second = record(services, "fork", fork=fork)
    trash(services, first, second)
    with pytest.raises(Conflict, match="shares its history with #2"):
        services.deleting.delete([first])
    assert services.series.read(second, "loss").values == [1.0, 1.0]
    services.deleting.delete([first, second])
    assert services.runs.search(trashed=True).total == 0


def test_children_stay(services: Services) -> None:
    parent = record(services)
    child = record(services, "child", parent_id=parent)
    trash(services, parent)
    services.deleting.delete([parent])
    run = services.runs.get(child)
    assert run.parent_id == parent
    assert services.runs.detail(child).children == []
    with pytest.raises(NotFound):
        services.runs.get(parent)


def test_a_job_goes_with_its_run_once_it_has_ended(services: Services, tmp_path: Path) -> None:
    notebook = tmp_path / "n.ipynb"
    notebook.write_text(NOTEBOOK)
    (job,) = services.jobs.submit(notebook)
    record(services, run_id=job.spec.run_id, source=Source("job", job_id=job.id))
    trash(services, job.spec.run_id)
    with pytest.raises(Conflict, match="job has not ended"):
        services.deleting.delete([job.spec.run_id])
    end_job(services.place, job, "finished", None)
    services.store.job_folder(job.id).mkdir(exist_ok=True)
    services.deleting.delete([job.spec.run_id])
    services.runs.refresh()
    assert services.jobs.list() == []
    assert not services.store.job_folder(job.id).exists()
    rebuild(services.store).close()
    assert services.jobs.list() == []
