from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from trackbook.domain.job import JobSpec
from trackbook.domain.run import Run, Source
from trackbook.domain.space import Dimension, Space
from trackbook.domain.sweep import (
    TRIAL_SPARK,
    Objective,
    Pruner,
    SweepSpec,
    check_sweep_spec,
    choose_sampler,
    count_trials,
    objective_sparks,
    pareto_front,
    parse_objective,
    parse_pruner,
    split_series,
)
from trackbook.errors import InvalidName, UsageError

LISTED: Space = {"a": Dimension("choices", [1, 2, 3]), "b": Dimension("choices", [True, False])}
RANGES: Space = {"x": Dimension("float", low=0.0, high=1.0), "n": Dimension("int", low=1, high=9)}
RUN = Run(
    id="019aa5b0-0000-7000-8000-000000000001",
    number=1,
    experiment="a",
    name="a",
    status="running",
    started=datetime(2026, 1, 1, tzinfo=UTC),
    ended=None,
    duration=None,
    active=0.0,
    user="u",
    host="h",
    source=Source("script"),
    parent_id=None,
    notes="",
    tags={},
    params={},
    metrics={},
    sparks={},
    goals={},
    error=None,
    reason=None,
    trashed=False,
    revision=1,
)
JOB = JobSpec("0" * 64, "a.ipynb", "/a", {}, "a", "")


def test_objectives() -> None:
    assert parse_objective("accuracy") == Objective("accuracy")
    assert parse_objective("accuracy:max") == Objective("accuracy", "max")
    assert parse_objective("loss{subset=val}:min") == Objective("loss{subset=val}", "min")
    assert parse_objective("a:b") == Objective("a:b")
    assert split_series("loss{subset=val,fold=2}") == ("loss", {"subset": "val", "fold": "2"})
    with pytest.raises(UsageError, match="max or min"):
        parse_objective("accuracy:maximal")
    with pytest.raises(InvalidName):
        parse_objective("")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("none", Pruner()),
        ("median", Pruner("median")),
        ("median:startup=3, warmup=2", Pruner("median", {"startup": 3, "warmup": 2})),
        ("percentile:percentile=12.5", Pruner("percentile", {"percentile": 12.5})),
        ("threshold:lower=0.5", Pruner("threshold", {"lower": 0.5})),
    ],
)
def test_pruners(text: str, expected: Pruner) -> None:
    assert parse_pruner(text) == expected


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("mean", "there are none, median"),
        ("median:start=3", "startup, warmup, interval"),
        ("none:startup=1", "can be told nothing"),
        ("median:startup=many", "is a number"),
        ("median:startup", "is a number"),
        ("median:warmup=1.5", "whole number"),
        ("threshold", "needs a bound"),
        ("percentile:percentile=101", "from 0 to 100"),
        ("asha:factor=1", "2 at least"),
        ("median:interval=0", "1 at least"),
    ],
)
def test_what_is_wrong_with_a_pruner(text: str, hint: str) -> None:
    with pytest.raises(UsageError, match=hint):
        parse_pruner(text)


def test_the_sampler_that_is_taken() -> None:
    two = [Objective("a", "max"), Objective("b", "min")]
    assert choose_sampler(None, LISTED, []) == "grid"
    assert choose_sampler(None, LISTED | RANGES, []) == "tpe"
    assert choose_sampler(None, RANGES, two) == "nsga2"
    assert choose_sampler("random", LISTED, two) == "random"
    for sampler, space, objectives, hint in (
        ("grid", RANGES, [], "x has a range without steps"),
        ("cmaes", LISTED, [], "two parameters with ranges"),
        ("cmaes", RANGES, two, "one objective"),
        ("best", RANGES, [], "there are grid, random"),
        (None, {}, [], "needs a parameter to vary"),
    ):
        with pytest.raises(UsageError, match=hint):
            choose_sampler(sampler, space, objectives)


def test_the_number_of_trials() -> None:
    assert count_trials("grid", LISTED, None) == 6
    assert count_trials("grid", LISTED, 4) == 4
    assert count_trials("grid", LISTED, 40) == 6
    assert count_trials("random", LISTED, 40) == 6
    assert count_trials("tpe", LISTED, 40) == 40
    assert count_trials("tpe", RANGES, None) == 20
    big: Space = {"n": Dimension("int", low=1, high=10**6)}
    with pytest.raises(UsageError, match="1,000,000 combinations"):
        count_trials("grid", big, None)
    assert count_trials("grid", big, 50) == 50
    for number in (0, 10**6):
        with pytest.raises(UsageError, match="1 to 10,000"):
            count_trials("tpe", RANGES, number)


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"seed": -1}, "A seed"),
        ({"parallel": 0}, "at a time"),
        ({"max_failures": 0}, "1 failed trial"),
        ({"max_time": 0.0}, "above 0"),
        (
            {"objectives": [Objective("a"), Objective("b")], "pruner": Pruner("median")},
            "no trial can be pruned",
        ),
        ({"objectives": [Objective("a"), Objective("a", "max")]}, "named twice"),
    ],
)
def test_parts_that_do_not_fit(changes: dict[str, Any], hint: str) -> None:
    spec = SweepSpec(job=JOB, space=RANGES, sampler="tpe", trials=3)
    assert check_sweep_spec(spec) == spec
    with pytest.raises(UsageError, match=hint):
        check_sweep_spec(msgspec.structs.replace(spec, **changes))


def test_the_short_line_of_a_trial() -> None:
    spec = SweepSpec(
        job=JOB, space=RANGES, sampler="tpe", trials=3, objectives=[Objective("acc"), Objective("time")]
    )
    assert objective_sparks(spec, None) == [[], []]
    for count in (1, TRIAL_SPARK, TRIAL_SPARK + 1, 64):
        points = [float(place) for place in range(count)]
        long, none = objective_sparks(spec, msgspec.structs.replace(RUN, sparks={"acc": points}))
        assert 1 <= len(long) <= TRIAL_SPARK
        assert (long[-1], none) == (points[-1], [])
        steps = {after - before for before, after in pairwise(long)}
        assert len(steps) <= 1  # evenly spread
    assert objective_sparks(spec, RUN) == [[], []]


def test_the_front() -> None:
    assert pareto_front([], ["max"]) == []
    assert pareto_front([[1.0], [3.0], [3.0], [None], [float("nan")]], ["max"]) == [1]
    assert pareto_front([[1.0], [3.0]], ["min"]) == [0]
    # Higher and cheaper: the third one is beaten by the second, the last by the first.
    points = [[0.9, 10.0], [0.8, 5.0], [0.7, 6.0], [0.5, 1.0], [0.9, 11.0], [0.95, None]]
    assert pareto_front(points, ["max", "min"]) == [0, 1, 3]
    assert pareto_front([[1.0, 1.0], [1.0, 1.0]], ["max", "max"]) == [0, 1]
