"""Watches the methods of every class that derives from scikit-learn's BaseEstimator, whoever wrote it.

A class keeps its signature, and an object its type and its pickle. What stands in the place of a method looks this
module up when it is called: a class of a notebook that cloudpickle carries elsewhere works where there is no Trackbook.
"""

import functools
import sys
from collections.abc import Callable, Iterator
from types import FrameType, FunctionType, ModuleType
from typing import Any, Literal

from trackbook.integrations import sklearn_fit
from trackbook.integrations.describing import name_of
from trackbook.integrations.fits import Fit
from trackbook.integrations.memory import TRAIN, fit_of, remember_fit, remember_prediction
from trackbook.integrations.patching import Patches
from trackbook.integrations.recording import record_fit
from trackbook.integrations.watching import attempt, inside, is_inside, is_on, is_users_call, options, within

Role = Literal["fit", "predict", "score"]

ROLES: dict[str, Role] = {
    "fit": "fit", "fit_predict": "fit", "fit_transform": "fit",
    "predict": "predict", "predict_proba": "predict", "predict_log_proba": "predict", "decision_function": "predict",
    "score": "score",
}  # fmt: skip
_HERE = __name__


def watch_estimators(module: ModuleType, patches: Patches) -> None:
    """Watch the classes that derive from `module.BaseEstimator` now, and those that will."""
    base: type[Any] = module.BaseEstimator
    for kind in [base, *_subclasses(base)]:
        watch_class(kind, patches)
    own = base.__dict__.get("__init_subclass__")

    def watch_subclass(cls: type[Any], /, **kwargs: Any) -> None:
        if own is not None:
            own.__get__(None, cls)(**kwargs)
        else:
            super(base, cls).__init_subclass__(**kwargs)
        attempt("a new class of estimators", lambda: watch_class(cls, patches))

    patches.replace(base, "__init_subclass__", classmethod(watch_subclass))


def watch_class(kind: type, patches: Patches) -> None:
    """Watch the methods that a class has, where they are defined: in itself or in a class that it derives from."""
    for owner in kind.__mro__[:-1]:
        for name, role in ROLES.items():
            method = owner.__dict__.get(name)
            if isinstance(method, FunctionType):
                if not hasattr(method, "_trackbook_role"):
                    patches.replace(owner, name, _watching(method, role))
            # A method that is there only if a step or an inner model has it: scikit-learn's own descriptor.
            elif isinstance(function := getattr(method, "fn", None), FunctionType) and not hasattr(
                function, "_trackbook_role"
            ):
                patches.replace(method, "fn", _watching(function, role))


def _watching(original: Callable[..., Any], role: Role) -> Callable[..., Any]:
    here = _HERE

    @functools.wraps(original)
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        watcher = sys.modules.get(here)
        if watcher is None:
            return original(self, *args, **kwargs)
        return watcher.call(role, original, self, args, kwargs, sys._getframe(1))

    method._trackbook_role = role  # type: ignore[attr-defined]
    return method


def library_of(kind: type) -> str:
    """Return the library whose switch a class of estimators follows."""
    root = kind.__module__.partition(".")[0]
    return root if root in ("xgboost", "lightgbm") else "sklearn"


def call(
    role: Role,
    original: Callable[..., Any],
    model: Any,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    frame: FrameType,
) -> Any:
    """Call a method of a model, and record it if it is the user's own call."""
    if is_inside():
        if role != "fit":
            return original(model, *args, **kwargs)
        with within(model):
            return original(model, *args, **kwargs)
    library = library_of(type(model))
    if not is_users_call(library, frame):
        if role != "fit" or not is_on(library):
            return original(model, *args, **kwargs)
        # By scikit-learn itself, perhaps in a thread of its own: what is fitted in here is a part of that call.
        with inside():
            return original(model, *args, **kwargs)
    if role == "fit":
        if not attempt("what kind of model this is", lambda: sklearn_fit.is_model(model)):
            return original(model, *args, **kwargs)
        return _fit(original, model, args, kwargs)
    with inside():
        result = original(model, *args, **kwargs)
        attempt("a model's prediction", lambda: _remember(role, model, args, kwargs, result, frame))
    return result


def _fit(original: Callable[..., Any], model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    def fit_model(fit: Fit | None) -> Any:
        with inside(fit, model):
            return original(model, *args, **kwargs)

    def finish(fit: Fit, result: Any, seconds: float) -> None:
        given = sklearn_fit.Given.of(args, kwargs)
        attempt("a fitted model", lambda: _remember_fit(fit, model, given, result, original.__name__))
        sklearn_fit.record(fit, model, given, seconds, options())

    return record_fit(
        library_of(type(model)),
        type(model).__name__,
        fit_model,
        lambda fit: fit.params(sklearn_fit.params_of(model)),
        finish,
    )


def _remember_fit(fit: Fit, model: Any, given: "sklearn_fit.Given", result: Any, method: str) -> None:
    remember_fit(model, fit, given.X)
    best = vars(model).get("best_estimator_")
    if best is not None:
        remember_fit(best, fit, given.X)
    if method == "fit_predict":
        remember_prediction(result, fit, TRAIN)


def _remember(
    role: Role, model: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any, frame: FrameType
) -> None:
    fitted = fit_of(model)
    if fitted is None:
        return
    given = sklearn_fit.Given.of(args, kwargs)
    dataset = TRAIN if fitted.is_training_data(given.X) else name_of(given.X, frame)
    if role == "predict":
        remember_prediction(result, fitted.fit, dataset)
    else:
        dataset = dataset or name_of(given.y, frame)
        fitted.fit.log({"score": result}, {"dataset": dataset} if dataset else None)


def _subclasses(kind: type) -> Iterator[type]:
    subs: list[type] = kind.__subclasses__()
    for sub in subs:
        yield sub
        yield from _subclasses(sub)
