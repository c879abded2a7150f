"""Curves as charts ask for them."""

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from trackbook.domain.curve import Curve, CurveQuery
from trackbook.domain.ids import new_id
from trackbook.domain.scope import RunScope
from trackbook.errors import QueryError, UsageError
from trackbook.services.context import Services, open_services
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import StorePaths


@pytest.fixture
def services(tmp_path: Path, new_store: Callable[[Path], StorePaths]) -> Iterator[Services]:
    services = open_services(new_store(tmp_path / ".trackbook"))
    yield services
    services.database.close()


def log(services: Services, values: list[float], *, end: bool = True, every: int = 1, **options: Any) -> str:
    """Record a run that logs these as its loss."""
    run = RunRecorder.start(services.store, experiment=options.pop("experiment", "e"), **options)
    for step, value in enumerate(values):
        run.log({"loss": value}, step=step * every)
    if end:
        run.end()
    return run.run_id


def read(services: Services, *runs: str, **asked: Any) -> list[Curve]:
    return services.curves.read(CurveQuery(asked.pop("keys", ["loss"]), list(runs), **asked)).curves


def test_few_points_come_as_they_are_and_many_in_buckets(services: Services) -> None:
    values = [0.5, math.nan, math.inf, 0.25] + [1 / 3] * 96
    run = log(services, values)
    assert services.runs.refresh(timeout=60)
    (whole,) = read(services, run)
    assert (whole.run_id, whole.total, whole.runs, whole.min) == (run, 100, 1, None)
    assert whole.x == list(range(100))
    assert repr(whole.values) == repr(values)
    (thinned,) = read(services, run, max_points=10)
    assert thinned.min is not None
    assert thinned.max is not None
    assert (len(thinned.x), thinned.total) == (11, 100)
    assert math.isnan(thinned.values[1])  # the gap behind the first bucket
    assert (thinned.min[0], thinned.max[0]) == (0.25, 0.5)
    (window,) = read(services, run, max_points=10, start=2.5, end=5.0)
    assert (window.x, window.min) == ([2, 3, 4, 5, 6], None)


def test_a_run_that_is_still_written_is_read_on(services: Services) -> None:
    run = RunRecorder.start(services.store, experiment="e")
    for step in range(50):
        run.log({"loss": step / 4}, step=step)
    assert services.runs.refresh(timeout=60)
    assert read(services, run.run_id)[0].total == 50
    run.log({"loss": 99.0}, step=50)  # not yet indexed, and there all the same
    (curve,) = read(services, run.run_id)
    assert (curve.x[-1], curve.values[-1], curve.total) == (50, 99.0, 51)
    run.end()
    assert services.runs.refresh(timeout=60)
    assert read(services, run.run_id)[0] == curve


def test_time_counts_from_the_epoch_or_from_the_start(services: Services) -> None:
    run = log(services, [1.0, 2.0, 3.0])
    assert services.runs.refresh(timeout=60)
    times = services.series.read(run, "loss").times
    started = services.runs.get(run).started.timestamp()
    (over_time,) = read(services, run, x="time")
    assert over_time.x == [time / 1e6 for time in times]
    (relative,) = read(services, run, x="relative")
    assert relative.x == pytest.approx([time / 1e6 - started for time in times], abs=1e-5)


def test_another_metric_is_joined_by_the_step(services: Services) -> None:
    run = RunRecorder.start(services.store, experiment="e")
    for step in range(10):
        run.log({"loss": float(-step)}, step=step)
        if step % 2:
            run.log({"tokens": 100.0 - step}, step=step)
            run.log({"loss": float(step)}, step=step, context={"subset": "val"})
    run.log({"tokens": 1.0}, step=9)  # said again: the last one counts
    run.end()
    other = log(services, [1.0])
    assert services.runs.refresh(timeout=60)
    first, second, third = read(services, run.run_id, other, x="metrics.tokens")
    assert (first.x, first.values) == ([1.0, 93.0, 95.0, 97.0, 99.0], [-9.0, -7.0, -5.0, -3.0, -1.0])
    assert (second.context, second.x[0], second.values[0]) == ({"subset": "val"}, 1.0, 9.0)
    assert (third.run_id, third.x, third.total) == (other, [], 1)
    over_val = read(services, run.run_id, x="metrics.loss{subset=val}", context={})
    assert over_val[0].x == [1.0, 3.0, 5.0, 7.0, 9.0]


def test_curves_come_by_run_metric_and_context(services: Services) -> None:
    runs = []
    for _ in range(2):
        run = RunRecorder.start(services.store, experiment="e")
        run.log({"loss": 1.0, "acc": 2.0}, step=0)
        run.log({"loss": 3.0}, step=0, context={"subset": "val"})
        run.end()
        runs.append(run.run_id)
    assert services.runs.refresh(timeout=60)
    found = read(services, *reversed(runs), new_id(), keys=["loss", "acc", "nothing"])
    assert [(curve.run_id, curve.key, curve.context) for curve in found] == [
        (run, key, context)
        for run in reversed(runs)
        for key, context in [("loss", {}), ("loss", {"subset": "val"}), ("acc", {})]
    ]
    assert [curve.values for curve in read(services, *runs, context={"subset": "val"})] == [[3.0], [3.0]]


def test_groups_have_a_mean_and_a_band(services: Services) -> None:
    low = [log(services, [1.0, 1.0, 1.0], params={"lr": 0.1}), log(services, [3.0, 3.0], params={"lr": 0.1})]
    one = log(services, [5.0], params={"lr": 1}, tags={"team": "a"})
    same = log(services, [7.0], params={"lr": 1.0})
    none = log(services, [9.0])
    assert services.runs.refresh(timeout=60)
    found = read(services, none, one, same, *low, group_by="params.lr")
    assert [(curve.group, curve.runs, curve.run_id) for curve in found] == [
        (0.1, 2, None),
        (1, 2, None),
        (None, 1, None),
    ]
    mean = found[0]
    assert (mean.x, mean.values, mean.counts) == ([0, 1, 2], [2.0, 2.0, 1.0], [2, 2, 1])
    assert (mean.min, mean.max) == ([1.0, 1.0, 1.0], [3.0, 3.0, 1.0])
    assert mean.std == pytest.approx([math.sqrt(2), math.sqrt(2), 0])
    assert mean.total == 5
    assert [curve.group for curve in read(services, none, one, group_by="tags.team")] == ["a", None]
    assert next(curve.group for curve in read(services, none, group_by="started")).startswith("20")


def test_a_scope_means_its_newest_runs(services: Services) -> None:
    runs = [log(services, [float(place)], params={"lr": place}) for place in range(4)]
    log(services, [9.0], experiment="other")
    assert services.runs.refresh(timeout=60)
    scope = RunScope("params.lr >= 1", experiment="e")
    page = services.curves.read(CurveQuery(["loss"], scope=scope))
    assert [curve.run_id for curve in page.curves] == list(reversed(runs[1:]))
    assert (page.total, page.revision) == (3, services.runs.revision())
    assert [run.id for run in page.runs] == list(reversed(runs[1:]))
    assert (page.runs[0].experiment, page.runs[0].number) == ("e", services.runs.get(runs[-1]).number)
    assert services.curves.read(CurveQuery(["loss"], scope=RunScope("params.lr > 9"))).curves == []


def test_a_fork_has_the_history_that_it_shares(services: Services) -> None:
    run = log(services, [1.0, 2.0, 3.0])
    assert services.runs.refresh(timeout=60)
    fork = RunRecorder.start(services.store, experiment="e", fork=services_fork(services, run, 1))
    fork.log({"loss": 9.0}, step=2)
    fork.end()
    assert services.runs.refresh(timeout=60)
    assert read(services, fork.run_id)[0].values == [1.0, 2.0, 9.0]


def services_fork(services: Services, run: str, step: int) -> Any:
    from trackbook.domain.run import Fork

    return Fork(run, step, services.series.read(run, "loss").times[-1])


@pytest.mark.parametrize(
    ("asked", "error", "says"),
    [
        ({"x": "params.lr"}, UsageError, "metrics.tokens"),
        ({"x": "metrics."}, QueryError, "metrics"),
        ({"group_by": "metrics.acc"}, UsageError, "params.lr"),
        ({"group_by": "params.lr, params.depth"}, UsageError, "params.lr"),
        ({"start": 5.0, "end": 5.0}, UsageError, "begins before"),
        ({"start": math.nan}, UsageError, "numbers"),
        ({"scale": "log", "end": 0.0}, UsageError, "above 0"),
        ({"scope": RunScope()}, UsageError, "not of both"),
        ({"runs": None}, UsageError, "whose"),
    ],
)
def test_what_can_not_be_drawn_says_why(services: Services, asked: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        services.curves.read(CurveQuery(**{"keys": ["loss"], "runs": [new_id()], **asked}))
