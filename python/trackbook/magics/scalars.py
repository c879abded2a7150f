"""Which of a cell's values are simple enough to be its parameters, and which are numbers, so its metrics."""

import numbers
from collections.abc import Iterable, Mapping
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
    return {
        name: namespace[name] for name in names if _is_public(name, namespace) and _is_simple(namespace[name])
    }


def metrics_in(names: Iterable[str], namespace: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of `names` whose value is a number; arrays and tensors without dimensions are, too."""
    return {
        name: namespace[name] for name in names if _is_public(name, namespace) and _is_number(namespace[name])
    }


def _is_public(name: str, namespace: Mapping[str, Any]) -> bool:
    return not name.startswith("_") and name in namespace


def _is_number(value: object) -> bool:
    # numpy registers its scalars as numbers.
    if isinstance(value, numbers.Real):
        return not isinstance(value, bool)
    return _is_point(value, "fiu")


def _is_simple(value: object) -> bool:
    kind = type(value)
    if kind in (list, tuple):
        return 0 < len(value) <= MAX_ITEMS and all(map(_is_scalar, value))  # type: ignore[arg-type, call-overload]
    if isinstance(value, dict):
        return 0 < len(value) <= MAX_KEYS and all(
            isinstance(key, str) and _is_scalar(item) for key, item in value.items()
        )
    return _is_scalar(value)


def _is_scalar(value: object) -> bool:
    if value is None or isinstance(value, (numbers.Real, bool)):
        return True
    if isinstance(value, Enum):
        return isinstance(value.value, (numbers.Real, str))
    if isinstance(value, (str, PurePath)):
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
