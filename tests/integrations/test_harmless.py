"""Autologging changes nothing that a program could see, goes without a trace, and keeps its own faults to itself."""

import inspect
import pickle
import random
import subprocess
import sys
import warnings
from importlib import import_module
from threading import Event, Thread

import cloudpickle
import joblib
import lightgbm
import numpy as np
import pytest
import sklearn.metrics
import xgboost
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.datasets import make_classification
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, f1_score, get_scorer, make_scorer
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.utils._param_validation import InvalidParameterError

import trackbook as tb
from trackbook.errors import UsageError
from trackbook.integrations import autolog as module

X, y = make_classification(60, 6, random_state=0)


class Mine(RegressorMixin, BaseEstimator):
    def fit(self, X, y, sample_weight=None):
        self.mean_ = float(np.mean(y))
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)


def work():
    """Everything that a program can see of some fits, and of the random numbers around them."""
    np.random.seed(7)
    random.seed(7)
    drawing = DummyClassifier(strategy="stratified", random_state=np.random.RandomState(3)).fit(X, y)
    forest = RandomForestClassifier(5).fit(X, y)
    search = GridSearchCV(make_pipeline(StandardScaler(), SVC()), {"svc__C": [0.1]}, cv=2).fit(X, y)
    matrix = xgboost.DMatrix(X, y, nthread=1)
    boosted = xgboost.train(
        {"subsample": 0.5, "seed": 1, "nthread": 1}, matrix, 3, evals=[(matrix, "train")], verbose_eval=False
    )
    settings = {
        "verbose": -1,
        "num_threads": 1,
        "bagging_fraction": 0.5,
        "bagging_freq": 1,
        "min_data_in_leaf": 3,
    }
    light = lightgbm.train(settings, lightgbm.Dataset(X, y), 3)
    predictions = [model.predict(X) for model in (drawing, forest, search, light, Mine().fit(X, y))]
    scores = [accuracy_score(y, predictions[0]), forest.score(X[:20], y[:20]), search.score(X, y)]
    return pickle.dumps([*predictions, boosted.predict(matrix), scores, np.random.random(), random.random()])


def state():
    """What of the libraries could be replaced."""
    kinds = [
        BaseEstimator,
        LogisticRegression,
        Pipeline,
        GridSearchCV,
        Mine,
        xgboost.XGBModel,
        lightgbm.LGBMModel,
    ]
    owners = {owner for kind in kinds for owner in kind.__mro__[:-1]}
    found = {
        (owner, name): value for owner in owners for name, value in vars(owner).items() if callable(value)
    }
    found |= {
        (owner, name): value.fn
        for owner in owners
        for name, value in vars(owner).items()
        if hasattr(value, "fn")
    }
    for place in (
        sklearn.metrics,
        sklearn.metrics._classification,
        xgboost,
        xgboost.training,
        lightgbm,
        lightgbm.engine,
    ):
        found |= {(place, name): value for name, value in vars(place).items() if inspect.isroutine(value)}
    found |= {
        (function, "__code__"): function.__code__
        for function in found.values()
        if hasattr(function, "__code__")
    }
    found[BaseEstimator, "__init_subclass__"] = vars(BaseEstimator).get("__init_subclass__")
    found[None, "accuracy_score"] = globals()["accuracy_score"]
    found[None, "finders"] = list(sys.meta_path)
    return found


def test_results_and_random_numbers_are_the_same(project):
    expected = work()
    tb.autolog()
    assert work() == expected
    assert [run.tags["autolog"] for run in project.runs if not run.start.parent_id] == [
        "sklearn", "sklearn", "sklearn", "xgboost", "lightgbm", "sklearn",
    ]  # fmt: skip
    with tb.start_run("around"):
        assert work() == expected


def test_a_generator_that_a_model_holds_is_not_drawn_from(project):
    generator = np.random.RandomState(5)
    tb.autolog()
    DummyClassifier(strategy="uniform", random_state=generator).fit(X, y)
    assert project.run.points("accuracy_score", dataset="train") != []
    assert generator.random() == np.random.RandomState(5).random()


def test_what_other_threads_draw_is_not_rolled_back(project, monkeypatch):
    begin, drawn = Event(), Event()
    numbers = []

    def draw():
        assert begin.wait(30)
        numbers.append(np.random.random())
        numbers.append(random.random())
        drawn.set()

    original = KNeighborsClassifier.predict

    def predict(self, X):
        begin.set()
        assert drawn.wait(30)
        return original(self, X)

    monkeypatch.setattr(KNeighborsClassifier, "predict", predict)
    tb.autolog(models=False)
    thread = Thread(target=draw, daemon=True)
    thread.start()
    np.random.seed(3)
    random.seed(3)
    KNeighborsClassifier().fit(X, y)
    thread.join(30)
    assert project.run.points("accuracy_score", dataset="train") != []
    assert np.random.random() not in numbers
    assert random.random() not in numbers


def test_a_model_that_draws_is_not_called_while_other_threads_run(project):
    done = Event()
    thread = Thread(target=done.wait, args=(30,))
    thread.start()
    try:
        tb.autolog(models=False)
        np.random.seed(3)
        DummyClassifier(strategy="uniform").fit(X, y)
        assert np.random.random() == np.random.RandomState(3).random()
    finally:
        done.set()
        thread.join()
    assert project.run.tags["autolog.training"].startswith("no scores: the model draws")
    assert project.run.points("accuracy_score", dataset="train") == []


def test_progress_and_warnings_of_the_training_scores_are_not_shown(project, capsys):
    plain = RandomForestClassifier(3, verbose=1, n_jobs=1, random_state=0)
    plain.fit(X, y)
    expected = capsys.readouterr()
    tb.autolog()
    clone(plain).fit(X, y)
    shown = capsys.readouterr()
    assert len((shown.out + shown.err).splitlines()) == len((expected.out + expected.err).splitlines())


def test_classes_functions_and_objects_look_as_they_did(project):
    fit, predict, metric = LogisticRegression.fit, Pipeline.predict, accuracy_score
    signatures = [inspect.signature(item) for item in (fit, predict, metric, xgboost.train, lightgbm.train)]
    names = fit.__name__, fit.__qualname__, fit.__module__, fit.__doc__
    tb.autolog()
    now = (
        LogisticRegression.fit,
        Pipeline.predict,
        sklearn.metrics.accuracy_score,
        xgboost.train,
        lightgbm.train,
    )
    assert [inspect.signature(item) for item in now] == signatures
    assert (now[0].__name__, now[0].__qualname__, now[0].__module__, now[0].__doc__) == names
    model = LogisticRegression(C=0.3)
    assert model.fit(X, y) is model
    assert type(model) is LogisticRegression
    assert clone(model).get_params() == model.get_params()
    assert not hasattr(KNeighborsClassifier(), "decision_function")
    assert not hasattr(Pipeline([("scale", StandardScaler())]), "predict")
    assert hasattr(SVC(), "predict")
    assert isinstance(model, BaseEstimator)


def test_pickles_are_the_same_and_scorers_can_be_pickled(project):
    def dump():
        return pickle.dumps(LogisticRegression().fit(X, y))

    before = dump()
    tb.autolog()
    assert dump() == before
    scorer = pickle.loads(pickle.dumps(make_scorer(accuracy_score)))
    assert scorer(LogisticRegression().fit(X, y), X, y) > 0.5


def test_fitted_objects_and_scorers_can_be_pickled_on_off_and_across(project, tmp_path):
    unwatched = make_scorer(f1_score)
    tb.autolog(models=False)
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2, scoring="accuracy").fit(X, y)
    several = GridSearchCV(
        LogisticRegression(),
        {"C": [1.0]},
        cv=2,
        scoring={"acc": make_scorer(accuracy_score), "f1": "f1"},
        refit="f1",
    ).fit(X, y)
    held = [
        search,
        several,
        get_scorer("accuracy"),
        make_scorer(f1_score),
        unwatched,
        {"acc": accuracy_score},
    ]
    while_on = [pickle.dumps(item) for item in held]
    joblib.dump(search, tmp_path / "search.joblib")
    tb.autolog(False)
    assert [pickle.dumps(item) for item in held] == while_on
    for data in while_on:
        pickle.loads(data)
    assert joblib.load(tmp_path / "search.joblib").best_params_ == search.best_params_
    tb.autolog()
    assert pickle.loads(while_on[-1]) == {"acc": accuracy_score}
    assert pickle.loads(while_on[3])(LogisticRegression().fit(X, y), X, y) > 0.5


def test_metrics_travel_to_processes(project):
    tb.autolog(models=False)
    values = joblib.Parallel(2, backend="loky")(
        joblib.delayed(accuracy_score)(y, part) for part in (y, 1 - y)
    )
    assert values == [1.0, 0.0]
    assert (
        cross_val_score(LogisticRegression(), X, y, cv=2, scoring=make_scorer(f1_score), n_jobs=2).min() > 0.3
    )
    assert project.runs == []


def test_metrics_imported_before_and_after_are_one_function_and_are_recorded(project):
    earlier, code = accuracy_score, accuracy_score.__code__
    tb.autolog(models=False, training=False)
    assert earlier is sklearn.metrics.accuracy_score
    model = LogisticRegression().fit(X, y)
    predicted = model.predict(X)
    aliases = {"kept": earlier}  # where no replacing of names would have reached it
    value = aliases["kept"](y, predicted)
    assert project.run.points("accuracy_score", dataset="train") == [value]
    with pytest.raises(InvalidParameterError, match="'normalize'"):
        accuracy_score(y, predicted, normalize="much")
    with pytest.raises(TypeError, match="missing a required argument: 'y_pred'"):
        accuracy_score(y)
    tb.autolog(False)
    assert accuracy_score.__code__ is code


def test_a_class_that_travels_works_where_there_is_no_trackbook(project, tmp_path):
    tb.autolog()
    names = {"BaseEstimator": BaseEstimator, "__name__": "__main__"}
    exec(
        "class Own(BaseEstimator):\n"
        "    def fit(self, X, y): return self\n"
        "    def predict(self, X): return [7] * len(X)",
        names,
    )
    file = tmp_path / "own.pickle"
    file.write_bytes(cloudpickle.dumps(names["Own"]().fit(X, y)))
    assert project.run.tags["estimator"] == "Own"
    code = (
        "import sys; sys.modules['trackbook'] = None\n"
        "import pickle, pathlib\n"
        f"model = pickle.loads(pathlib.Path({str(file)!r}).read_bytes())\n"
        "print(model.fit([[1]], [1]).predict([[1]]), 'trackbook.integrations' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.split("\n")[0] == "[7] False", done.stderr


def test_switched_off_it_leaves_the_libraries_as_they_were(project):
    before = state()
    tb.autolog()
    assert state() != before

    class Later(Ridge):
        def fit(self, X, y):
            return super().fit(X, y)

    replaced = vars(Later)["fit"]
    assert tb.autolog(False) == ()
    assert state() == before
    assert vars(Later)["fit"] is replaced.__wrapped__
    work()
    assert project.runs == []
    tb.autolog()
    tb.autolog()
    tb.autolog(False)
    assert state() == before


def test_what_somebody_replaced_since_stays_theirs(project, monkeypatch):
    tb.autolog()
    ours = vars(LogisticRegression)["fit"]

    def theirs(self, *args, **kwargs):
        return ours(self, *args, **kwargs)

    monkeypatch.setattr(LogisticRegression, "fit", theirs)
    tb.autolog(False)
    assert vars(LogisticRegression)["fit"] is theirs
    LogisticRegression().fit(X, y)
    assert project.runs == []


def test_it_is_off_for_one_block(project):
    tb.autolog()
    with tb.no_autolog():
        work()
        with tb.no_autolog():
            work()
        work()

    @tb.no_autolog()
    def quietly():
        LogisticRegression().fit(X, y)

    quietly()
    assert project.runs == []
    LogisticRegression().fit(X, y)
    assert len(project.runs) == 1
    with pytest.raises(KeyError), tb.no_autolog():
        raise KeyError
    LogisticRegression().fit(X, y)
    assert len(project.runs) == 2


def test_a_forked_process_records_nothing(project):
    tb.autolog()
    from multiprocessing import get_context

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of a fork in a process with threads
        child = get_context("fork").Process(target=lambda: LogisticRegression().fit(X, y))
        child.start()
    child.join(60)
    assert child.exitcode == 0
    assert project.runs == []


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_library_that_is_imported_later_is_recorded(project):
    code = (
        "import sys, trackbook as tb\n"
        "print(tb.autolog('sklearn', 'xgboost'), 'sklearn' in sys.modules)\n"
        "from sklearn.linear_model import Ridge\n"
        "from sklearn.metrics import r2_score\n"
        "import sklearn.base, xgboost, numpy as np\n"
        "print(type(sklearn.base.__loader__).__module__, sklearn.base.__spec__.loader is sklearn.base.__loader__)\n"
        "X = np.arange(20.0).reshape(10, 2); y = X[:, 0]\n"
        "model = Ridge().fit(X, y)\n"
        "with tb.no_autolog(): r2_score(y, model.predict(X))\n"
        "r2_score(y, model.predict(X))\n"
        "xgboost.train({'max_depth': 1}, xgboost.DMatrix(X, y), 1)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0] == "('sklearn', 'xgboost') False"
    assert done.stdout.splitlines()[1].endswith("True")
    assert "_frozen_importlib_external" in done.stdout
    ridge, booster = project.runs
    assert ridge.points("r2_score", dataset="train") != []
    assert booster.params["max_depth"] == 1


FAULTS = [
    "fits:Fit.open", "fits:Fit.params", "fits:Fit.log", "fits:Fit.close", "fits:Fit.json", "fits:Fit.model",
    "fits:Fit.bytes", "fits:Fit.tag", "fits:describe_params", "sklearn_fit:is_model", "sklearn_fit:params_of",
    "sklearn_fit:record", "sklearn_fit:_record_scalars", "sklearn_fit:_record_curves", "sklearn_fit:_record_training",
    "sklearn_fit:_record_importances", "sklearn_fit:_is_pure", "sklearn_fit:_same_randomness", "sklearn_fit:_example",
    "sklearn_fit:Given.of", "search_cv:record_search", "search_cv:is_search", "search_cv:_record_candidate",
    "estimators:_remember_fit", "estimators:_remember", "estimators:fit_of", "estimators:name_of",
    "estimators:remember_prediction", "sklearn_metrics:prediction_of", "training:_arguments", "training:_add_callback",
    "xgboost_train:log_evaluations", "xgboost_train:record_gains",
    "lightgbm_train:record_gains", "training:remember_fit", "training:fit_of",
    "xgboost_train:_Trainer.callback", "xgboost_train:_Trainer.params", "lightgbm_train:_Trainer.record",
]  # fmt: skip


@pytest.fixture(scope="module")
def expected():
    return work()


@pytest.mark.parametrize("place", FAULTS)
def test_a_fault_inside_never_reaches_the_users_code(project, monkeypatch, place, expected):
    tb.autolog()
    name, _, path = place.partition(":")
    owner = import_module(f"trackbook.integrations.{name}")
    *parents, attribute = path.split(".")
    for parent in parents:
        owner = getattr(owner, parent)

    def broken(*args, **kwargs):
        raise RuntimeError("broken inside")

    assert hasattr(owner, attribute)
    monkeypatch.setattr(owner, attribute, broken)
    with warnings.catch_warnings(record=True) as shown:
        warnings.simplefilter("always")
        assert work() == expected
    said = [str(warning.message) for warning in shown if "broken inside" in str(warning.message)]
    assert len(said) <= 1
    assert said or place == "fits:Fit.tag"  # which nothing here comes to
    assert all("Your work goes on" in text for text in said)


def test_a_store_that_can_not_be_opened_costs_one_warning(project, monkeypatch, expected):
    tb.autolog()

    def refuse(*args, **kwargs):
        raise OSError("no such place")

    monkeypatch.setattr("trackbook.api.start_run", refuse)
    with pytest.warns(UserWarning, match="Autologging could not record a fit") as shown:
        assert work() == expected
    assert len(shown) == 1


def test_where_warnings_are_errors_the_fault_is_said_on_stderr(project, monkeypatch, capsys):
    tb.autolog()
    monkeypatch.setattr("trackbook.integrations.sklearn_fit.params_of", lambda model: 1 / 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        LogisticRegression().fit(X, y)
    assert "division by zero" in capsys.readouterr().err


def test_a_user_who_interrupts_is_obeyed_and_the_run_is_ended(project, monkeypatch):
    tb.autolog()

    def interrupt(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr("trackbook.integrations.sklearn_fit._record_training", interrupt)
    with pytest.raises(KeyboardInterrupt):
        LogisticRegression().fit(X, y)
    assert tb.current_run() is None
    assert project.run.status == "finished"


def test_what_is_asked_for_wrongly_is_refused(project, monkeypatch):
    with pytest.raises(UsageError, match="autolog knows no library 'sklern'; it knows sklearn, xgboost"):
        tb.autolog("sklern")
    with pytest.raises(UsageError, match="names of libraries, or False; not 3"):
        tb.autolog(3)
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="keras is not installed in this environment"):
        tb.autolog("keras")
    assert tb.autolog("lightgbm", False) == ()


def test_the_page_of_the_module_loads_no_library():
    code = "import sys, trackbook; trackbook.autolog; print('numpy' in sys.modules, 'sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_a_fit_that_can_not_be_begun_leaves_no_run_open(project, monkeypatch):
    tb.autolog()
    monkeypatch.setattr("trackbook.integrations.fits.Fit.__init__", lambda *args: 1 / 0)
    with pytest.warns(UserWarning, match="could not record a fit"):
        LogisticRegression().fit(X, y)
    assert tb.current_run() is None
    assert project.run.status == "finished"


def test_a_fit_after_which_the_users_code_ended_the_run_is_still_recorded(project):
    class Ending(Ridge):
        def fit(self, X, y):
            tb.end_run()
            return super().fit(X, y)

    tb.autolog()
    tb.start_run("open")
    Ending().fit(X, y)
    assert project.run.status == "finished"
    assert project.run.points("fit_time") != []
