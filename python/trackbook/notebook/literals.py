"""Values become source here and nowhere else. Whatever the value, the text is one literal and never more."""

import keyword
import math
from collections.abc import Mapping
from typing import Any

from trackbook.errors import ParameterError

_DEEPEST = 50
_LONGEST_DECIMAL = 10_000  # bits; Python refuses to write or read much longer integers in decimal


def assignment(name: str, value: Any) -> str:
    """Return one line of Python that gives `name` the `value`.

    Raises ParameterError if `name` is no identifier or `value` no JSON value (None, bool, int, float, text, list,
    dict with text keys).
    """
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ParameterError(name, "it is no Python name")
    return f"{name} = {literal(name, value)}"


def literal(name: str, value: Any) -> str:
    """Return `value` as Python source on one line; `name` is for errors, which are those of `assignment`."""
    return _write(name, value, 0)


def _write(name: str, value: Any, depth: int) -> str:
    if depth > _DEEPEST:
        raise ParameterError(name, f"its value is nested deeper than {_DEEPEST} levels")
    if value is None or value is True or value is False:
        return repr(value)
    # Subclasses (numpy's float64, an enum) may write themselves in their own way: the base type writes them here.
    if isinstance(value, str):
        return str.__repr__(value)
    if isinstance(value, int):
        return int.__repr__(value) if value.bit_length() < _LONGEST_DECIMAL else hex(value)
    if isinstance(value, float):
        return _write_float(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_write(name, item, depth + 1) for item in value)}]"
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        pairs = (f"{str.__repr__(key)}: {_write(name, item, depth + 1)}" for key, item in value.items())
        return f"{{{', '.join(pairs)}}}"
    raise ParameterError(name, f"{type(value).__name__} is no JSON value")


def _write_float(value: float) -> str:
    return float.__repr__(value) if math.isfinite(value) else f'float("{float.__repr__(value)}")'
