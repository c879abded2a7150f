"""What is recorded of a fitted estimator: parameters, scores on its training data, curves, importances, the model."""

import contextlib
import io
import random
import sys
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from trackbook.integrations import search_cv
from trackbook.integrations.describing import first_rows, length_of
from trackbook.integrations.fits import Fit
from trackbook.integrations.memory import TRAIN
from trackbook.integrations.watching import Options, attempt

# Scores on training data must not cost more than this, in seconds, or a quarter of the fit where that is longer.
BUDGET = 0.5
_SHARE = 0.25
_PROBE = 500
# Those that draw when they predict or transform, and DummyClassifier as it is set.
# Where other threads run, they can't be called without a trace.
_DRAWING = frozenset(("IterativeImputer", "BernoulliRBM", "LatentDirichletAllocation"))
_threads = threading.enumerate
_QUIET_THREADS = ("trackbook", "IOPub", "Heartbeat", "Control", "Shell", "Subshell", "Tqdm", "QueueFeeder")
_QUIET_PACKAGES = frozenset(("IPython", "ipykernel", "zmq", "tornado", "tqdm", "trackbook", "joblib"))
_EXAMPLE = 5
_MAX_FEATURES = 1_000
# Only what these libraries wrote is called by autologging itself: it has no effects that anybody would see.
_PURE = frozenset(
    ("sklearn", "xgboost", "lightgbm", "numpy", "scipy", "pandas", "builtins", "math", "operator")
)
_NOT_PREDICTING = ("scoring", "scorer_", "cv")  # what a search chooses by plays no part in predictions
_SCALARS = ("inertia_", "oob_score_", "n_iter_", "best_loss_", "lower_bound_", "best_score_")
# Of XGBoost, which counts from 0, and LightGBM, which counts from 1, where the training was stopped early.
_BEST = {"best_iteration": 0, "best_iteration_": 1}
_CURVES = {
    "loss_curve_": "loss", "validation_scores_": "validation_score", "validation_score_": "validation_score",
    "train_score_": "train_score",
}  # fmt: skip


class Given(NamedTuple):
    """The data that a method was given."""

    X: Any = None  # scikit-learn's own name for it
    y: Any = None
    sample_weight: Any = None

    @classmethod
    def of(cls, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> "Given":
        """Read what was given by place and by name."""
        data = kwargs.get("X", args[0] if args else None)
        target = kwargs.get("y", args[1] if len(args) > 1 else None)
        return cls(data, target, kwargs.get("sample_weight"))


def is_model(model: Any) -> bool:
    """Tell whether an estimator predicts; one that only transforms is recorded as a part of a pipeline."""
    return any(hasattr(model, name) for name in ("predict", "fit_predict", "score_samples"))


def params_of(model: Any) -> dict[str, Any]:
    """Return an estimator's parameters and those of its parts, without the parts themselves."""
    values: dict[str, Any] = model.get_params(deep=True)
    # These two have dozens of parameters that are None until the library chooses.
    leaves_out_none = type(model).__module__.startswith(("xgboost.", "lightgbm."))
    return {
        key: value
        for key, value in values.items()
        if not _is_list_of_parts(value) and not (leaves_out_none and value is None)
    }


def record(fit: Fit, model: Any, given: Given, seconds: float, options: Options) -> None:
    """Record what a fit came to. What one part of it raises keeps the others from nothing."""
    if search_cv.is_search(model):
        attempt("the candidates of a search", lambda: search_cv.record_search(fit, model))
    attempt("what a model learned", lambda: _record_scalars(fit, model))
    attempt("a learning curve", lambda: _record_curves(fit, _last_step(model)))
    if options.training:
        attempt("scores on the training data", lambda: _record_training(fit, model, given, seconds))
    attempt("feature importances", lambda: _record_importances(fit, model))
    if options.models:
        attempt("the fitted model", lambda: _store_model(fit, model, given.X, seconds))


def _is_list_of_parts(value: Any) -> bool:
    return isinstance(value, list) and any(
        isinstance(item, tuple) and len(item) > 1 and (hasattr(item[1], "get_params") or item[1] is None)
        for item in value
    )


def _last_step(model: Any) -> Any:
    model = vars(model).get("best_estimator_", model)
    steps = vars(model).get("steps")
    return steps[-1][1] if isinstance(steps, list) and steps else model


def _record_scalars(fit: Fit, model: Any) -> None:
    found = {**vars(_last_step(model)), **vars(model)}
    values = {name[:-1]: found[name] for name in _SCALARS if _is_number(found.get(name))}
    last = _last_step(model)
    for name, least in _BEST.items():
        best = _attribute(last, name)
        if best is not None and _is_number(best) and best >= least:
            values["best_iteration"] = best
    if values:
        fit.log(values)


def _record_curves(fit: Fit, model: Any) -> None:
    for name, metric in _CURVES.items():
        points = vars(model).get(name)
        if points is None or not hasattr(points, "__len__"):
            continue
        for step, value in enumerate(points):
            if _is_number(value):
                fit.log({metric: float(value)}, {"dataset": TRAIN}, step)


def _is_number(value: Any) -> bool:
    import numpy as np

    return isinstance(value, (int, float, np.number)) and not isinstance(value, bool)


# Scores on the training data


def _record_training(fit: Fit, model: Any, given: Given, seconds: float) -> None:
    from sklearn.base import is_classifier, is_regressor

    if given.X is None or given.y is None or not _is_pure(model):
        return
    if not (is_classifier(model) or is_regressor(model)) or not hasattr(model, "predict"):
        return
    if _may_draw(model) and others_run():
        fit.tag("autolog.training", "no scores: the model draws random numbers, and other threads run")
        return
    with _unseen(model):
        rows = length_of(given.X)
        allowed = max(BUDGET, seconds * _SHARE)
        if rows > _PROBE:
            began = time.perf_counter()
            model.predict(first_rows(given.X, _PROBE))
            expected = (time.perf_counter() - began) * rows / _PROBE
            if expected > allowed:
                fit.tag("autolog.training", f"no scores: they would take about {expected:.1f} s")
                return
        predicted = model.predict(given.X)
        weights = given.sample_weight
        if is_classifier(model):
            values = _classification(given.y, predicted, weights)
        else:
            values = _regression(given.y, predicted, weights)
    if values:
        fit.log(values, {"dataset": TRAIN})


def _classification(y: Any, predicted: Any, weights: Any) -> dict[str, float]:
    from sklearn import metrics

    values: dict[str, float] = {"accuracy_score": metrics.accuracy_score(y, predicted, sample_weight=weights)}
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        y, predicted, average="weighted", sample_weight=weights, zero_division=0
    )
    weighted = {"precision_score": precision, "recall_score": recall, "f1_score": f1}
    return {
        "score": values["accuracy_score"],
        **values,
        **{key: float(value) for key, value in weighted.items()},
    }


def _regression(y: Any, predicted: Any, weights: Any) -> dict[str, float]:
    from sklearn import metrics

    r2 = metrics.r2_score(y, predicted, sample_weight=weights)
    mse = metrics.mean_squared_error(y, predicted, sample_weight=weights)
    mae = metrics.mean_absolute_error(y, predicted, sample_weight=weights)
    values = {
        "score": r2, "r2_score": r2, "mean_squared_error": mse, "root_mean_squared_error": mse**0.5,
        "mean_absolute_error": mae,
    }  # fmt: skip
    return {key: float(value) for key, value in values.items()}


def _is_pure(model: Any) -> bool:
    parts = {**model.get_params(deep=True), **vars(model)}
    values = [value for name, value in parts.items() if not name.endswith(_NOT_PREDICTING)]
    for value in [model, *values]:
        kind = value if callable(value) and hasattr(value, "__module__") else type(value)
        if (hasattr(value, "get_params") or callable(value)) and not _is_of_pure_library(kind):
            return False
    return True


def _is_of_pure_library(kind: Any) -> bool:
    return str(getattr(kind, "__module__", "") or "builtins").partition(".")[0] in _PURE


@contextlib.contextmanager
def _unseen(model: Any) -> Iterator[None]:
    """Leave random numbers as they were, and show neither warnings nor progress."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(_same_randomness(model))
        # Filters and streams belong to the whole process: from another thread they are left alone.
        if threading.current_thread() is threading.main_thread():
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
            if any(value for key, value in model.get_params(deep=True).items() if key.endswith("verbose")):
                stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
                stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
        yield


@contextlib.contextmanager
def _same_randomness(model: Any) -> Iterator[None]:
    """Put random states back where the model drew from them, if no other thread could have drawn meanwhile."""
    import numpy as np

    if others_run():  # what they drew must not be rolled back
        yield
        return
    held = [*model.get_params(deep=True).values(), *vars(model).values()]
    states = [value for value in held if isinstance(value, np.random.RandomState)]
    generators = [value for value in held if isinstance(value, np.random.Generator)]
    legacy = [(state, state.get_state(legacy=False)) for state in states]
    bits = [(generator, generator.bit_generator.state) for generator in generators]
    whole, plain = np.random.get_state(legacy=False), random.getstate()
    try:
        yield
    finally:
        if not others_run():
            if random.getstate() != plain:
                random.setstate(plain)
            if not _is_same(np.random.get_state(legacy=False), whole):
                np.random.set_state(whole)
            for state, before in legacy:
                state.set_state(before)
            for generator, bit in bits:
                generator.bit_generator.state = bit


def _is_same(state: Any, other: Any) -> bool:
    import numpy as np

    if isinstance(state, dict):
        return state.keys() == other.keys() and all(_is_same(state[key], other[key]) for key in state)
    return bool(np.array_equal(state, other))


def others_run() -> bool:
    """Tell whether another thread runs than those of the kernel, joblib and Trackbook, which draw no numbers."""
    current = threading.current_thread()
    return any(
        thread is not current
        and not thread.name.startswith(_QUIET_THREADS)
        and type(thread).__module__.partition(".")[0] not in _QUIET_PACKAGES
        for thread in _threads()
    )


def _may_draw(model: Any) -> bool:
    """Tell whether a model, or a part of it, may draw random numbers when it predicts."""
    seen: set[int] = set()
    waiting = [model]
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, (list, tuple)):
            waiting.extend(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())
        elif hasattr(value, "get_params"):
            strategy = vars(value).get("strategy") if type(value).__name__ == "DummyClassifier" else None
            if type(value).__name__ in _DRAWING or strategy in ("stratified", "uniform"):
                return True
            waiting.extend(vars(value).values())
    return False


# What the features are worth


def _record_importances(fit: Fit, model: Any) -> None:
    import numpy as np

    last = _last_step(model)
    if not _is_of_pure_library(type(last)):
        return
    for kind in ("feature_importances_", "coef_"):
        values = _attribute(last, kind)
        if values is None:
            continue
        values = values.toarray() if hasattr(values, "toarray") else np.asarray(values)
        if values.ndim not in (1, 2) or values.size == 0:
            continue
        rows = values.reshape(-1, values.shape[-1]).astype(float)
        names = _feature_names(model, last, rows.shape[1])
        weight = np.abs(rows).sum(axis=0)
        order = np.argsort(-weight, kind="stable")[:_MAX_FEATURES]
        content = {
            "kind": kind,
            "features": [names[index] for index in order],
            "values": [[float(row[index]) for index in order] for row in rows],
            "left_out": int(rows.shape[1] - len(order)),
        }
        fit.json("importances.json", content)
        return


def _attribute(model: Any, name: str) -> Any:
    # Some compute it, and some raise where it makes no sense, as a kernel SVM does.
    try:
        return getattr(model, name, None)
    except Exception:
        return None


def _feature_names(model: Any, last: Any, count: int) -> list[str]:
    names: Any = _attribute(last, "feature_names_in_")
    best = vars(model).get("best_estimator_", model)
    if names is None and isinstance(vars(best).get("steps"), list) and _is_pure(best):
        names = attempt_names(best)
    plain = [str(name) for name in names] if names is not None else []
    return plain if len(plain) == count else [f"x{index}" for index in range(count)]


def attempt_names(pipeline: Any) -> Any:
    """Return the names of what a pipeline's last step is given, None where its steps do not tell."""
    try:
        return pipeline[:-1].get_feature_names_out()
    except Exception:
        return None


def _store_model(fit: Fit, model: Any, data: Any, seconds: float) -> None:
    if not _is_pure(model) or (_may_draw(model) and others_run()):
        fit.model(model, seconds)
        return
    # What it gives for the example is a part of its signature.
    with _unseen(model):
        fit.model(model, seconds, _example(data))


def _example(data: Any) -> Any:
    pandas = sys.modules.get("pandas")
    is_table = pandas is not None and isinstance(data, pandas.DataFrame)
    return first_rows(data, _EXAMPLE) if is_table or getattr(data, "ndim", 0) == 2 else None
