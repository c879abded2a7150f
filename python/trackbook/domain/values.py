"""Values that can be stored: numbers unwrapped, parameters as JSON values, NaN and infinities kept."""

import math
import sys
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import Any

from trackbook.errors import InvalidValue

MAX_PARAMETER = 64_000
_NON_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def to_number(name: str, value: object) -> float:
    """Return `value` as a float: numbers, booleans, and one-element arrays and tensors (numpy, torch ...).

    Raises InvalidValue for anything else.
    """
    kind = type(value)
    if kind is float:
        return value  # type: ignore[return-value]  # narrowed by identity, which mypy does not follow
    if kind in _scalar_kinds:
        return float(value)  # type: ignore[arg-type]  # one of these types has been one number before
    if kind is int or kind is bool:
        return _int_to_float(name, value)
    if isinstance(value, (str, bytes)) or value is None:
        raise InvalidValue(name, value, f"a metric is a number, not {_describe(value)}")
    item = getattr(value, "item", None)
    try:
        number = float(item() if callable(item) else value)  # type: ignore[arg-type]
        if isinstance(value, float) or _is_numpy_scalar(value):
            _scalar_kinds.add(kind)
        return number
    except (TypeError, ValueError, OverflowError, RuntimeError):
        raise InvalidValue(name, value, f"a metric is one number, not {_describe(value)}") from None


# Types of which each value is one number that `float` takes: to find that out anew takes longer than to write it.
_scalar_kinds: set[type] = set()


def _is_numpy_scalar(value: object) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, (numpy.floating, numpy.integer, numpy.bool_))


def to_parameter(name: str, value: object) -> Any:
    """Return `value` as a JSON value: None, bool, int, float, text, list, dict with text keys.

    Numpy scalars and arrays, tuples, sets, enums, paths, decimals, dates and durations (seconds) are turned into the
    nearest JSON value.
    Raises InvalidValue for what has no such value, or is longer than 64,000 characters as text.
    """
    plain = _plain(name, value, 0)
    if isinstance(plain, (str, list, dict)) and len(repr(plain)) > MAX_PARAMETER:
        raise InvalidValue(
            name, value, f"it is longer than {MAX_PARAMETER:,} characters; store it as an artifact"
        )
    return plain


def to_wire(value: Any) -> Any:
    """Return `value` with NaN and infinities as the strings "NaN", "Infinity", "-Infinity", as JSON carries them."""
    if isinstance(value, float):
        return value if math.isfinite(value) else non_finite_text(value)
    if isinstance(value, dict):
        return {key: to_wire(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_wire(item) for item in value]
    return value


def non_finite_text(value: float) -> str:
    """Return "NaN", "Infinity" or "-Infinity"."""
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def number_from_wire(value: float | str) -> float:
    """Turn a JSON number, or one of the three strings, back into a float."""
    return _NON_FINITE[value] if isinstance(value, str) else float(value)


def flatten(mapping: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested mappings as one with dotted keys; empty ones stay values."""
    flat: dict[str, Any] = {}
    for key, value in mapping.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping) and value and all(isinstance(k, str) for k in value):
            flat |= flatten(value, f"{path}.")
        else:
            flat[path] = value
    return flat


def _plain(name: str, value: object, depth: int) -> Any:
    if depth > 20:
        raise InvalidValue(name, value, "it is nested deeper than 20 levels, or holds itself")
    if value is None or type(value) in (bool, float, str):
        return value
    if isinstance(value, Enum):
        return _plain(name, value.value, depth + 1)
    if isinstance(value, bool):
        return bool(value)
    if isinstance(value, int):
        return _plain_int(int(value))
    if isinstance(value, float):
        return float(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (str, PurePath, Decimal)):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(name, item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(name, item, depth + 1) for item in value]
    if isinstance(value, (set, frozenset)):
        return [_plain(name, item, depth + 1) for item in sorted(value, key=repr)]
    tolist = getattr(value, "tolist", None)  # numpy arrays and scalars, torch tensors
    if callable(tolist):
        return _plain(name, tolist(), depth + 1)
    raise InvalidValue(name, value, f"a parameter is a number, text, list or dict, not {_describe(value)}")


def _plain_int(value: int) -> int | str:
    # 64 bits is what the journal's encoding holds; larger integers keep their digits as text.
    return value if -(2**63) <= value < 2**63 else str(value)


def _int_to_float(name: str, value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        raise InvalidValue(name, value, "the integer is too large for a 64-bit float") from None


def _describe(value: object) -> str:
    if value is None:
        return "None"
    shape = getattr(value, "shape", None)
    kind = type(value).__name__
    return f"{kind} of shape {tuple(shape)}" if shape else kind
