"""Values of runs as a table shows them: typed, None where they are missing."""

import math
from typing import Any, Final

import numpy as np

from trackbook.domain.clock import to_datetime
from trackbook.domain.query import Attribute, Metric, Operand, Param, kind_of
from trackbook.store import fields
from trackbook.store.column_cache import Columns
from trackbook.store.columns import Floats
from trackbook.store.run_table import Serials
from trackbook.store.runs import decode_value
from trackbook.store.values import metric, number_of, texts_of

_WHOLE: Final = ("number", "attempt")
_MOST_EXACT = 2.0**53


def values_of(columns: Columns, operand: Operand, serials: Serials) -> list[Any]:
    """Return the value of each of these runs: a number, text, time, or a parameter's JSON value. NaN is a value."""
    match kind_of(operand):
        case "text":
            return _texts(columns, operand, serials)
        case "time":
            times = numbers_of(columns, operand, serials).tolist()
            return [None if math.isnan(time) else to_datetime(int(time)) for time in times]
        case "any" if isinstance(operand, Param):
            return _param(columns, operand.key, serials)
        case _:
            found = _without_nan(numbers_of(columns, operand, serials))
            if isinstance(operand, Metric):
                there = metric(columns, operand.name, operand.value).there[serials].tolist()
                return [
                    math.nan if is_there and value is None else value
                    for value, is_there in zip(found, there, strict=True)
                ]
            if isinstance(operand, Attribute) and operand.name in _WHOLE:
                return [None if value is None else int(value) for value in found]
            return found


def numbers_of(columns: Columns, operand: Operand, serials: Serials) -> Floats:
    """Return the value of each of these runs where it is a number, else NaN. Times are microseconds."""
    return np.broadcast_to(number_of(columns, operand), (columns.table.count,))[serials]


def plain_number(value: float) -> float | int:
    """Return a parameter's number as it was written: whole ones without a fraction."""
    return int(value) if value.is_integer() and abs(value) < _MOST_EXACT else value


def _without_nan(values: Floats) -> list[float | None]:
    found: list[float | None] = values.tolist()
    for place in np.flatnonzero(np.isnan(values)).tolist():
        found[place] = None
    return found


def _texts(columns: Columns, operand: Operand, serials: Serials) -> list[str | None]:
    (texts,) = texts_of(columns, operand)
    codes = texts.codes[serials]
    found: list[str | None] = [None] * len(serials)
    for place, text in zip(
        np.flatnonzero(codes >= 0).tolist(), texts.vocabulary.decode(codes[codes >= 0]), strict=True
    ):
        found[place] = text
    return found


def _param(columns: Columns, key: str, serials: Serials) -> list[Any]:
    numbers = columns[fields.ParamNumbers(key)].values[serials]
    found: list[Any] = [None if value is None else plain_number(value) for value in _without_nan(numbers)]
    others = columns[fields.ParamValues(key)]
    codes = others.codes[serials]
    places = np.flatnonzero(codes >= 0)
    decoded: dict[int, Any] = {}
    for place, code in zip(places.tolist(), codes[places].tolist(), strict=True):
        if code not in decoded:
            (text,) = others.vocabulary.decode(np.array([code]))
            decoded[code] = decode_value(text)
        found[place] = decoded[code]
    return found
