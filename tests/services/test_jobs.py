import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from trackbook.domain.job import Job
from trackbook.errors import InvalidName, NotebookError, NotFound, ParameterError, UsageError
from trackbook.services.catchup import rebuild
from trackbook.services.context import Services, open_services
from trackbook.store.paths import StorePaths


@pytest.fixture
def services(tmp_path: Path, new_store: Callable[[Path], StorePaths]) -> Iterator[Services]:
    opened = open_services(new_store(tmp_path / ".trackbook"))
    yield opened
    opened.database.close()


def write(
    path: Path, *sources: str, parameters: str = "lr = 0.1  # learning rate\ndepth = 3\nname = 'a'"
) -> Path:
    def cell(source: str, tags: list[str]) -> dict[str, Any]:
        output = {"output_type": "stream", "name": "stdout", "text": "old"}
        metadata = {"tags": tags, "mine": 1}
        return {
            "cell_type": "code",
            "execution_count": 9,
            "metadata": metadata,
            "outputs": [output],
            "source": source,
        }

    cells = [cell(parameters, ["parameters"]), *(cell(source, []) for source in sources)]
    notebook = {
        "cells": cells,
        "metadata": {"kernelspec": {"name": "python3"}},
        "nbformat": 4,
        "nbformat_minor": 4,
    }
    path.write_text(json.dumps(notebook), encoding="utf-8")
    return path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "train.ipynb", "lr")


def frozen(services: Services, job: Job) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(services.place.blobs.get(job.spec.notebook))
    return read


def test_what_a_form_needs(services: Services, path: Path) -> None:
    assert [(p.name, p.type, p.default, p.help) for p in services.jobs.parameters(path)] == [
        ("lr", "float", 0.1, "learning rate"),
        ("depth", "int", 3, ""),
        ("name", "str", "a", ""),
    ]
    assert services.jobs.kernel(path) == "python3"


def test_a_job_is_queued_with_a_frozen_copy(services: Services, path: Path) -> None:
    before = path.read_bytes()
    (job,) = services.jobs.submit(path, {"lr": 1}, timeout=60, tags={"team": "vision"})
    assert path.read_bytes() == before
    assert (job.status, job.cell, job.cells, job.error) == ("queued", 0, 0, None)
    assert (job.spec.path, job.spec.folder) == ("train.ipynb", str(path.parent))
    assert job.spec.params == {"lr": 1.0}
    assert (job.spec.experiment, job.spec.timeout, job.spec.sweep_id) == ("train", 60.0, None)
    assert job.spec.tags == {"team": "vision"}
    copy = frozen(services, job)
    assert [cell["outputs"] for cell in copy["cells"]] == [[], []]
    assert [cell["execution_count"] for cell in copy["cells"]] == [None, None]
    assert copy["cells"][0]["metadata"] == {"tags": ["parameters"], "mine": 1}
    assert services.jobs.get(job.id) == job
    assert services.jobs.list() == [job]
    assert services.jobs.list("running") == []


def test_a_sweep_is_a_job_for_each_combination(services: Services, path: Path) -> None:
    jobs = services.jobs.submit(path, {"name": "b"}, {"lr": [0.1, 1], "depth": [1, 2]})
    assert [job.spec.params for job in jobs] == [
        {"name": "b", "lr": 0.1, "depth": 1},
        {"name": "b", "lr": 0.1, "depth": 2},
        {"name": "b", "lr": 1.0, "depth": 1},
        {"name": "b", "lr": 1.0, "depth": 2},
    ]
    (sweep_id,) = {job.spec.sweep_id for job in jobs}
    assert sweep_id is not None
    assert {job.spec.tags["sweep"] for job in jobs} == {sweep_id[-8:]}
    assert len({job.spec.run_id for job in jobs}) == 4
    assert len({job.spec.notebook for job in jobs}) == 1
    assert {job.id for job in services.jobs.list(sweep_id=sweep_id)} == {job.id for job in jobs}
    assert services.jobs.list(limit=1)[0].id == jobs[-1].id


@pytest.mark.parametrize(
    ("params", "sweep", "error"),
    [
        ({"lrr": 1}, None, ParameterError),
        ({"lr": "fast"}, None, ParameterError),
        ({"depth": 2.5}, None, ParameterError),
        (None, {"depht": [1]}, ParameterError),
        (None, {"depth": [1, "two"]}, ParameterError),
        (None, {"depth": []}, ParameterError),
        ({"depth": 1}, {"depth": [1, 2]}, ParameterError),
        (None, {"depth": list(range(200)), "lr": list(range(200))}, UsageError),
    ],
)
def test_nothing_is_queued_when_a_value_is_wrong(
    services: Services, path: Path, params: Any, sweep: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        services.jobs.submit(path, params, sweep)
    assert services.jobs.list() == []
    assert not any(services.store.journals.iterdir())


@pytest.mark.parametrize("timeout", [0, -1, math.nan, math.inf])
def test_a_time_limit_is_a_time(services: Services, path: Path, timeout: float) -> None:
    with pytest.raises(UsageError, match="time limit"):
        services.jobs.submit(path, timeout=timeout)


def test_other_reasons_not_to_queue(services: Services, tmp_path: Path, path: Path) -> None:
    with pytest.raises(NotebookError):
        services.jobs.submit(tmp_path / "none.ipynb")
    with pytest.raises(InvalidName):
        services.jobs.submit(path, experiment="a\nb")
    with pytest.raises(InvalidName):
        services.jobs.submit(path, tags={"": "x"})
    broken = write(tmp_path / "broken.ipynb", parameters="lr = =")
    with pytest.raises(NotebookError, match="no Python"):
        services.jobs.submit(broken)
    assert services.jobs.list() == []


@pytest.mark.parametrize(
    ("source", "experiment"),
    [
        ("%load_ext trackbook\n%track start churn --tags a", "churn"),
        ("%track start 'two words'", "two words"),
        ("import trackbook as tb\nwith tb.start_run('vision') as run:\n    pass", "vision"),
        ('run = start_run(experiment="named")', "named"),
        ("%track start --name x", "train"),
        ("%track start $name", "train"),
        ("# tb.start_run('not this')", "train"),
        ("tb.start_run(name)", "train"),
    ],
)
def test_the_experiment_is_the_notebooks_own(
    services: Services, tmp_path: Path, source: str, experiment: str
) -> None:
    (job,) = services.jobs.submit(write(tmp_path / "train.ipynb", "x = 1", source))
    assert job.spec.experiment == experiment


def test_a_given_experiment_wins(services: Services, tmp_path: Path) -> None:
    (job,) = services.jobs.submit(write(tmp_path / "a.ipynb", "%track start churn"), experiment="mine")
    assert job.spec.experiment == "mine"


def test_a_notebook_from_elsewhere_has_its_whole_path(
    services: Services, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = write(tmp_path_factory.mktemp("elsewhere") / "far.ipynb")
    (job,) = services.jobs.submit(path)
    assert job.spec.path == str(path)


def test_numbers_that_json_lacks_survive(services: Services, path: Path) -> None:
    jobs = services.jobs.submit(path, None, {"lr": [math.nan, math.inf, -math.inf]})
    values = [job.spec.params["lr"] for job in jobs]
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, -math.inf]


def test_a_waiting_job_is_cancelled_at_once(services: Services, path: Path) -> None:
    (job,) = services.jobs.submit(path)
    cancelled = services.jobs.cancel(job.id)
    assert cancelled.status == "cancelled"
    assert cancelled.ended is not None
    assert services.jobs.cancel(job.id) == cancelled
    services.runs.refresh()
    assert services.jobs.get(job.id).status == "cancelled"


def test_a_job_that_is_not_there(services: Services) -> None:
    for ask in (services.jobs.get, services.jobs.cancel):
        with pytest.raises(NotFound):
            ask("nonesuch")
    assert services.jobs.get_many(["nonesuch"]) == []


def test_changes_can_be_followed(services: Services, path: Path) -> None:
    revision = services.runs.revision()
    first, second = services.jobs.submit(path, None, {"depth": [1, 2]})
    assert set(services.jobs.changed_since(revision)) == {first.id, second.id}
    revision = services.runs.revision()
    services.jobs.cancel(first.id)
    services.runs.refresh()
    assert services.jobs.changed_since(revision) == [first.id]


def test_a_new_index_has_the_same_jobs(services: Services, path: Path) -> None:
    first, second = services.jobs.submit(path, {"lr": math.inf}, {"depth": [1, 2]})
    services.jobs.cancel(first.id)
    services.runs.refresh()
    before = services.jobs.list()
    place = rebuild(services.store)
    try:
        assert services.jobs.list() == before
    finally:
        place.close()
    assert [job.status for job in services.jobs.get_many([first.id, second.id])] == ["cancelled", "queued"]
