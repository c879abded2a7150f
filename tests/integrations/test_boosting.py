"""XGBoost and LightGBM: their own training functions, and their estimators."""

import json

import lightgbm
import numpy as np
import pytest
import xgboost
from lightgbm import train as train_imported_by_name
from sklearn.datasets import make_classification
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import trackbook as tb

X, y = make_classification(150, 5, random_state=0)
X_train, X_test, y_train, y_test = X[:100], X[100:], y[:100], y[100:]
QUIET = {"verbose": -1, "num_threads": 1, "min_data_in_leaf": 5}


@pytest.fixture(autouse=True)
def on(project):
    assert tb.autolog("xgboost", "lightgbm") == ("xgboost", "lightgbm")


def test_xgboost_train(project):
    train, valid = xgboost.DMatrix(X_train, y_train), xgboost.DMatrix(X_test, y_test)
    course, own = {}, xgboost.callback.EvaluationMonitor(period=1000)
    given = [own]
    booster = xgboost.train(
        {"max_depth": 2, "objective": "reg:squarederror"},
        train,
        20,
        evals=[(train, "train"), (valid, "valid")],
        early_stopping_rounds=2,
        evals_result=course,
        verbose_eval=False,
        callbacks=given,
    )
    value = mean_squared_error(y_test, booster.predict(valid))
    run = project.run
    assert given == [own]
    assert run.status == "finished"
    assert run.tags == {"autolog": "xgboost", "estimator": "Booster"}
    assert run.params == {
        "max_depth": 2,
        "objective": "reg:squarederror",
        "num_boost_round": 20,
        "early_stopping_rounds": 2,
    }
    assert run.points("rmse", dataset="train") == course["train"]["rmse"]
    assert run.points("rmse", dataset="valid") == course["valid"]["rmse"]
    assert run.points("best_iteration") == [booster.best_iteration]
    assert run.points("best_score") == [booster.best_score]
    assert run.points("mean_squared_error", dataset="valid") == [value]
    gains = json.loads(run.artifacts["importances.json"])
    found = dict(zip(gains["features"], gains["values"][0], strict=True))
    assert found == pytest.approx(booster.get_score(importance_type="gain"))


def test_lightgbm_train(project):
    train = lightgbm.Dataset(X_train, y_train, params=QUIET)
    valid = lightgbm.Dataset(X_test, y_test, reference=train)
    course = {}
    booster = train_imported_by_name(
        {**QUIET, "objective": "binary", "num_leaves": 4},
        train,
        15,
        [valid],
        ["valid"],
        callbacks=[lightgbm.record_evaluation(course), lightgbm.early_stopping(2, verbose=False)],
    )
    value = mean_squared_error(y_test, booster.predict(X_test))
    run = project.run
    assert run.tags == {"autolog": "lightgbm", "estimator": "Booster"}
    assert (run.params["num_leaves"], run.params["num_boost_round"]) == (4, 15)
    assert run.points("binary_logloss", dataset="valid") == course["valid"]["binary_logloss"]
    assert run.points("best_iteration") == [booster.best_iteration]
    best = booster.best_score["valid"]["binary_logloss"]
    assert run.points("best_binary_logloss", dataset="valid") == [best]
    assert run.points("mean_squared_error", dataset="X_test") == [value]
    gains = json.loads(run.artifacts["importances.json"])
    assert gains["features"][0] == booster.feature_name()[int(np.argmax(booster.feature_importance("gain")))]


def fitted(kind):
    if kind == "xgboost":
        model = xgboost.XGBClassifier(n_estimators=8, max_depth=2, early_stopping_rounds=2, verbosity=0)
        return model.fit(X_train, y_train, eval_set=[(X_test, y_test)], verbose=False)
    model = lightgbm.LGBMClassifier(n_estimators=8, num_leaves=4, verbose=-1, n_jobs=1)
    stop = lightgbm.early_stopping(2, verbose=False)
    return model.fit(X_train, y_train, eval_X=(X_test,), eval_y=(y_test,), callbacks=[stop])


@pytest.mark.parametrize("kind", ["xgboost", "lightgbm"])
def test_estimators(project, kind):
    model = fitted(kind)
    score = model.score(X_test, y_test)
    run = project.run
    assert run.tags == {"autolog": kind, "estimator": type(model).__name__}
    assert run.params["n_estimators"] == 8
    assert None not in run.params.values()
    if kind == "xgboost":
        course, best = model.evals_result()["validation_0"]["logloss"], model.best_iteration
        assert run.points("logloss", dataset="validation_0") == course
    else:
        course, best = model.evals_result_["valid_0"]["binary_logloss"], model.best_iteration_
        assert run.points("binary_logloss", dataset="valid_0") == course
    assert len(course) > 1
    assert run.points("best_iteration") == [best]
    assert run.points("score", dataset="X_test") == [score]
    assert run.points("accuracy_score", dataset="train") != []
    assert len(json.loads(run.artifacts["importances.json"])["features"]) == 5


@pytest.mark.parametrize("kind", ["xgboost", "lightgbm"])
def test_the_same_model_comes_out(project, kind):
    recorded = fitted(kind)
    with tb.no_autolog():
        plain = fitted(kind)
    assert np.array_equal(recorded.predict_proba(X_test), plain.predict_proba(X_test))
    assert len(project.runs) == 1


def test_inside_a_pipeline_the_course_is_recorded_and_inside_a_search_it_is_not(project):
    tb.autolog("sklearn")
    steps = StandardScaler(), xgboost.XGBRegressor(n_estimators=3, verbosity=0)
    given = {"xgbregressor__eval_set": [(X_test, y_test)], "xgbregressor__verbose": False}
    make_pipeline(*steps).fit(X_train, y_train, **given)
    search = GridSearchCV(
        lightgbm.LGBMClassifier(n_estimators=2, verbose=-1, n_jobs=1), {"num_leaves": [2, 3]}, cv=2
    )
    search.fit(X_train, y_train)
    pipeline, parent, *children = project.runs
    assert len(pipeline.points("rmse", dataset="validation_0")) == 3
    assert parent.tags["estimator"] == "GridSearchCV"
    assert [child.params for child in children] == [{"num_leaves": 2}, {"num_leaves": 3}]
    assert not any("binary_logloss" in series for run in (parent, *children) for series in run.series)


def test_a_library_that_is_off_is_not_recorded(project):
    assert tb.autolog("xgboost", False) == ("lightgbm",)
    fitted("xgboost")
    xgboost.train({}, xgboost.DMatrix(X_train, y_train), 1)
    assert project.runs == []
    fitted("lightgbm")
    assert project.run.tags["autolog"] == "lightgbm"


def test_wrong_calls_raise_what_they_always_raised(project):
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        xgboost.train({})
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        lightgbm.train({}, lightgbm.Dataset(X_train, y_train), rounds=3)
    with pytest.raises(xgboost.core.XGBoostError, match="Unknown objective"):
        xgboost.train({"objective": "nonsense"}, xgboost.DMatrix(X_train, y_train), 1)
    assert {run.status for run in project.runs} == {"failed"}
