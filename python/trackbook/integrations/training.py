"""Training functions whose progress is told to callbacks: one is added to those that the user gave."""

import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from types import FrameType, ModuleType
from typing import Any, Protocol

from trackbook.integrations.describing import name_of
from trackbook.integrations.fits import Fit
from trackbook.integrations.memory import fit_of, remember_fit, remember_prediction
from trackbook.integrations.patching import Patches
from trackbook.integrations.recording import record_fit
from trackbook.integrations.watching import (
    attempt,
    current_fit,
    is_inside,
    is_users_call,
    options,
)

_HERE = __name__


class Trainer(Protocol):
    """What is particular to one library."""

    library: str
    name: str

    def callback(self, fit: Fit) -> Any:
        """Return a callback that logs the metrics of each iteration."""

    def params(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters among the arguments of a call, by name."""

    def data(self, arguments: Mapping[str, Any]) -> Any:
        """Return the data that is trained on."""

    def record(self, fit: Fit, model: Any) -> None:
        """Record what the trained model came to."""


TRAINERS: dict[str, Trainer] = {}


def watch_train(trainer: Trainer, homes: list[ModuleType], patches: Patches) -> None:
    """Watch the function `train` of a library, wherever its modules have it, and where the user imported it."""
    TRAINERS[trainer.library] = trainer
    original = vars(homes[0])["train"]
    watching = _watching(original, trainer.library)
    for home in homes:
        if vars(home).get("train") is original:
            patches.replace(home, "train", watching)
    patches.replace_imported([(original, watching)])


def watch_predict(library: str, kind: type, patches: Patches) -> None:
    """Watch the method `predict` of a library's own kind of model."""
    original = vars(kind)["predict"]
    here = _HERE

    @functools.wraps(original)
    def predict(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(self, *args, **kwargs)
        watcher = sys.modules.get(here)
        if watcher is not None:
            watcher.predicted(library, self, args, kwargs, result, sys._getframe(1))
        return result

    patches.replace(kind, "predict", predict)


def predicted(
    library: str, model: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any, frame: FrameType
) -> None:
    """Remember what a model predicted, if it was the user who asked."""
    if is_users_call(library, frame):
        attempt("a model's prediction", lambda: _remember(model, args, kwargs, result, frame))


def _remember(
    model: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any, frame: FrameType
) -> None:
    if (fitted := fit_of(model)) is not None:
        data = kwargs.get("data", args[0] if args else None)
        remember_prediction(result, fitted.fit, name_of(data, frame))


def _watching(original: Callable[..., Any], library: str) -> Callable[..., Any]:
    here = _HERE

    @functools.wraps(original)
    def train(*args: Any, **kwargs: Any) -> Any:
        watcher = sys.modules.get(here)
        if watcher is None:
            return original(*args, **kwargs)
        return watcher.call(library, original, args, kwargs, sys._getframe(1))

    return train


def call(
    library: str,
    original: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    frame: FrameType,
) -> Any:
    """Call a training function, and record it: as the user's own fit, or as the main part of an estimator's."""
    trainer = TRAINERS[library]
    current = current_fit()
    if current is not None:
        if not all(_passes_on(model) for model in current[1][:-1]):
            return original(*args, **kwargs)
        with_callback = attempt(
            "the course of a training", lambda: _add_callback(trainer, current[0], original, args, kwargs)
        )
        return with_callback() if with_callback is not None else original(*args, **kwargs)
    if is_inside() or not is_users_call(library, frame):
        return original(*args, **kwargs)
    return _fit(trainer, original, args, kwargs)


def _fit(
    trainer: Trainer, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    arguments = attempt("a fit's parameters", lambda: _arguments(original, args, kwargs)) or {}

    def train(fit: Fit | None) -> Any:
        told = None
        if fit is not None:
            told = attempt(
                "the course of a training", lambda: _add_callback(trainer, fit, original, args, kwargs)
            )
        return told() if told is not None else original(*args, **kwargs)

    def finish(fit: Fit, model: Any, seconds: float) -> None:
        attempt("a trained model", lambda: remember_fit(model, fit, trainer.data(arguments)))
        attempt("what a model learned", lambda: trainer.record(fit, model))
        if options().models:
            attempt("the fitted model", lambda: fit.model(model, seconds))

    return record_fit(
        trainer.library, trainer.name, train, lambda fit: fit.params(trainer.params(arguments)), finish
    )


def _passes_on(model: Any) -> bool:
    # Estimators that fit the last one once, as the user would; any other fits it many times over.
    return any(kind.__name__ in ("Pipeline", "TransformedTargetRegressor") for kind in type(model).__mro__)


def _arguments(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    try:
        return dict(inspect.signature(original).bind(*args, **kwargs).arguments)
    except TypeError:  # the call itself is about to say what is wrong with it
        return dict(kwargs)


def _add_callback(
    trainer: Trainer, fit: Fit, original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Callable[[], Any] | None:
    try:
        bound = inspect.signature(original).bind(*args, **kwargs)
    except TypeError:
        return None
    bound.arguments["callbacks"] = [*(bound.arguments.get("callbacks") or ()), trainer.callback(fit)]
    return functools.partial(original, *bound.args, **bound.kwargs)


def log_evaluations(fit: Fit, dataset: str, values: Mapping[str, float], step: int) -> None:
    """Log one iteration's metrics of one evaluation set."""
    fit.log(values, {"dataset": dataset}, step)


def record_gains(fit: Fit, names: list[str], gains: list[float]) -> None:
    """Store the gain of each feature, the greatest first."""
    pairs = sorted(zip(names, gains, strict=True), key=lambda pair: -pair[1])
    content = {
        "kind": "gain",
        "features": [name for name, _ in pairs],
        "values": [[float(gain) for _, gain in pairs]],
        "left_out": 0,
    }
    fit.json("importances.json", content)
