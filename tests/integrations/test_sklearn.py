"""scikit-learn: what is recorded of fits, searches, predictions and scores."""

import csv
import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np
import pandas as pd
import pytest
from sklearn import metrics
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.cluster import KMeans
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import make_classification, make_regression
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import BaggingClassifier, RandomForestClassifier, VotingClassifier
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, cross_val_score, cross_validate
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import trackbook as tb
from trackbook.errors import UsageError
from trackbook.integrations.weighing import weigh

X, y = make_classification(120, 6, random_state=0)
X_train, X_test, y_train, y_test = X[:80], X[80:], y[:80], y[80:]
TRAIN = {"dataset": "train"}


class Threshold(ClassifierMixin, BaseEstimator):
    """A user's own estimator, which tells when it is used."""

    calls = 0

    def __init__(self, at=0.0, inner=None):
        self.at = at
        self.inner = inner

    def fit(self, X, y=None):
        self.classes_ = np.unique(y)
        if self.inner is not None:
            self.inner.fit(X, y)
        return self

    def predict(self, X):
        type(self).calls += 1
        return (X[:, 0] > self.at).astype(int)


@pytest.fixture(autouse=True)
def on(project):
    tb.autolog("sklearn")
    return project


def test_a_fit_opens_a_run_and_ends_it(project):
    model = LogisticRegression(C=0.5).fit(X_train, y_train)
    run = project.run
    assert run.status == "finished"
    assert run.tags == {"autolog": "sklearn", "estimator": "LogisticRegression"}
    assert run.params == model.get_params()
    assert tb.current_run() is None
    (seconds,) = run.points("fit_time")
    assert 0 < seconds < 60


def test_scores_on_the_training_data(project):
    model = LogisticRegression().fit(X_train, y_train)
    run = project.run
    predicted = model.predict(X_train)
    weighted = {"average": "weighted", "zero_division": 0}
    expected = {
        "score": model.score(X_train, y_train),
        "accuracy_score": accuracy_score(y_train, predicted),
        "precision_score": metrics.precision_score(y_train, predicted, **weighted),
        "recall_score": metrics.recall_score(y_train, predicted, **weighted),
        "f1_score": f1_score(y_train, predicted, **weighted),
    }
    assert {key: run.points(key, **TRAIN) for key in expected} == {
        key: [pytest.approx(value)] for key, value in expected.items()
    }


def test_scores_of_a_regressor(project):
    X, y = make_regression(60, 3, noise=5, random_state=0)
    weights = np.linspace(1, 2, 60)
    model = Ridge().fit(X, y, sample_weight=weights)
    run = project.run
    squares = metrics.mean_squared_error(y, model.predict(X), sample_weight=weights)
    assert run.points("r2_score", **TRAIN) == [pytest.approx(model.score(X, y, weights))]
    assert run.points("mean_squared_error", **TRAIN) == [pytest.approx(squares)]
    assert run.points("root_mean_squared_error", **TRAIN) == [pytest.approx(squares**0.5)]
    assert run.points("mean_absolute_error", **TRAIN) != []


def test_scores_that_would_take_long_are_left_out_and_it_is_said(project, monkeypatch):
    monkeypatch.setattr("trackbook.integrations.sklearn_fit.BUDGET", 0.0)
    monkeypatch.setattr("trackbook.integrations.sklearn_fit._PROBE", 10)
    monkeypatch.setattr("trackbook.integrations.sklearn_fit._SHARE", 0.0)
    LogisticRegression().fit(X_train, y_train)
    run = project.run
    assert run.points("score", **TRAIN) == []
    assert run.tags["autolog.training"].startswith("no scores: they would take about ")


def test_scores_on_the_training_data_can_be_left_out(project):
    tb.autolog("sklearn", training=False)
    LogisticRegression().fit(X_train, y_train)
    assert project.run.series == {("fit_time",)}


def test_metrics_of_predictions_go_to_the_run_of_the_model_after_its_end(project):
    model = LogisticRegression().fit(X_train, y_train)
    y_pred = model.predict(X_test)
    accuracy = accuracy_score(y_test, y_pred)
    macro = f1_score(y_true=y_test, y_pred=y_pred, average="macro")
    area = metrics.roc_auc_score(y_test, model.predict_proba(X_test)[:, 1])
    assert accuracy_score(y_test, y_pred) == accuracy
    run = project.run
    assert run.status == "finished"
    assert run.points("accuracy_score", dataset="X_test") == [accuracy, accuracy]
    assert run.points("f1_score", dataset="X_test", average="macro") == [macro]
    assert run.points("roc_auc_score", dataset="X_test") == [area]
    with project_services(project) as services:
        found = services.runs.get(run.id)
        assert found.status == "finished"
        assert found.metrics["accuracy_score{dataset=X_test}"] == accuracy


def project_services(project):
    import contextlib

    from trackbook.services.context import open_services

    @contextlib.contextmanager
    def opened():
        project.close()
        services = open_services(project.store)
        try:
            services.runs.refresh()
            yield services
        finally:
            services.database.close()

    return opened()


def test_the_score_method_is_a_metric(project):
    model = LogisticRegression().fit(X_train, y_train)
    validation = model.score(X_test, y_test)
    again = model.score(X_train, y_train)
    assert model.score(X_test[:30], y_test[:30]) > 0
    run = project.run
    assert run.points("score", dataset="X_test") == [validation]
    assert run.points("score", **TRAIN) == [pytest.approx(again), again]
    assert len(run.points("score")) == 1  # of data without a name


def test_a_metric_without_a_name_for_its_data_is_named_after_the_truth(project):
    model = LogisticRegression().fit(X_train, y_train)
    value = accuracy_score(y_test, model.predict(X_test.copy()))
    assert project.run.points("accuracy_score", dataset="y_test") == [value]


def test_metrics_of_anything_else_are_not_recorded(project):
    LogisticRegression().fit(X_train, y_train)
    before = project.run.series
    accuracy_score(y_test, 1 - y_test)
    metrics.classification_report(y_test, y_test)
    with tb.no_autolog():
        model = LogisticRegression().fit(X_train, y_train)
    accuracy_score(y_test, model.predict(X_test))
    assert project.run.series == before


def test_fits_inside_an_open_run(project):
    with tb.start_run("compare", params={"max_iter": 7}) as run:
        LogisticRegression().fit(X_train, y_train)
        tree = DecisionTreeClassifier(max_depth=2).fit(X_train, y_train)
        DecisionTreeClassifier(max_depth=3).fit(X_train, y_train)
        value = accuracy_score(y_test, tree.predict(X_test))
        assert tb.current_run() is run
    run = project.run
    assert run.params["max_iter"] == 7, "the user's own parameter is replaced"
    assert run.params["LogisticRegression.max_iter"] == 100
    assert run.params["max_depth"] == 2
    assert run.params["DecisionTreeClassifier-2.max_depth"] == 3
    assert run.points("accuracy_score", dataset="X_test", model="DecisionTreeClassifier") == [value]
    assert {"importances.json", "DecisionTreeClassifier/importances.json"} <= set(run.artifacts)
    assert run.tags["estimator"] == "LogisticRegression"
    assert run.tags["estimator.DecisionTreeClassifier-2"] == "DecisionTreeClassifier"


def test_a_run_of_its_own_is_named_after_the_estimator(project):
    Ridge().fit(X, y)
    with tb.start_run(name="mine"):
        Ridge().fit(X, y)
    assert [run.start.name for run in project.runs] == ["Ridge", "mine"]


def test_a_parameter_set_after_the_fit_replaces_that_of_the_estimator(project):
    with tb.start_run() as run:
        Ridge(alpha=2.0).fit(X, y)
        run.params({"alpha": "chosen later"})
    assert project.run.params["alpha"] == "chosen later"
    with tb.start_run(params={"alpha": "chosen before"}):
        Ridge(alpha=2.0).fit(X, y)
    found = project.runs[-1].params
    assert (found["alpha"], found["Ridge.alpha"]) == ("chosen before", 2.0)


def test_a_loop_of_fits_in_one_run_does_not_flood_it(project):
    with tb.start_run("loop"):
        for depth in range(1, 31):
            DecisionTreeClassifier(max_depth=depth).fit(X_train, y_train)
    run = project.run
    assert sum(name.endswith("max_depth") for name in run.params) == 20
    assert len([name for name in run.artifacts if name.endswith("importances.json")]) == 20
    assert run.points("accuracy_score", dataset="train", model="DecisionTreeClassifier-30") == [1.0]


def test_a_pipeline_is_one_fit(project):
    frame = pd.DataFrame(X_train, columns=list("abcdef"))
    pipeline = make_pipeline(StandardScaler(), LogisticRegression(C=2.0)).fit(frame, y_train)
    run = project.run
    assert run.params["logisticregression__C"] == 2.0
    assert run.params["standardscaler"] == "StandardScaler"
    assert "steps" not in run.params
    content = json.loads(run.artifacts["importances.json"])
    weights = dict(zip(content["features"], content["values"][0], strict=True))
    assert content["kind"] == "coef_"
    assert weights == pytest.approx(dict(zip("abcdef", pipeline[-1].coef_[0], strict=True)))
    assert [abs(value) for value in content["values"][0]] == sorted(map(abs, weights.values()), reverse=True)


def test_feature_importances(project):
    model = RandomForestClassifier(5, random_state=0, oob_score=False).fit(X_train, y_train)
    content = json.loads(project.run.artifacts["importances.json"])
    assert content["kind"] == "feature_importances_"
    found = dict(zip(content["features"], content["values"][0], strict=True))
    assert found == pytest.approx({f"x{i}": v for i, v in enumerate(model.feature_importances_)})


def test_long_parameters_are_shortened(project):
    class Scaled(Ridge):
        def __init__(self, alpha=1.0, weights=None, names=None, call=None, text=""):
            super().__init__(alpha)
            self.weights, self.names, self.call, self.text = weights, names, call, text

    Scaled(2.0, np.zeros((500, 3)), list(range(1000)), np.mean, "x" * 1000).fit(X_train, y_train)
    params = project.run.params
    assert (params["alpha"], params["weights"], params["names"]) == (2.0, "ndarray 500×3", "list of 1,000")
    assert params["call"].endswith("mean")
    assert len(params["text"]) == 250


def test_a_search_has_its_candidates_as_child_runs(project):
    search = GridSearchCV(LogisticRegression(), {"C": [0.01, 1.0, 100.0]}, cv=3)
    search.fit(X_train, y_train)
    value = accuracy_score(y_test, search.best_estimator_.predict(X_test))
    parent, *children = project.runs
    assert parent.points("best_score") == [search.best_score_]
    assert parent.params["best.C"] == search.best_params_["C"]
    assert parent.points("accuracy_score", dataset="X_test") == [value]
    assert [child.params for child in children] == [{"C": 0.01}, {"C": 1.0}, {"C": 100.0}]
    assert {child.start.parent_id for child in children} == {parent.id}
    assert {child.status for child in children} == {"finished"}
    means = search.cv_results_["mean_test_score"]
    assert [child.points("mean_test_score") for child in children] == [[mean] for mean in means]
    assert children[0].points("std_test_score") == [search.cv_results_["std_test_score"][0]]
    assert len(children[0].points("split_test_score")) == 3
    assert [child.tags.get("best") for child in children].count("true") == 1
    assert children[search.best_index_].tags["best"] == "true"
    rows = list(csv.DictReader(io.StringIO(parent.artifacts["cv_results.csv"].decode())))
    assert [float(row["mean_test_score"]) for row in rows] == pytest.approx(list(means))


def test_a_long_search_keeps_the_best_as_child_runs(project, monkeypatch):
    monkeypatch.setattr("trackbook.integrations.search_cv.MAX_CHILDREN", 3)
    space = {"max_depth": list(range(1, 9)), "criterion": ["gini", "entropy"]}
    search = RandomizedSearchCV(DecisionTreeClassifier(random_state=0), space, n_iter=8, cv=2, random_state=0)
    search.fit(X_train, y_train)
    parent, *children = project.runs
    assert len(children) == 3
    assert all(child.points("rank_test_score")[0] <= 8 for child in children)
    assert any(child.tags.get("best") for child in children)
    assert parent.tags["autolog.candidates"] == "the best 3 of 8 are child runs"
    assert parent.artifacts["cv_results.csv"].count(b"\n") == 9


@pytest.mark.parametrize("jobs", [None, 2])
def test_models_inside_others_are_not_recorded(project, jobs):
    cross_val_score(LogisticRegression(), X, y, cv=3, n_jobs=jobs)
    cross_validate(LogisticRegression(), X, y, cv=3, n_jobs=jobs)
    assert project.runs == []
    VotingClassifier([("a", LogisticRegression()), ("b", Threshold())], n_jobs=jobs).fit(X, y)
    BaggingClassifier(LogisticRegression(), 3, n_jobs=jobs).fit(X, y)
    assert [run.tags["estimator"] for run in project.runs] == ["VotingClassifier", "BaggingClassifier"]


def test_models_that_threads_of_a_search_fit_are_not_recorded(project):
    from joblib import parallel_config

    with parallel_config("threading", n_jobs=2):
        GridSearchCV(Threshold(inner=Ridge()), {"at": [0.0, 1.0]}, cv=2).fit(X, y)
        cross_val_score(LogisticRegression(), X, y, cv=3)
    assert [run.tags.get("estimator") for run in project.runs] == ["GridSearchCV", None, None]


def test_fits_in_threads_have_runs_of_their_own(project):
    together = Barrier(4)

    class Waiting(Ridge):
        def fit(self, X, y):
            together.wait(30)
            result = super().fit(X, y)
            together.wait(30)
            return result

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda alpha: Waiting(alpha=alpha).fit(X, y), [1.0, 2.0, 3.0, 4.0]))
    assert sorted(run.params["alpha"] for run in project.runs) == [1.0, 2.0, 3.0, 4.0]
    assert all(run.status == "finished" and run.start.parent_id is None for run in project.runs)
    assert tb.current_run() is None


def test_a_users_own_estimator_is_recorded_and_not_called(project):
    Threshold.calls = 0
    model = Threshold(at=0.3, inner=Lasso()).fit(X_train, y_train)
    assert Threshold.calls == 0
    value = accuracy_score(y_test, model.predict(X_test))
    run = project.run
    assert run.params["at"] == 0.3
    assert run.params["inner"] == "Lasso"
    assert run.points("accuracy_score", dataset="X_test") == [value]
    assert run.points("accuracy_score", **TRAIN) == []


def test_a_class_that_is_defined_later_is_recorded(project):
    class Mean(RegressorMixin, BaseEstimator):
        def fit(self, X, y):
            self.mean_ = float(np.mean(y))
            return self

        def predict(self, X):
            return np.full(len(X), self.mean_)

    Mean().fit(X, y)
    assert project.run.tags["estimator"] == "Mean"


def test_what_only_transforms_is_no_run(project):
    StandardScaler().fit_transform(X)
    assert project.runs == []


def test_clusters(project):
    labels = KMeans(3, n_init=1, random_state=0).fit_predict(X)
    value = metrics.silhouette_score(X, labels)
    run = project.run
    assert run.points("silhouette_score", dataset="train") == [value]
    assert run.points("inertia") != []


def test_learning_curves(project):
    with pytest.warns(match="Maximum iterations"):
        model = MLPClassifier((3,), max_iter=5, random_state=0).fit(X_train, y_train)
    assert project.run.points("loss", **TRAIN) == pytest.approx(model.loss_curve_)


def test_a_fit_that_fails_is_a_failed_run_and_raises_its_own_error(project):
    with pytest.raises(ValueError, match="Unknown label type"):
        LogisticRegression().fit(X, X[:, 0])
    run = project.run
    assert run.status == "failed"
    assert tb.current_run() is None
    with pytest.raises(TypeError, match="missing 1 required positional argument"):
        LinearRegression().fit(X)
    assert [run.status for run in project.runs] == ["failed", "failed"]


def test_scores_that_make_no_sense_are_left_out(project):
    TransformedTargetRegressor(LinearRegression()).fit(X, np.c_[y, y])
    DummyClassifier(strategy="most_frequent").fit([[0], [1]], [0, 1])
    first, second = project.runs
    assert first.points("r2_score", **TRAIN) != []
    assert second.points("accuracy_score", **TRAIN) == [0.5]


@pytest.fixture
def stored(monkeypatch):
    """What `Run.model` is asked to store."""
    asked = []

    def store(run, model, name="model", *, input_example=None, unsafe=False):
        if isinstance(model, Threshold):
            raise UsageError("no safe format holds it")
        asked.append((model, name, input_example))
        return name

    monkeypatch.setattr(tb.Run, "model", store, raising=False)
    return asked


def test_the_fitted_model_is_stored_with_an_example_of_its_input(project, stored):
    frame = pd.DataFrame(X_train, columns=list("abcdef"))
    first = LogisticRegression().fit(frame, y_train)
    with tb.start_run("two"):
        second = Ridge().fit(X_train, y_train)
        third = Ridge().fit(X_train, y_train)
    assert [(model, name) for model, name, _ in stored] == [
        (first, "model"),
        (second, "model"),
        (third, "Ridge-2/model"),
    ]
    assert stored[0][2].equals(frame.head(5))
    assert np.array_equal(stored[1][2], X_train[:5])
    tb.autolog("sklearn", models=False)
    Ridge().fit(X_train, y_train)
    assert len(stored) == 3


def test_a_model_that_can_not_be_stored_is_said_in_a_tag(project, stored):
    Threshold().fit(X_train, y_train)
    assert stored == []
    assert project.run.tags["autolog.model"] == "not stored: no safe format holds it"


def test_a_large_model_is_left_to_the_user_and_it_is_said_how(project, stored):
    rows = np.zeros((70_000, 100))
    with tb.start_run("large") as run:
        model = KNeighborsClassifier(algorithm="kd_tree").fit(rows, np.arange(70_000) % 2)
        assert stored == []
        run.model(model)
    assert len(stored) == 1
    said = project.run.tags["autolog.model"]
    assert re.fullmatch(r"not stored: 5\d MB; run.model\(model\) in an open run stores it", said)


def test_a_model_of_very_many_parts_is_left_to_the_user(project, stored, monkeypatch):
    RandomForestClassifier(10, n_jobs=1).fit(X_train, y_train)
    assert len(stored) == 1
    monkeypatch.setattr("trackbook.integrations.weighing.BUDGET", 0.005)
    RandomForestClassifier(40, n_jobs=1).fit(X_train, y_train)
    assert len(stored) == 1
    assert re.match(r"not stored: it would take about 0\.\d s;", project.runs[-1].tags["autolog.model"])


def test_what_a_model_weighs(project):
    tb.autolog(False)
    forest = RandomForestClassifier(30, random_state=0).fit(X, y)
    assert weigh(forest).parts > 60
    nodes = sum(tree.tree_.node_count for tree in forest.estimators_)
    assert nodes * 64 < weigh(forest).size < nodes * 200
    assert weigh(KNeighborsClassifier().fit(X, y)).size >= X.nbytes
    assert weigh(make_pipeline(StandardScaler(), KNeighborsClassifier()).fit(X, y)).size >= X.nbytes
    frame = pd.DataFrame({"a": np.zeros(1000)})
    looped = Ridge()
    looped.me_, looped.frame_, looped.again_ = looped, frame, frame
    assert 8000 <= weigh(looped).size < 9000
