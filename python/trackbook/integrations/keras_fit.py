"""Keras: a callback beside those that `Model.fit` was given."""

import functools
import inspect
import sys
import tempfile
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

from trackbook.domain.values import flatten
from trackbook.integrations.describing import describe
from trackbook.integrations.fits import Fit
from trackbook.integrations.memory import TRAIN
from trackbook.integrations.patching import Patches
from trackbook.integrations.recording import record_fit
from trackbook.integrations.watching import attempt, is_users_call, options

_HERE = __name__
_PARAMETERS = (
    "batch_size", "epochs", "validation_split", "shuffle", "initial_epoch", "steps_per_epoch", "validation_steps",
    "validation_batch_size", "validation_freq",
)  # fmt: skip


def watch_keras(module: ModuleType, patches: Patches) -> None:
    """Watch `fit` of the class that Keras's models have it from."""
    owner = next(kind for kind in module.Model.__mro__ if "fit" in vars(kind))
    original = vars(owner)["fit"]
    here = _HERE

    @functools.wraps(original)
    def fit(self: Any, *args: Any, **kwargs: Any) -> Any:
        watcher = sys.modules.get(here)
        if watcher is None:
            return original(self, *args, **kwargs)
        return watcher.call(original, self, args, kwargs, sys._getframe(1))

    patches.replace(owner, "fit", fit)


def call(
    original: Callable[..., Any], model: Any, args: tuple[Any, ...], kwargs: dict[str, Any], frame: FrameType
) -> Any:
    """Call a model's `fit`, and record it if it is the user's own call."""
    if not is_users_call("keras", frame):
        return original(model, *args, **kwargs)

    def fit_model(fit: Fit | None) -> Any:
        arguments = attempt(
            "the course of a training", lambda: _with_callback(fit, original, model, args, kwargs)
        )
        if arguments is None:
            return original(model, *args, **kwargs)
        return original(*arguments.args, **arguments.kwargs)

    return record_fit(
        "keras",
        type(model).__name__,
        fit_model,
        lambda fit: fit.params(_params(original, model, args, kwargs)),
        lambda fit, result, seconds: _finish(fit, model),
    )


def _params(
    original: Callable[..., Any], model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    bound = inspect.signature(original).bind(model, *args, **kwargs)
    bound.apply_defaults()
    params = {name: bound.arguments[name] for name in _PARAMETERS if bound.arguments.get(name) is not None}
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None:
        config = {name: value for name, value in optimizer.get_config().items() if value is not None}
        params |= flatten({"optimizer": config})
    loss = getattr(model, "loss", None)
    if loss is not None:
        params["loss"] = loss if isinstance(loss, (str, list, dict)) else describe(type(loss))
        if callable(loss) and hasattr(loss, "__name__"):
            params["loss"] = loss.__name__
    return params


def _with_callback(
    fit: Fit | None, original: Callable[..., Any], model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> inspect.BoundArguments | None:
    if fit is None:
        return None
    try:
        bound = inspect.signature(original).bind(model, *args, **kwargs)
    except TypeError:  # the call itself is about to say what is wrong with it
        return None
    given = bound.arguments.get("callbacks")
    if given is not None and not isinstance(given, (list, tuple)):
        if hasattr(given, "callbacks"):  # a ready CallbackList, which is the user's
            return None
        given = [given]
    bound.arguments["callbacks"] = [*(given or ()), _progress(fit)]
    return bound


def _progress(fit: Fit) -> Any:
    base: Any = import_module("keras.callbacks").Callback

    class Progress(base):  # type: ignore[misc]  # a class that is known when Keras is
        def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
            attempt("a metric of a training", lambda: _log(fit, epoch, logs or {}))

    return Progress()


def _log(fit: Fit, epoch: int, logs: Mapping[str, Any]) -> None:
    train = {name: value for name, value in logs.items() if not name.startswith("val_")}
    validation = {name[4:]: value for name, value in logs.items() if name.startswith("val_")}
    for dataset, values in ((TRAIN, train), ("validation", validation)):
        if values:
            fit.log(values, {"dataset": dataset}, epoch)


def _finish(fit: Fit, model: Any) -> None:
    lines: list[str] = []
    model.summary(print_fn=lambda line, *args, **kwargs: lines.append(str(line)))
    fit.bytes("model_summary.txt", "\n".join(lines).encode(), "text/plain")
    if options().models:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"
            model.save(path)
            fit.file("model.keras", path)
