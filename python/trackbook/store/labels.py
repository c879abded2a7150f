"""Labels of runs: whole numbers that are equal where values of a column are, and sorted as these are.

Values are told apart as the search does: numbers by their size, texts by their letters. A parameter's lists, booleans
and texts are different though they may read alike. NaN is a value of its own, and so is a missing one: the last. Two
values that look the same on the wire (NaN, and the text "NaN") are the same.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import numpy as np

from trackbook.domain.clock import to_datetime, to_microseconds
from trackbook.domain.query import Operand, Param, kind_of
from trackbook.domain.values import number_from_wire, to_wire
from trackbook.store import fields
from trackbook.store.column_cache import Columns
from trackbook.store.column_values import numbers_of, plain_number
from trackbook.store.columns import Floats, Ints
from trackbook.store.run_table import Serials
from trackbook.store.runs import decode_value
from trackbook.store.searched_columns import MISSING, Texts
from trackbook.store.values import is_nan, texts_of
from trackbook.store.vocabulary import Mask


@dataclass(frozen=True)
class Labels:
    """The label of each run, below `count`; from `ordinary` on they stand for NaN and for what is missing.

    `value` returns what a label stands for, `find` the label of a value as JSON carries it.
    """

    codes: Ints
    count: int
    ordinary: int
    value: Callable[[int], Any]
    find: Callable[[Any], int | None]


def labels_of(columns: Columns, operand: Operand, serials: Serials) -> Labels:
    """Return the labels of runs by a value, in their order."""
    match kind_of(operand):
        case "text":
            (texts,) = texts_of(columns, operand)
            return _of_texts(texts, serials)
        case "any" if isinstance(operand, Param):
            return _of_param(columns, operand.key, serials)
        case "time":
            return _as_times(_of_numbers(numbers_of(columns, operand, serials)))
        case _:
            nan = np.broadcast_to(is_nan(columns, operand), (columns.table.count,))[serials]
            return _of_numbers(numbers_of(columns, operand, serials), nan)


def _of_numbers(values: Floats, nan: Mask | None = None) -> Labels:
    there = ~np.isnan(values)
    distinct, found = np.unique(values[there], return_inverse=True)
    count = len(distinct)
    codes = np.full(len(values), count + 1)
    if nan is not None:
        codes[nan] = count
    codes[there] = found

    def value(label: int) -> Any:
        if label >= count:
            return math.nan if label == count else None
        return plain_number(float(distinct[label]))

    def find(wanted: Any) -> int | None:
        if wanted is None:
            return count + 1
        number = _number(wanted)
        if number is None or math.isnan(number):
            return None if number is None else count
        place = int(np.searchsorted(distinct, number))
        return place if place < count and distinct[place] == number else None

    return Labels(codes, count + 2, count, value, find)


def _as_times(labels: Labels) -> Labels:
    def value(label: int) -> datetime | None:
        microseconds = labels.value(label)
        return None if microseconds is None else to_datetime(int(microseconds))

    def find(wanted: Any) -> int | None:
        if wanted is None:
            return labels.find(None)
        try:
            return labels.find(float(to_microseconds(msgspec.convert(wanted, datetime))))
        except (msgspec.ValidationError, TypeError):  # no time, or one without its zone
            return None

    return Labels(labels.codes, labels.count, labels.ordinary, value, find)


def _of_texts(texts: Texts, serials: Serials) -> Labels:
    used, found = np.unique(texts.codes[serials], return_inverse=True)
    is_text = used >= 0
    order = np.argsort(texts.vocabulary.ranks()[used[is_text]])
    ordered, count = used[is_text][order], len(order)
    places = np.full(len(used), count)
    places[is_text] = np.argsort(order)

    def value(label: int) -> str | None:
        return texts.vocabulary.decode(ordered[label : label + 1])[0] if label < count else None

    def find(wanted: Any) -> int | None:
        if wanted is None:
            return count
        code = texts.vocabulary.code(wanted) if isinstance(wanted, str) else None
        place = np.flatnonzero(ordered == (MISSING if code is None else code))
        return int(place[0]) if len(place) else None

    return Labels(places[found], count + 1, count, value, find)


def _of_param(columns: Columns, key: str, serials: Serials) -> Labels:
    numbers = _of_numbers(columns[fields.ParamNumbers(key)].values[serials])
    others = columns[fields.ParamValues(key)]
    used, found = np.unique(others.codes[serials], return_inverse=True)
    first = numbers.ordinary  # behind the numbers come other values, and then what is missing
    written = [_written(decode_value(text)) for text in others.vocabulary.decode(used[used >= 0])]
    # A text that reads like an infinity is one on the wire.
    infinite = {
        text: place
        for text in (b'"Infinity"', b'"-Infinity"')
        if (place := numbers.find(msgspec.json.decode(text))) is not None
    }
    ordered = sorted(set(written) - set(infinite))
    count = first + len(ordered)
    places = {text: first + place for place, text in enumerate(ordered)} | infinite
    codes = np.where(numbers.codes < first, numbers.codes, count)
    of_used = np.array([count] * (len(used) - len(written)) + [places[text] for text in written])
    if len(written):
        codes = np.where(others.codes[serials] >= 0, of_used[found], codes)

    def value(label: int) -> Any:
        if label < first:
            return numbers.value(label)
        return msgspec.json.decode(ordered[label - first]) if label < count else None

    def find(wanted: Any) -> int | None:
        if wanted is None:
            return count
        known = places.get(_written(wanted))
        if known is not None or (isinstance(wanted, str) and wanted not in ("Infinity", "-Infinity")):
            return known
        place = numbers.find(wanted)
        return place if place is not None and place < first else None

    return Labels(codes, count + 1, count, value, find)


def _written(value: Any) -> bytes:
    """Return a JSON value in one spelling, whatever a browser makes of the order of names and of 64.0."""
    return msgspec.json.encode(to_wire(_plain(value)), order="deterministic")


def _plain(value: Any) -> Any:
    if isinstance(value, float) and math.isfinite(value):
        return plain_number(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return number_from_wire(value)
    except (KeyError, OverflowError):
        return None
