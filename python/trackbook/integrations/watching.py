"""Whether a call is one to record: made by the user's own code, in this process, while autologging is on."""

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from trackbook.services.warning import warn

if TYPE_CHECKING:
    from trackbook.integrations.fits import Fit

Result = TypeVar("Result")


class Options(NamedTuple):
    """What is recorded beside parameters and scores: the fitted models, and scores on the training data."""

    models: bool = True
    training: bool = True


class _Thread(threading.local):
    inside = False
    fit: "Fit | None" = None
    chain: tuple[Any, ...] = ()
    warned = False


# Code of these packages fits models on somebody's behalf: what it fits is part of a call that the user made.
_LIBRARIES = frozenset(
    (
        "sklearn",
        "imblearn",
        "xgboost",
        "lightgbm",
        "catboost",
        "joblib",
        "keras",
        "lightning",
        "pytorch_lightning",
    )
)

_thread = _Thread()
_off: ContextVar[bool] = ContextVar("trackbook_autolog_off", default=False)
_libraries: frozenset[str] = frozenset()
_options = Options()
_pid = 0
_said: set[str] = set()


def watch(libraries: frozenset[str], options: Options | None = None) -> None:
    """Record calls of these libraries from now on, and of no others."""
    global _libraries, _options, _pid
    _libraries, _pid = libraries, os.getpid()
    if options is not None:
        _options = options
    _said.clear()


def watched() -> frozenset[str]:
    """Return the libraries whose calls are recorded."""
    return _libraries


def options() -> Options:
    """Return what is recorded beside parameters and scores."""
    return _options


def is_on(library: str) -> bool:
    """Tell whether calls of `library` are recorded, here and now."""
    # A worker that was forked belongs to a call that the parent records.
    return library in _libraries and _pid == os.getpid() and not _off.get()


def is_users_call(library: str, frame: FrameType) -> bool:
    """Tell whether a call of `library` from this frame is the user's own, and is to be recorded."""
    return not _thread.inside and is_on(library) and not is_library(frame.f_globals.get("__name__"))


def is_library(module: object) -> bool:
    """Tell whether a module is part of a library that fits models."""
    return isinstance(module, str) and module.partition(".")[0] in _LIBRARIES


@contextlib.contextmanager
def inside(fit: "Fit | None" = None, model: Any = None) -> Iterator[None]:
    """Mark that this thread is in a recorded call, whose own calls are parts of it."""
    before = _thread.inside, _thread.fit, _thread.chain
    _thread.inside, _thread.fit, _thread.chain = True, fit, (model,)
    if not before[0]:
        _thread.warned = False
    try:
        yield
    finally:
        _thread.inside, _thread.fit, _thread.chain = before


@contextlib.contextmanager
def within(model: Any) -> Iterator[None]:
    """Mark that the recorded fit fits another model as a part of it."""
    before = _thread.chain
    if not before or before[-1] is not model:  # else its class calls that of its parent
        _thread.chain = (*before, model)
    try:
        yield
    finally:
        _thread.chain = before


def is_inside() -> bool:
    """Tell whether this thread is in a recorded call."""
    return _thread.inside


def current_fit() -> "tuple[Fit, tuple[Any, ...]] | None":
    """Return the fit that this thread is in, with the models that are being fitted, outermost first."""
    return (_thread.fit, _thread.chain) if _thread.fit is not None else None


def attempt(what: str, call: Callable[[], Result]) -> Result | None:
    """Return what `call()` returns. What it raises becomes a warning, once for each fault and each recorded call."""
    try:
        return call()
    except Exception as error:
        fault = f"{type(error).__name__}: {error}"
        if not _said.intersection((what, fault)) and not _thread.warned:
            warn(
                f"Autologging could not record {what} ({fault}). Your work goes on; this is "
                "said once. trackbook.autolog(False) switches autologging off.",
                stacklevel=4,
            )
        _said.update((what, fault))
        _thread.warned = _thread.inside
        return None


@contextlib.contextmanager
def no_autolog() -> Iterator[None]:
    """Record nothing by itself in this block: `with trackbook.no_autolog():`.

    It holds for the thread, or the asynchronous task, that runs the block.
    """
    token = _off.set(True)
    try:
        yield
    finally:
        _off.reset(token)
