"""Values that a search names, made of columns: a number, or texts, a run."""

import numpy as np

from trackbook.domain.query import (
    Arithmetic,
    Attribute,
    Data,
    Metric,
    MetricValue,
    Moment,
    Negative,
    Number,
    Operand,
    Param,
    Sign,
    Tag,
    Text,
    kind_of,
    series_candidates,
)
from trackbook.store import fields
from trackbook.store.column_cache import Columns
from trackbook.store.columns import Floats
from trackbook.store.ordering import Key
from trackbook.store.searched_columns import MISSING, NOT_A_NUMBER, Numbers, Texts
from trackbook.store.segments import context_text
from trackbook.store.vocabulary import Mask

_NOTHING = np.float64(np.nan)


def number_of(columns: Columns, operand: Operand) -> Floats:
    """Return a value where it is a number: one a run, or one for all. NaN is a missing one."""
    match operand:
        case Number(value) | Moment(value):
            return np.array(value, np.float64)
        case Negative(inner):
            return -number_of(columns, inner)
        case Arithmetic(sign, left, right):
            return _calculate(sign, number_of(columns, left), number_of(columns, right))
        case Metric(name, value):
            return metric(columns, name, value).values
        case Param(key):
            return columns[fields.ParamNumbers(key)].values
        case Attribute("duration"):
            ended, started = (columns[fields.NumberAttribute(name)].values for name in ("ended", "started"))
            return (ended - started) / 1e6
        case Attribute(name) if kind_of(operand) in ("number", "time"):
            return columns[fields.NumberAttribute(name)].values
        case _:
            return np.array(_NOTHING)


def texts_of(columns: Columns, operand: Operand, with_numbers: bool = True) -> list[Texts]:
    """Return a field where it is text; each run has at most one in all of these.

    A parameter that is a number has a text, too, unless `with_numbers` says no.
    """
    match operand:
        case Tag(key):
            return [columns[fields.Tag(key)]]
        case Attribute("notes"):
            return [columns[fields.Notes()]]
        case Attribute(name) if "." in name:
            return [columns[fields.EnvironmentAttribute(name.partition(".")[2])]]
        case Data(name):
            return [columns[fields.DataVersion(name)]]
        case Attribute(name) if kind_of(operand) == "text":
            return [columns[fields.TextAttribute(name)]]
        case Param(key) if with_numbers and columns[fields.ParamNumbers(key)].there.any():
            return [columns[fields.ParamTexts(key)], columns[fields.ParamTexts(key, of_numbers=True)]]
        case Param(key):
            return [columns[fields.ParamTexts(key)]]
        case _:
            return []


def has_numbers(columns: Columns, operand: Operand) -> bool:
    """Tell whether a value is a number in some run; times are none."""
    match operand:
        case Param(key):
            return bool(columns[fields.ParamNumbers(key)].there.any())
        case _:
            return kind_of(operand) == "number"


def metric(columns: Columns, name: str, value: MetricValue = "last") -> Numbers:
    """Return the last values of the series that has this one-line name, or its lowest or highest ones."""
    found, *others = [
        columns[fields.Metric(key, context_text(context), value)] for key, context in series_candidates(name)
    ]
    for other in others:
        values = np.where(np.isnan(found.values), other.values, found.values)
        found = Numbers(values, found.there | other.there)
    return found


def is_there(columns: Columns, operand: Operand) -> Mask:
    """Return which runs have a value, be it NaN."""
    match operand:
        case Metric(name, value):
            return metric(columns, name, value).there
        case Param(key):
            words = columns[fields.ParamTexts(key)].codes
            there: Mask = columns[fields.ParamNumbers(key)].there | (words != MISSING)
            return there
        case Text():
            return np.array(True)
        case _ if kind_of(operand) == "text":
            return texts_of(columns, operand)[0].codes >= 0
        case _:
            return ~np.isnan(number_of(columns, operand))


def is_nan(columns: Columns, operand: Operand) -> Mask:
    """Return which runs have a value that is not a number. Only metrics and parameters can be that."""
    match operand:
        case Metric(name, value):
            found = metric(columns, name, value)
            return found.there & np.isnan(found.values)
        case Param(key):
            invalid: Mask = columns[fields.ParamTexts(key)].codes == NOT_A_NUMBER
            return invalid
        case _:
            return np.array(False)


def is_usable(columns: Columns, operand: Operand) -> Mask:
    """Return which runs have a value to compare with."""
    return is_there(columns, operand) & ~is_nan(columns, operand)


def sort_key(columns: Columns, operand: Operand, descending: bool) -> Key:
    """Return what sorts runs by a value: numbers first, then texts by code point."""
    kind = kind_of(operand)
    key = []
    if kind != "text":
        key.append(np.broadcast_to(number_of(columns, operand), (columns.table.count,)))
    if kind in ("text", "any"):
        key += [_ranks(texts) for texts in texts_of(columns, operand, with_numbers=False)]
    return [-part for part in key] if descending else key


def _ranks(texts: Texts) -> Floats:
    ranks = np.append(texts.vocabulary.ranks().astype(np.float64), np.nan)
    return ranks[np.where(texts.codes >= 0, texts.codes, -1)]


def _calculate(sign: Sign, left: Floats, right: Floats) -> Floats:
    with np.errstate(all="ignore"):  # what can't be worked out is NaN, which is missing
        match sign:
            case "+":
                return np.asarray(left + right)
            case "-":
                return np.asarray(left - right)
            case "*":
                return np.asarray(left * right)
            case "/":
                return np.asarray(left / np.where(right == 0, np.nan, right))
