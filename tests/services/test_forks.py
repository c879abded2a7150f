"""Forks: a new run that shares another one's history up to a step."""

import math
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from trackbook.domain.clock import now
from trackbook.domain.run import Fork
from trackbook.errors import NotFound
from trackbook.services import past as module
from trackbook.services.catchup import rebuild
from trackbook.services.context import Services, open_services
from trackbook.services.past import fork_at
from trackbook.services.recorder import RunRecorder
from trackbook.store.history import shared_points
from trackbook.store.paths import create_store


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    services = open_services(create_store(tmp_path / ".trackbook"))
    yield services
    services.database.close()


def origin(services: Services, points: int = 200) -> RunRecorder:
    run = RunRecorder.start(services.store, experiment="e", name="origin", params={"lr": 0.1})
    for step in range(points):
        run.log({"loss": 1 / (step + 1), "acc": float(step)}, step=step)
        if step % 10 == 0:
            run.log({"loss": 2 / (step + 1)}, step=step, context={"subset": "val"})
    return run


def fork(services: Services, run_id: str, step: int, name: str = "fork") -> RunRecorder:
    past, shared = fork_at(services.store, run_id, step)
    run = RunRecorder.start(services.store, experiment=past.experiment, name=name, fork=shared)
    run.steps.go_on_after(past.steps)
    return run


def test_a_fork_begins_with_the_history_of_its_origin(services: Services) -> None:
    first = origin(services)
    second = fork(services, first.run_id, 100)
    services.runs.refresh()
    run = services.runs.get(second.run_id)
    assert (run.forked_from, run.forked_step) == (first.run_id, 100)
    assert run.metrics == {"acc": 100.0, "loss": 1 / 101, "loss{subset=val}": 2 / 101}
    (acc, loss, val) = services.runs.detail(second.run_id).series
    assert (acc.count, acc.min, acc.max, acc.last_step) == (101, 0.0, 100.0, 100)
    assert (loss.count, val.count) == (101, 11)
    assert acc.spark == [float(step) for step in range(0, 101, 2)]
    second.log({"acc": -1.0})
    second.log({"acc": -2.0}, step=150)
    second.log({"new": 1.0})
    first.log({"acc": 7.0}, step=50)  # of this the fork knows nothing
    first.end()
    second.end()
    services.runs.refresh()
    series = services.series.read(second.run_id, "acc")
    assert series.steps == [*range(101), 101, 150]
    assert series.values == [*(float(step) for step in range(101)), -1.0, -2.0]
    assert services.series.read(second.run_id, "loss", {"subset": "val"}).steps == list(range(0, 101, 10))
    assert services.series.read(second.run_id, "new").steps == [0]
    detail = services.runs.detail(second.run_id)
    assert [(s.key, s.count, s.min, s.last) for s in detail.series if s.key == "acc"] == [
        ("acc", 103, -2.0, -2.0)
    ]
    assert services.runs.detail(first.run_id).forks == [second.run_id]
    assert services.runs.search("metrics.new = 1 and metrics.acc = -2").total == 1
    rebuild(services.store).close()
    assert services.runs.detail(second.run_id).series == detail.series
    assert services.series.read(second.run_id, "acc") == series


def test_nothing_is_copied_on_the_disk(services: Services) -> None:
    first = origin(services, 20_000)
    first.end()
    second = fork(services, first.run_id, 19_999)
    journal = services.store.journals / second.run_id
    assert sum(path.stat().st_size for path in journal.iterdir()) < 1_500
    second.end()
    services.runs.refresh()
    sealed = {name.subject: path.stat().st_size for name, path in services.store.list_segments()}
    assert sealed[second.run_id] < 1_500 < 50_000 < sealed[first.run_id]
    assert len(services.series.read(second.run_id, "acc").values) == 20_000


def test_forks_of_forks(services: Services) -> None:
    first = origin(services, 30)
    second = fork(services, first.run_id, 9)
    for _ in range(10):
        second.log({"acc": -1.0})
    third = fork(services, second.run_id, 14)
    third.log({"acc": -3.0})
    fourth = fork(services, third.run_id, 4)  # before its origin branched off itself
    services.runs.refresh()
    steps = services.series.read(third.run_id, "acc")
    assert steps.steps == [*range(10), *range(10, 15), 15]
    assert steps.values == [*(float(step) for step in range(10)), *[-1.0] * 5, -3.0]
    assert services.series.read(fourth.run_id, "acc").steps == [0, 1, 2, 3, 4]
    assert services.runs.get(fourth.run_id).metrics["acc"] == 4.0
    for run in (first, second, third, fourth):
        run.end()


def test_a_step_before_the_first_shares_nothing(services: Services) -> None:
    first = origin(services, 3)
    first.end()
    second = fork(services, first.run_id, -1)
    second.log({"acc": 5.0})
    second.end()
    services.runs.refresh()
    assert services.series.read(second.run_id, "acc").steps == [0]
    assert services.runs.detail(second.run_id).series[0].count == 1
    with pytest.raises(NotFound):
        services.series.read(second.run_id, "loss")


@pytest.mark.parametrize("seed", range(4))
def test_summaries_are_those_of_the_points_whatever_is_read_first(services: Services, seed: int) -> None:
    chance = random.Random(seed)
    run = RunRecorder.start(services.store, experiment="e")
    for step in range(chance.randrange(1, 400)):
        run.log({"x": chance.choice([math.nan, chance.random(), -math.inf])}, step=step)
    # A further process writes into the fork, and is sealed while the fork itself is still open.
    step = chance.randrange(0, 400)
    second = fork(services, run.run_id, step)
    child = RunRecorder.join(services.store, second.run_id)
    for _ in range(chance.randrange(1, 300)):
        child.log({"x": chance.random()}, step=step + 1)
    child.close()
    services.runs.refresh()
    rebuild(services.store).close()
    series = services.series.read(second.run_id, "x")
    (summary,) = services.runs.detail(second.run_id).series
    numbers = [value for value in series.values if not math.isnan(value)]
    assert (summary.count, summary.min, summary.max) == (len(series.values), min(numbers), max(numbers))
    assert summary.last == series.values[-1]
    assert len(summary.spark) <= 64
    run.end()
    second.end()


def test_what_is_shared_in_the_light_install(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "can_ingest", lambda: False)
    first = origin(services, 12)
    past, shared = fork_at(services.store, first.run_id, 5)
    assert shared.step == 5
    assert sorted(past.steps, key=str) == [
        ("acc", {}, 5),
        ("loss", {"subset": "val"}, 0),
        ("loss", {}, 5),
    ]
    second = RunRecorder.start(services.store, experiment="e", fork=shared)
    second.steps.go_on_after(past.steps)
    second.log({"acc": 0.5})
    past, _ = fork_at(services.store, second.run_id, 100)
    assert ("acc", {}, 6) in past.steps
    assert ("loss", {}, 5) in past.steps
    first.end()
    second.end()


def test_a_run_whose_files_are_gone_shares_nothing(services: Services) -> None:
    assert shared_points(services.place.parts, Fork("01a1fe0c-1e2d-703f-887a-cf98adbee86a", 5, now())) == {}
