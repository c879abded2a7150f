"""Watches the functions of sklearn.metrics: what they give for a fitted model's predictions is a metric of its run."""

import functools
import re
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

from trackbook.integrations.describing import name_of, shorten
from trackbook.integrations.memory import prediction_of
from trackbook.integrations.patching import Patches
from trackbook.integrations.watching import attempt, inside, is_inside, is_library, is_on

_SCORES = re.compile(r"(_score|_loss|_error|_deviance|coef|_index)\Z")
_ORIGINAL, _MODULE = "<original>", "<module>"
# What is not read any more is still named, for the closure to be as long as that of the function's own code.
_SOURCE = f"""
def build({{outer}}):
    def metric(*args, **kwargs):
        if False:
            ({{outer}})
        original = {_ORIGINAL!r}
        result = original(*args, **kwargs)
        sys = __import__("sys")
        watcher = sys.modules.get({_MODULE!r})
        if watcher is not None:
            watcher.called(original.__name__, args, kwargs, result, sys._getframe(1))
        return result
    return metric
"""


def watch_metrics(module: ModuleType, patches: Patches) -> None:
    """Watch the functions of `module` that give one number, wherever they have been imported."""
    for name in module.__all__:
        function = getattr(module, name, None)
        if _SCORES.search(name) and isinstance(function, FunctionType):
            _watch(function, patches)


def _watch(function: FunctionType, patches: Patches) -> None:
    # The function stays the same object, with other code: pickle stores it by its name, and refuses one that is not
    # the same as what it finds there. Scorers and searches hold functions, and may outlive autologging.
    original = FunctionType(
        function.__code__,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    functools.update_wrapper(original, function)
    original.__kwdefaults__ = function.__kwdefaults__
    if "__wrapped__" in vars(function):
        original.__wrapped__ = vars(function)["__wrapped__"]  # type: ignore[attr-defined]
    else:
        patches.replace(function, "__wrapped__", original)  # where its signature is read
        del original.__wrapped__  # type: ignore[attr-defined]
    patches.replace(function, "__code__", _watching_code(function.__code__, original))


def _watching_code(code: CodeType, original: FunctionType) -> CodeType:
    """Return code that fits the closure of `code`, calls `original` and tells what it returned."""
    names: dict[str, Any] = {}
    exec(_SOURCE.format(outer="".join(f"{name}, " for name in code.co_freevars) or "_"), names)
    made: CodeType = names["build"](*(None for _ in code.co_freevars or "_")).__code__
    held = {_ORIGINAL: original, _MODULE: __name__}
    return made.replace(
        # It has to work with the names of any module, so that what it calls is a constant in it.
        co_consts=tuple(held.get(item, item) if isinstance(item, str) else item for item in made.co_consts),
        co_name=code.co_name,
        co_filename=code.co_filename,
        co_firstlineno=code.co_firstlineno,
    )


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
