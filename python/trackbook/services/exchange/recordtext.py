"""Records as lines of JSON, from which the very same records come back.

A record is the array of the journal, `[tag, time, …]`. JSON has no NaN and no infinities, and a parameter may be the
text "NaN" as well as the number: in these lines the number is `{"float": "NaN"}`, and a mapping that would read like
this is wrapped once more, `{"float": {…}}`.
"""

import math
from typing import Any

import msgspec

from trackbook.domain.records import Record
from trackbook.domain.values import non_finite_text, number_from_wire

_MARK = "float"
_NON_FINITE = ("NaN", "Infinity", "-Infinity")
_LOWEST, _HIGHEST = -(2**63), 2**63 - 1
# How many fields, the tag included, this version knows of each kind of record.
_LENGTHS = {kind.__struct_config__.tag: 1 + len(kind.__struct_fields__) for kind in Record.__args__}


class UnknownRecord(ValueError):
    """What is no record, or one that this version does not know."""


def record_to_json(record: Record) -> Any:
    """Return a record as a JSON value."""
    return _escape(msgspec.to_builtins(record))


def record_from_json(value: Any) -> Record:
    """Return the record of a JSON value; raises UnknownRecord for what is none."""
    if not isinstance(value, list) or not value or not isinstance(value[0], str):
        raise UnknownRecord("it holds no record")
    known = _LENGTHS.get(value[0])
    if known is None or len(value) > known:
        raise UnknownRecord("a newer Trackbook wrote it; upgrade this one: pip install -U trackbook")
    try:
        record: Record = msgspec.convert(_unescape(value), Record)
    except msgspec.ValidationError as error:
        raise UnknownRecord(str(error)) from error
    return record


def _escape(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else {_MARK: non_finite_text(value)}
    if isinstance(value, dict):
        plain = {key: _escape(item) for key, item in value.items()}
        return {_MARK: plain} if value.keys() == {_MARK} else plain
    return [_escape(item) for item in value] if isinstance(value, list) else value


def _unescape(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {_MARK}:
            inner = value[_MARK]
            if isinstance(inner, dict):
                return {key: _unescape(item) for key, item in inner.items()}
            if inner in _NON_FINITE:
                return number_from_wire(inner)
            raise UnknownRecord(f"{inner!r} is no number")
        return {key: _unescape(item) for key, item in value.items()}
    if isinstance(value, int) and not _LOWEST <= value <= _HIGHEST:
        raise UnknownRecord(f"the integer {value} has more than 64 bits")
    return [_unescape(item) for item in value] if isinstance(value, list) else value
