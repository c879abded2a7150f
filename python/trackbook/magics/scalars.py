"""Which of a cell's values are simple enough to be its parameters, and which are numbers, so its metrics."""

import contextlib
import numbers
import weakref
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from pathlib import PurePath
from typing import Any

MAX_TEXT = 500
MAX_ITEMS = 10
MAX_KEYS = 20


def parameters_in(names: Iterable[str], namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of `names` whose value is simple.

    That is a number, a truth value, None, a text or path of at most 500 characters, a list or tuple of at most 10 of
    these, or a dict of at most 20 of these with texts as keys. Arrays without dimensions count as numbers.
    """
    return _those_that(_is_simple, names, namespace)


def metrics_in(names: Iterable[str], namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of `names` whose value is a number; arrays and tensors without dimensions are, too."""
    return _those_that(_is_number, names, namespace)


class Found:
    """The numbers that a cell found under names that it assigns in branches, loops and blocks only."""

    def __init__(self, names: Iterable[str], namespace: Mapping[str, Any]) -> None:
        found = metrics_in(names, namespace).items()
        self._values = {name: _holder(value) for name, value in found if not _is_shared(value)}

    def left_alone(self, names: Iterable[str], namespace: Mapping[str, Any]) -> list[str]:
        """Return those of `names` that hold the very objects that were found."""
        return [
            name for name in names if name in self._values and self._values[name]() is namespace.get(name)
        ]


def _is_shared(value: object) -> bool:
    # Python has one object for each small number, so that nothing tells whether it was assigned anew.
    return type(value) is int and -5 <= value <= 1024


def _holder(value: object) -> Callable[[], object]:
    try:
        return weakref.ref(value)  # a tensor may hold much memory
    except TypeError:
        return lambda: value


def _those_that(
    test: Callable[[object], bool], names: Iterable[str], namespace: Mapping[str, Any]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in names:
        if name.startswith("_") or name not in namespace:
            continue
        with contextlib.suppress(
            Exception
        ):  # a class of the user's own may raise where it is asked what it is
            if test(namespace[name]):
                found[name] = namespace[name]
    return found


# What a value says of itself in `__class__`, as lazy proxies do, may run code or raise: only its type is asked.


def _is_number(value: object) -> bool:
    # numpy registers its scalars as numbers.
    if issubclass(type(value), numbers.Real):
        return not isinstance(value, bool)
    return _is_point(value, "fiu")


def _is_simple(value: object) -> bool:
    kind = type(value)
    if kind in (list, tuple):
        return 0 < len(value) <= MAX_ITEMS and all(map(_is_scalar, value))  # type: ignore[arg-type, call-overload]
    if issubclass(kind, dict):
        return 0 < len(value) <= MAX_KEYS and all(  # type: ignore[arg-type]
            issubclass(type(key), str) and _is_scalar(item)
            for key, item in value.items()  # type: ignore[attr-defined]
        )
    return _is_scalar(value)


def _is_scalar(value: object) -> bool:
    kind = type(value)
    if value is None or issubclass(kind, numbers.Real):
        return True
    if issubclass(kind, Enum):
        return issubclass(type(value.value), (numbers.Real, str))  # type: ignore[attr-defined]
    if issubclass(kind, (str, PurePath)):
        return len(str(value)) <= MAX_TEXT
    return _is_point(value, "fiub")


def _is_point(value: object, kinds: str) -> bool:
    # An array or tensor without dimensions, as a loss is. Its class is asked first: values may answer to anything.
    if not hasattr(type(value), "shape") or not hasattr(type(value), "item"):
        return False
    try:
        if getattr(value, "shape", None) != ():
            return False
        kind = getattr(getattr(value, "dtype", None), "kind", None)  # numpy says; torch has none
        return kind in kinds if isinstance(kind, str) else not getattr(value.dtype, "is_complex", False)  # type: ignore[attr-defined]
    except Exception:
        return False
