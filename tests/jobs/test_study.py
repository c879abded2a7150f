import math
import random
from typing import Any

import pytest

from trackbook.domain.job import JobSpec
from trackbook.domain.space import Dimension, Space, grid_point
from trackbook.domain.sweep import Pruner, Sampler, SweepSpec
from trackbook.errors import UsageError
from trackbook.jobs import study as module
from trackbook.jobs.proposing import Chance, Listed, draw, proposer
from trackbook.jobs.study import PastTrial, Study, is_reported

SPACE: Space = {
    "x": Dimension("float", low=0.0, high=1.0),
    "n": Dimension("int", low=1, high=9),
    "kind": Dimension("choices", ["a", [1, 2], None]),
    "tenth": Dimension("float", low=0.0, high=1.0, step=0.1),
    "rate": Dimension("float", low=0.001, high=1.0, log=True),
}
JOB = JobSpec("0" * 64, "a.ipynb", "/a", {}, "a", "")


def spec(sampler: Sampler, trials: int = 16, **more: Any) -> SweepSpec:
    return SweepSpec(job=JOB, space=more.pop("space", SPACE), sampler=sampler, trials=trials, **more)


def score(params: dict[str, Any]) -> float:
    return -((params["x"] - 0.3) ** 2) - (params["n"] - 5) ** 2 / 50


def work(study: Study, numbers: range) -> list[dict[str, Any]]:
    asked = []
    for number in numbers:
        params = study.ask(number)
        assert all(SPACE[name].has(value) for name, value in params.items())
        study.tell(number, "finished", [score(params)])
        asked.append(params)
    return asked


@pytest.mark.parametrize("sampler", ["random", "tpe", "nsga2", "cmaes"])
def test_the_same_seed_makes_the_same_trials(sampler: Sampler) -> None:
    first, second, other = (work(Study(spec(sampler, seed=seed), ["max"]), range(16)) for seed in (7, 7, 8))
    assert first == second
    assert first != other


@pytest.mark.parametrize("sampler", ["random", "tpe", "nsga2"])
def test_a_study_made_anew_goes_on_as_the_first_would_have(sampler: Sampler) -> None:
    whole = work(Study(spec(sampler, 30), ["max"]), range(30))
    past = [PastTrial(n, params, "finished", [score(params)]) for n, params in enumerate(whole[:14])]
    # One was running when the sweep was left, and is run again.
    study = Study(spec(sampler, 30), ["max"], [*past, PastTrial(14, whole[14])])
    study.tell(14, "finished", [score(whole[14])])
    assert work(study, range(15, 30)) == whole[15:]


def test_cma_es_learns_again_of_the_trials_that_there_are() -> None:
    whole = work(Study(spec("cmaes"), ["max"]), range(16))
    past = [PastTrial(n, params, "finished", [score(params)]) for n, params in enumerate(whole)]
    again = work(Study(spec("cmaes"), ["max"], past), range(16, 30))
    assert max(map(score, again)) > sorted(map(score, whole))[len(whole) // 2]


def test_cma_es_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"trackbook\[cmaes\]"):
        module.check_cmaes()


def test_values_without_results_depend_on_seed_and_number_alone() -> None:
    chance = Chance(spec("random", seed=3))
    assert [chance.propose(n) for n in (4, 2)] == [Chance(spec("random", seed=3)).propose(n) for n in (4, 2)]
    small: Space = {"a": Dimension("choices", [1, 2, 3]), "b": Dimension("int", low=1, high=4)}
    whole = proposer(spec("grid", 12, space=small, size=12))
    assert isinstance(whole, Listed)
    assert [whole.propose(n) for n in range(12)] == [grid_point(small, n) for n in range(12)]
    drawn = Listed(spec("grid", 5, space=small, size=12, drawn=True))
    more = Listed(spec("grid", 12, space=small, size=12, drawn=True))
    asked = [more.propose(n) for n in range(12)]
    assert [drawn.propose(n) for n in range(5)] == asked[:5]
    assert len({(params["a"], params["b"]) for params in asked}) == 12
    huge: Space = {"n": Dimension("int", low=1, high=10**9)}
    few, many = (Listed(spec("grid", n, space=huge, size=10**9, drawn=True)) for n in (5, 500))
    assert [few.propose(n) for n in range(5)] == [many.propose(n) for n in range(5)]
    assert proposer(spec("tpe")) is None


def test_chance_reaches_all_of_a_range() -> None:
    for dimension in SPACE.values():
        drawn = [draw(dimension, random.Random(n)) for n in range(400)]
        assert all(map(dimension.has, drawn))
        if dimension.count is not None:
            assert {str(value) for value in drawn} == {str(dimension.at(n)) for n in range(dimension.count)}
    logs = [math.log10(draw(SPACE["rate"], random.Random(n))) for n in range(400)]
    assert 0.4 < sum(log < -1.5 for log in logs) / 400 < 0.6
    few = Dimension("int", low=1, high=4, log=True)
    assert {draw(few, random.Random(n)) for n in range(200)} == {1, 2, 3, 4}


def test_several_objectives() -> None:
    study = Study(spec("nsga2", 10), ["max", "min"])
    for number in range(10):
        params = study.ask(number)
        study.tell(number, "finished", [score(params), params["n"]])
    assert set(study.importance() or {}) == set(SPACE)


def test_which_parameters_matter() -> None:
    study = Study(spec("tpe", 40), ["max"])
    work(study, range(40))
    importance = study.importance()
    assert importance is not None
    assert sum(importance.values()) == pytest.approx(1)
    assert max(importance, key=lambda name: importance[name]) in ("x", "n")
    assert Study(spec("tpe"), ["max"]).importance() is None


@pytest.mark.parametrize(
    "pruner",
    [
        Pruner("median", {"startup": 2}),
        Pruner("percentile", {"percentile": 50, "startup": 2}),
        Pruner("threshold", {"lower": 0.5}),
        Pruner("asha", {"min": 1, "factor": 2}),
        Pruner("hyperband", {"min": 1, "max": 9, "factor": 3}),
    ],
)
def test_a_hopeless_trial_is_given_up(pruner: Pruner) -> None:
    study = Study(spec("random", pruner=pruner), ["max"])
    for number in range(4):
        study.ask(number)
        assert not any(study.report(number, step, 0.8 + number / 100 + step / 100) for step in range(9))
        study.tell(number, "finished", [0.9])
    study.ask(4)
    assert True in [study.report(4, step, 0.1) for step in range(9)]
    study.tell(4, "pruned")


def test_nothing_is_given_up_before_it_is_known_what_is_better() -> None:
    study = Study(spec("random", pruner=Pruner("threshold", {"lower": 0.5})), [])
    study.ask(0)
    assert not study.report(0, 0, 0.1)


def test_a_trial_without_a_value_has_failed() -> None:
    study = Study(spec("tpe"), ["max"])
    for number, values in enumerate(([None], [math.nan], [])):
        study.ask(number)
        study.tell(number, "finished", values)
    assert study.importance() is None


def test_ever_fewer_steps_are_reported() -> None:
    assert all(map(is_reported, range(1025)))
    assert not is_reported(-1)
    assert sum(map(is_reported, range(100_000))) < 6000
