"""Values to JSON or MessagePack: fields as they are, times as ISO 8601 in UTC, NaN and infinities as texts."""

import json
import math
from datetime import datetime
from typing import Any

import msgspec

from trackbook.domain.values import non_finite_text

MSGPACK = "application/vnd.msgpack"
SURROGATES = 1


def encode(value: Any) -> bytes:
    """Return `value` (structs, mappings, lists, plain values) as JSON."""
    plain = to_json(msgspec.to_builtins(value))
    try:
        return msgspec.json.encode(plain)
    except UnicodeEncodeError:  # a lone surrogate, say from a cell's source, has no UTF-8 but an escape
        return json.dumps(plain, separators=(",", ":")).encode()


def encode_as(accepted: str, value: Any) -> tuple[bytes, str]:
    """Return `value` and its type in the form that was asked for: JSON, or MessagePack, which keeps NaN and is shorter.

    In MessagePack a text with lone surrogates, which has no UTF-8, is an extension of type 1 with what UTF-8 would be.
    """
    if MSGPACK not in accepted:
        return encode(value), "application/json"
    try:
        return msgspec.msgpack.encode(value), MSGPACK
    except UnicodeEncodeError:
        plain = msgspec.to_builtins(value, builtin_types=(datetime,))
        return msgspec.msgpack.encode(_wrap_surrogates(plain)), MSGPACK


def _wrap_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return msgspec.msgpack.Ext(SURROGATES, value.encode("utf-8", "surrogatepass"))
    if isinstance(value, dict):
        return {key: _wrap_surrogates(item) for key, item in value.items()}
    return [_wrap_surrogates(item) for item in value] if isinstance(value, list) else value


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
