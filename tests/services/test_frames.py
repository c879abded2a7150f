"""What charts draw of many runs, held against pandas and Optuna themselves."""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from trackbook.domain.frame import CorrelationRequest, FrameRequest, ImportanceRequest
from trackbook.domain.ids import new_id
from trackbook.domain.scope import RunScope
from trackbook.errors import ColumnError, QueryError, UsageError
from trackbook.services.context import Services, open_services
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import StorePaths, create_store

RUNS = 60
ALL = RunScope()
BRUSHES = Path(__file__).parent.parent / "contract" / "brushes.json"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Services, pd.DataFrame]]:
    """Runs in which `lr` decides nearly all, with what a table of them holds, the newest run first."""
    services = open_services(create_store(tmp_path_factory.mktemp("frames") / ".trackbook"))
    random = np.random.default_rng(7)
    rows = []
    for number in range(RUNS):
        params: dict[str, Any] = {
            "lr": float(10 ** random.uniform(-4, 0)),
            "depth": int(random.integers(1, 9)),
            "optimizer": ["adam", "sgd"][number % 2],
            "same": 3,
        }
        if number % 10 == 0:
            del params["depth"]
        acc = 1 - abs(math.log10(params["lr"]) + 2) / 4 + random.normal(0, 0.01)
        metrics = {"acc": acc, "loss": math.nan if number == 5 else 1 - acc, "flat": 1.0}
        run = RunRecorder.start(services.store, experiment="e", name=f"r{number}", params=params)
        run.define_metric("acc", goal="max")
        run.log(metrics)
        run.end()
        rows.append({"id": run.run_id, **params, **metrics})
    assert services.runs.refresh(timeout=120.0)
    yield services, pd.DataFrame(rows[::-1])
    services.close()


def test_columns_are_what_was_recorded(filled: tuple[Services, pd.DataFrame]) -> None:
    services, table = filled
    columns = ["params.lr", "params.depth", "metrics.loss", "params.optimizer", "metrics.acc * 2", "number"]
    frame = services.frames.frame(FrameRequest(columns, scope=ALL))
    assert (frame.total, frame.sampled, frame.ids) == (RUNS, False, table["id"].tolist())
    lr, depth, loss, optimizer, twice, number = frame.columns
    assert lr == table["lr"].tolist()
    assert [math.nan if value is None else value for value in depth] == pytest.approx(
        table["depth"].tolist(), nan_ok=True
    )
    assert loss == pytest.approx(table["loss"].tolist(), nan_ok=True)
    assert optimizer == table["optimizer"].tolist()
    assert twice == pytest.approx((table["acc"] * 2).tolist())
    assert number == list(range(RUNS, 0, -1))


def test_runs_are_those_of_a_search_or_named(filled: tuple[Services, pd.DataFrame]) -> None:
    services, table = filled
    scope = RunScope(query="params.optimizer = 'sgd' and params.lr > 0.01 order by params.lr")
    found = services.frames.frame(FrameRequest(["params.lr"], scope=scope))
    wanted = table[(table["optimizer"] == "sgd") & (table["lr"] > 0.01)].sort_values("lr")
    assert found.ids == wanted["id"].tolist()
    named = [table["id"][7], table["id"][2], new_id(), table["id"][7]]
    frame = services.frames.frame(FrameRequest(["name"], runs=named))
    assert frame.ids == named[:2]
    assert frame.columns == [[f"r{RUNS - 1 - 7}", f"r{RUNS - 1 - 2}"]]


def test_a_sample_is_the_same_each_time_and_in_order(filled: tuple[Services, pd.DataFrame]) -> None:
    services, table = filled
    request = FrameRequest(["params.lr"], scope=ALL, max_rows=20)
    frame = services.frames.frame(request)
    assert (frame.total, frame.sampled, len(frame.ids)) == (RUNS, True, 20)
    assert frame == services.frames.frame(request)
    places = [table["id"].tolist().index(run) for run in frame.ids]
    assert places == sorted(places)
    assert frame.columns[0] == table["lr"].iloc[places].tolist()
    # A larger sample holds the smaller one: a chart gains runs, and loses none.
    larger = services.frames.frame(FrameRequest([], scope=ALL, max_rows=40))
    assert set(frame.ids) < set(larger.ids)


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_correlation_is_that_of_pandas(filled: tuple[Services, pd.DataFrame], method: Any) -> None:
    services, table = filled
    columns = ["params.lr", "params.depth", "metrics.loss", "metrics.flat", "params.optimizer"]
    found = services.frames.correlation(CorrelationRequest(columns, scope=ALL, method=method))
    numbers = table[["lr", "depth", "loss", "flat"]]
    wanted = numbers.corr(method=method).to_numpy()
    matrix = np.array([[math.nan if value is None else value for value in row] for row in found.matrix])
    np.testing.assert_allclose(matrix[:4, :4], wanted, atol=1e-12)
    assert np.isnan(matrix[4]).all()
    assert found.counts[0] == [RUNS, RUNS - 6, RUNS - 1, RUNS, 0]
    assert found.counts[1][2] == int(numbers[["depth", "loss"]].notna().all(axis=1).sum())


@pytest.mark.parametrize("evaluator", ["ped_anova", "fanova", "mdi"])
def test_importance_is_that_of_optuna(filled: tuple[Services, pd.DataFrame], evaluator: Any) -> None:
    import optuna

    services, table = filled
    found = services.frames.importance(ImportanceRequest("metrics.acc", scope=ALL, evaluator=evaluator))
    assert (found.reason, found.goal, found.runs) == (None, "max", RUNS - 6)
    shares = {one.param: one.value for one in found.importance}
    assert sum(shares.values()) == pytest.approx(1.0)
    assert next(iter(shares)) == "params.lr"
    assert shares["params.lr"] > 0.5

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    whole = table.dropna(subset="depth")
    distributions: dict[str, Any] = {
        "params.lr": optuna.distributions.FloatDistribution(whole["lr"].min(), whole["lr"].max(), log=True),
        "params.depth": optuna.distributions.FloatDistribution(whole["depth"].min(), whole["depth"].max()),
        "params.optimizer": optuna.distributions.CategoricalDistribution(("adam", "sgd")),
    }
    study = optuna.create_study(direction="maximize")
    for row in whole.to_dict("records"):
        params = {name: row[name.removeprefix("params.")] for name in distributions}
        study.add_trial(
            optuna.trial.create_trial(params=params, distributions=distributions, value=row["acc"])
        )
    # The goal only matters to the one that looks at the best; the others see the same differences either way.
    evaluators: dict[str, Any] = {
        "ped_anova": optuna.importance.PedAnovaImportanceEvaluator,
        "fanova": lambda: optuna.importance.FanovaImportanceEvaluator(seed=0),
        "mdi": lambda: optuna.importance.MeanDecreaseImpurityImportanceEvaluator(seed=0),
    }
    wanted = optuna.importance.get_param_importances(study, evaluator=evaluators[evaluator]())
    assert shares == pytest.approx(wanted, abs=0.02)


def test_importance_says_why_nothing_can_be_told(filled: tuple[Services, pd.DataFrame]) -> None:
    services, table = filled

    def reason(**asked: Any) -> str | None:
        asked = {"scope": ALL} | asked if "runs" not in asked else asked
        found = services.frames.importance(ImportanceRequest(asked.pop("target", "metrics.acc"), **asked))
        assert bool(found.reason) == (not found.importance)
        return found.reason

    assert "At least 4 runs" in (reason(runs=table["id"][:3].tolist()) or "")
    assert "At least 4 runs" in (reason(params=["params.nothing"]) or "")
    assert "the same in all runs" in (reason(target="metrics.flat") or "")
    assert "No parameter differs" in (reason(params=["params.same"]) or "")
    named = services.frames.importance(
        ImportanceRequest("metrics.loss", scope=ALL, params=["params.lr", "params.same"], goal="min")
    )
    assert [(one.param, one.value) for one in named.importance] == [("params.lr", 1.0), ("params.same", 0.0)]
    # NaN is no value to explain.
    assert (named.runs, named.goal) == (RUNS - 1, "min")


def test_what_can_not_be_read_is_refused(filled: tuple[Services, pd.DataFrame]) -> None:
    services, _ = filled
    with pytest.raises(UsageError, match="either by"):
        services.frames.frame(FrameRequest(["name"]))
    with pytest.raises(UsageError, match="either by"):
        services.frames.correlation(CorrelationRequest(["number"], scope=ALL, runs=[]))
    with pytest.raises(ColumnError) as refused:
        services.frames.frame(FrameRequest(["name", "metrics.acc +"], scope=ALL))
    assert (refused.value.field, refused.value.place) == ("columns", 1)
    with pytest.raises(ColumnError) as target:
        services.frames.importance(ImportanceRequest("acc >", scope=ALL))
    assert target.value.field == "target"
    with pytest.raises(QueryError):
        services.frames.frame(FrameRequest([], scope=RunScope(query="metrics.acc >")))


def test_every_kind_of_store_answers(tmp_path: Path, new_store: Callable[[Path], StorePaths]) -> None:
    services = open_services(new_store(tmp_path / ".trackbook"))
    try:
        for number in range(5):
            run = RunRecorder.start(
                services.store, experiment="e", params={"lr": 0.1 * number, "layers": [number]}
            )
            run.log({"acc": 0.5 + 0.1 * number})
            run.end()
        assert services.runs.refresh(timeout=120.0)
        frame = services.frames.frame(FrameRequest(["params.layers", "metrics.acc"], scope=ALL))
        assert frame.columns == [[[4], [3], [2], [1], [0]], pytest.approx([0.9, 0.8, 0.7, 0.6, 0.5])]
        found = services.frames.correlation(
            CorrelationRequest(["params.lr", "metrics.acc"], scope=ALL, method="spearman")
        )
        assert found.matrix[0][1] == pytest.approx(1.0)
        importance = services.frames.importance(ImportanceRequest("metrics.acc", scope=ALL))
        assert importance.runs == 5
    finally:
        services.close()


def test_what_is_brushed_in_a_chart_is_a_search(filled: tuple[Services, pd.DataFrame]) -> None:
    services, table = filled
    for brush in json.loads(BRUSHES.read_text(encoding="utf-8")):
        services.frames.frame(FrameRequest([], scope=RunScope(query=brush["condition"])))
    without = services.frames.frame(FrameRequest([], scope=RunScope(query="params.depth is null")))
    assert set(without.ids) == set(table[table["depth"].isna()]["id"])
