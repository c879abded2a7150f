"""Values to JSON: fields as they are, times as ISO 8601 in UTC, NaN and infinities as texts."""

import json
import math
from typing import Any

import msgspec

from trackbook.domain.values import non_finite_text


def encode(value: Any) -> bytes:
    """Return `value` (structs, mappings, lists, plain values) as JSON."""
    plain = to_json(msgspec.to_builtins(value))
    try:
        return msgspec.json.encode(plain)
    except UnicodeEncodeError:  # a lone surrogate, say from a cell's source, has no UTF-8 but an escape
        return json.dumps(plain, separators=(",", ":")).encode()


def to_json(value: Any) -> Any:
    """Return plain values with NaN and infinities as the texts "NaN", "Infinity", "-Infinity"."""
    if isinstance(value, float):
        return value if math.isfinite(value) else non_finite_text(value)
    if isinstance(value, dict):
        return {key: to_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return value if _all_finite(value) else [to_json(item) for item in value]
    return value


def _all_finite(items: list[Any]) -> bool:
    # One sum instead of a look at each: columns of points are long, and seldom hold a NaN.
    try:
        return math.isfinite(sum(items))
    except (TypeError, OverflowError):
        return False
