"""Series as charts ask for them."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trackbook.domain.ids import new_id
from trackbook.errors import NotFound, UsageError
from trackbook.services.catchup import rebuild
from trackbook.services.context import Services, open_services
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import StorePaths


@pytest.fixture
def services(tmp_path: Path, new_store: Callable[[Path], StorePaths]) -> Iterator[Services]:
    services = open_services(new_store(tmp_path / ".trackbook"))
    yield services
    services.database.close()


def test_a_series_comes_back_as_it_was_logged(services: Services) -> None:
    run = RunRecorder.start(services.store, experiment="e")
    logged = [0.5, math.nan, math.inf, -math.inf, 5e-324, -0.0]
    for step, value in enumerate(logged):
        run.log({"loss": value}, step=step * 10)
    run.log({"loss": 7.0}, step=3)  # a step that is lower again, as after a restart from a checkpoint
    run.end()
    assert services.runs.refresh()
    series = services.series.read(run.run_id, "loss")
    assert series.steps == [0, 10, 20, 30, 40, 50, 3]
    assert list(map(repr, series.values)) == list(map(repr, [*logged, 7.0]))
    assert series.times == sorted(series.times)
    assert series.total == 7


def test_points_of_a_running_run_are_there(services: Services) -> None:
    run = RunRecorder.start(services.store, experiment="e")
    run.log({"loss": 1.0})
    assert services.runs.refresh()
    assert services.series.read(run.run_id, "loss").values == [1.0]
    run.log({"loss": 0.5})  # not yet indexed, and there all the same
    series = services.series.read(run.run_id, "loss")
    assert (series.values, series.total) == ([1.0, 0.5], 2)
    run.end()


def test_contexts_are_series_of_their_own(services: Services) -> None:
    run = RunRecorder.start(services.store, experiment="e")
    run.log({"loss": 1.0})
    run.log({"loss": 2.0}, context={"subset": "val"})
    run.log({"loss": 3.0}, context={"subset": "val", "fold": "1"})
    run.end()
    assert services.runs.refresh()
    every = services.series.read_all(run.run_id, "loss")
    assert [(series.context, series.values) for series in every] == [
        ({}, [1.0]),
        ({"fold": "1", "subset": "val"}, [3.0]),
        ({"subset": "val"}, [2.0]),
    ]
    assert services.series.read(run.run_id, "loss", {"subset": "val", "fold": "1"}).values == [3.0]
    assert services.series.read_all(run.run_id, "acc") == []
    with pytest.raises(NotFound):
        services.series.read(run.run_id, "loss", {"subset": "test"})
    with pytest.raises(NotFound):
        services.series.read_all(new_id(), "loss")


def test_a_long_series_is_thinned(services: Services) -> None:
    run = RunRecorder.start(services.store, experiment="e")
    for step in range(5_000):
        run.log(
            {"loss": 100.0 if step == 1_234 else math.nan if step == 4_000 else 1 / (step + 1)}, step=step
        )
    run.end()
    assert services.runs.refresh()
    series = services.series.read(run.run_id, "loss", max_points=100)
    assert len(series.steps) == len(series.times) == len(series.values) <= 100
    assert (series.steps[0], series.steps[-1], series.total) == (0, 4_999, 5_000)
    assert max(value for value in series.values if value == value) == 100.0
    assert 1_234 in series.steps
    assert 4_000 in series.steps
    whole = services.series.read(run.run_id, "loss", max_points=5_000)
    assert len(whole.values) == 5_000
    with pytest.raises(UsageError, match="too few"):
        services.series.read(run.run_id, "loss", max_points=1)


def test_points_of_another_writer_are_merged_in(services: Services) -> None:
    run = RunRecorder.start(services.store, experiment="e")
    run.log({"loss": 1.0}, step=0)
    child = RunRecorder.join(services.store, run.run_id)
    child.log({"loss": 2.0}, step=1)
    run.log({"loss": 3.0}, step=2)
    child.close()
    run.end()
    assert services.runs.refresh()
    series = services.series.read(run.run_id, "loss")
    assert (series.steps, series.values) == ([0, 1, 2], [1.0, 2.0, 3.0])
    assert services.runs.get(run.run_id).metrics == {"loss": 3.0}


def test_an_index_made_anew_gives_the_same_series(services: Services) -> None:
    run = RunRecorder.start(services.store, experiment="e")
    for step in range(300):
        run.log({"loss": step * 0.1}, step=step, context={"fold": str(step % 2)})
    run.end()
    assert services.runs.refresh()
    before = services.series.read_all(run.run_id, "loss")
    detail = services.runs.detail(run.run_id)
    rebuild(services.store).close()
    assert services.series.read_all(run.run_id, "loss") == before
    assert services.runs.detail(run.run_id).series == detail.series
