"""`trackbook.autolog()`: what libraries fit is recorded without a line of the user's."""

import threading
from collections.abc import Callable
from importlib.util import find_spec
from types import ModuleType

from trackbook.errors import UsageError
from trackbook.integrations.importing import ImportWatch
from trackbook.integrations.patching import Patches
from trackbook.integrations.watching import Options, attempt, watch, watched
from trackbook.integrations.watching import no_autolog as no_autolog

LIBRARIES = ("sklearn", "xgboost", "lightgbm", "keras", "lightning")
_ALIASES = {"scikit-learn": "sklearn", "pytorch_lightning": "lightning", "pytorch-lightning": "lightning"}
# The names under which a library may be installed.
_PACKAGES = {"lightning": ("lightning", "pytorch_lightning")}


def autolog(*libraries: str | bool, models: bool = True, training: bool = True) -> tuple[str, ...]:
    """Record what these libraries (by default all installed ones) fit from now on, in the open run or one of its own.

    Libraries are "sklearn", "xgboost", "lightgbm", "keras" and "lightning"; one that is imported later is recorded from
    then on. `models=False` leaves the fitted models out, `training=False` the scores on the training data.
    `autolog(False)` switches all off, `autolog("keras", False)` one of them; `with no_autolog():` leaves out one block.
    Returns the libraries that are on. Raises UsageError for one that is not known or not installed.
    """
    for given in libraries:
        if not isinstance(given, (str, bool)):
            raise UsageError(f"autolog takes names of libraries, or False; not {given!r}.")
    names = [_known(given) for given in libraries if isinstance(given, str)]
    on = False not in libraries
    with _lock:
        if not on:
            left = watched() - frozenset(names or LIBRARIES)
            watch(left)
            if not left:
                _switch_off()
            return _in_order(left)
        for name in names:
            if not _is_installed(name):
                raise UsageError(f"{name} is not installed in this environment, so it can't be autologged.")
        chosen = frozenset(names) if names else frozenset(name for name in LIBRARIES if _is_installed(name))
        chosen |= watched() if names else frozenset()
        _switch_on()
        watch(chosen, Options(models, training))
        return _in_order(chosen)


def _known(name: str) -> str:
    name = _ALIASES.get(name, name)
    if name not in LIBRARIES:
        raise UsageError(f"autolog knows no library {name!r}; it knows {', '.join(LIBRARIES)}.")
    return name


def _is_installed(name: str) -> bool:
    return any(find_spec(package) is not None for package in _PACKAGES.get(name, (name,)))


def _in_order(names: frozenset[str]) -> tuple[str, ...]:
    return tuple(name for name in LIBRARIES if name in names)


def _switch_on() -> None:
    # All are watched while any is on: an estimator of LightGBM is one of scikit-learn's, too.
    global _is_on
    if not _is_on:
        _is_on = True
        for module, prepare in _MODULES.items():
            _imports.when_imported(module, prepare)


def _switch_off() -> None:
    global _is_on
    _is_on = False
    _imports.stop()
    _patches.undo()
    from trackbook.integrations.fits import close_late
    from trackbook.integrations.memory import forget

    close_late()
    forget()


def _prepare(what: str, call: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
    return lambda module: attempt(f"what {what} does", lambda: call(module))


def _sklearn(module: ModuleType) -> None:
    from trackbook.integrations.estimators import watch_estimators

    watch_estimators(module, _patches)


def _metrics(module: ModuleType) -> None:
    from trackbook.integrations.sklearn_metrics import watch_metrics

    watch_metrics(module, _patches)


def _xgboost(module: ModuleType) -> None:
    from trackbook.integrations.xgboost_train import watch_xgboost

    watch_xgboost(module, _patches)


def _lightgbm(module: ModuleType) -> None:
    from trackbook.integrations.lightgbm_train import watch_lightgbm

    watch_lightgbm(module, _patches)


def _keras(module: ModuleType) -> None:
    from trackbook.integrations.keras_fit import watch_keras

    watch_keras(module, _patches)


def _lightning(module: ModuleType) -> None:
    from trackbook.integrations.lightning_fit import watch_lightning

    watch_lightning(module, _patches)


_MODULES = {
    "sklearn.base": _prepare("scikit-learn", _sklearn),
    "sklearn.metrics": _prepare("scikit-learn", _metrics),
    "xgboost": _prepare("XGBoost", _xgboost),
    "lightgbm": _prepare("LightGBM", _lightgbm),
    "keras": _prepare("Keras", _keras),
    "lightning.pytorch": _prepare("Lightning", _lightning),
    "pytorch_lightning": _prepare("Lightning", _lightning),
}
_lock = threading.RLock()
_patches = Patches()
_imports = ImportWatch()
_is_on = False
