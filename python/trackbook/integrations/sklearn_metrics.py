"""Watches the functions of sklearn.metrics: what they give for a fitted model's predictions is a metric of its run."""

import functools
import re
import sys
from collections.abc import Callable
from types import FrameType, FunctionType, ModuleType
from typing import Any

from trackbook.integrations.describing import name_of, shorten
from trackbook.integrations.memory import prediction_of
from trackbook.integrations.patching import Patches
from trackbook.integrations.watching import attempt, inside, is_inside, is_library, is_on

_SCORES = re.compile(r"(_score|_loss|_error|_deviance|coef|_index)\Z")
_HERE = __name__


def watch_metrics(module: ModuleType, patches: Patches) -> None:
    """Watch the functions of `module` that give one number, also where the user's modules imported them by name."""
    pairs: list[tuple[Any, Any]] = []
    for name in module.__all__:
        function = getattr(module, name, None)
        if not _SCORES.search(name) or not isinstance(function, FunctionType):
            continue
        watching = _watching(function)
        # Where it is defined, too: pickle stores a function by the place where it finds the same one.
        for home in (module, sys.modules.get(function.__module__)):
            if home is not None and vars(home).get(name) is function:
                patches.replace(home, name, watching)
        pairs.append((function, watching))
    patches.replace_imported(pairs)


def _watching(original: Callable[..., Any]) -> Callable[..., Any]:
    here = _HERE

    @functools.wraps(original)
    def metric(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        watcher = sys.modules.get(here)
        if watcher is not None:
            watcher.called(original.__name__, args, kwargs, result, sys._getframe(1))
        return result

    return metric


def called(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any, frame: FrameType) -> None:
    """Record what a metric function returned, if it was the user who called it, on predictions of a fitted model."""
    if is_inside() or is_library(frame.f_globals.get("__name__")):
        return
    with inside():
        attempt("a metric", lambda: _record(name, args, kwargs, result, frame))


def _record(name: str, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any, frame: FrameType) -> None:
    import numpy as np

    if not isinstance(result, (int, float, np.number)):
        return
    values = [*args, *kwargs.values()]
    found = [prediction for value in values if (prediction := prediction_of(value)) is not None]
    if not found or not is_on(found[-1].fit.library):
        return
    fit, dataset = found[-1]
    dataset = dataset or next(
        (name_of(value, frame) for value in values if prediction_of(value) is None), None
    )
    context = {key: shorten(str(value), 100) for key, value in kwargs.items() if _is_choice(value)}
    if dataset:
        context["dataset"] = dataset
    fit.log({name: result}, context)


def _is_choice(value: Any) -> bool:
    return isinstance(value, (str, bool, int, float))
