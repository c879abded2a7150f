"""The check of a value against what it may be, and what is said of that to people."""

import difflib
import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from enum import Enum
from fractions import Fraction
from typing import Any, NoReturn

from trackbook.domain.formats import READERS, WORDS, WRONG, Format, comparable
from trackbook.domain.valuetype import Kind, ParameterType, ValueType

MOST_DEEP = 50


class ValueRefused(Exception):
    """A value that is none of the type. `reason` says why, `suggestions` are close ones that would do."""

    def __init__(self, reason: str, suggestions: Iterable[str] = ()) -> None:
        self.reason, self.suggestions = reason, list(suggestions)
        super().__init__(reason)


def take_value(kind: Kind, value: Any) -> Any:
    """Return `value` as the JSON value that stands for it; raises ValueRefused if it is none of this type.

    A whole number does for a float, and 3.0 for an int; the texts "NaN", "Infinity" and "-Infinity" for a float, as
    JSON carries them. A bool is no number. Python's own dates, paths, decimals, sets and enums are taken, too.
    """
    return _take(kind, value, 0)


def expectation(kind: Kind) -> str:
    """Return what is taken, for people: `int from 1 to 10`, `float or None`, `one of 'adam', 'sgd'`."""
    text = _expected(kind)
    return f"{text} or None" if kind.optional else text


def type_text(kind: Kind) -> str:
    """Return the type in few letters, as an annotation has it: `int`, `list[int]`, `date | None`."""
    text = _type_word(kind)
    return f"{text} | None" if kind.optional else text


def _take(kind: Kind, value: Any, depth: int) -> Any:
    if depth > MOST_DEEP:
        raise ValueRefused(f"its value is nested deeper than {MOST_DEEP} levels")
    if value is None and (kind.optional or kind.type in ("none", "any")):
        return None
    if kind.format == "secret":
        raise ValueRefused(
            "it is a secret, and a parameter's value is stored with its run; let the notebook read it from an "
            "environment variable"
        )
    plain = _convert(kind, value, depth)
    if plain is WRONG:
        _refuse(kind, value)
    if (obstacle := _obstacle(plain)) is not None:
        raise ValueRefused(obstacle)
    if kind.choices is not None and not any(_same(plain, choice) for choice in kind.choices):
        suggestions = [choice for choice in kind.choices if isinstance(choice, str)]
        _refuse(kind, value, difflib.get_close_matches(str(value), suggestions))
    if not _is_within(kind, plain):
        _refuse(kind, value)
    return plain


def _refuse(kind: Kind, value: Any, suggestions: Iterable[str] = ()) -> NoReturn:
    close = list(suggestions)
    hint = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
    raise ValueRefused(f"expected {expectation(kind)}, not {describe(value)}{hint}", close)


def _convert(kind: Kind, value: Any, depth: int) -> Any:
    if kind.format == "enum":
        return _member(kind, value)
    if kind.format in READERS:
        return READERS[kind.format](value)
    if kind.type == "list":
        return _list(kind, value, depth)
    if kind.type == "dict":
        return _dict(kind, value, depth)
    if kind.type in ("any", "none"):
        return _json(value, depth)
    return _CONVERSIONS[kind.type](value)


def _member(kind: Kind, value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name
    members, choices = kind.members or {}, kind.choices or []
    if isinstance(value, str):
        name = value.removeprefix(f"{kind.class_name}.")
        if name in choices:
            return name
    named = [name for name, item in members.items() if item is not None and _same(value, item)]
    return named[0] if named else value if isinstance(value, str) else WRONG


def _list(kind: Kind, value: Any, depth: int) -> Any:
    if isinstance(value, (set, frozenset)):
        value = sorted(value, key=repr)
    if not isinstance(value, (list, tuple)):
        return WRONG
    if kind.positions is not None:
        if len(value) != len(kind.positions):
            return WRONG
        kinds: Iterable[ValueType] = kind.positions
    else:
        kinds = [kind.items or _ANY] * len(value)
    plain = [
        _item(part, item, f"item {n}", depth)
        for n, (part, item) in enumerate(zip(kinds, value, strict=True), 1)
    ]
    if kind.format in ("set", "frozenset"):
        if not all(_is_hashable(kind.items or _ANY, item) for item in plain):
            raise ValueRefused("the items of a set are texts, numbers, booleans or None, or tuples of them")
        plain = [item for n, item in enumerate(plain) if not any(item == other for other in plain[:n])]
    return plain


def _is_hashable(kind: Kind, value: Any) -> bool:
    if not isinstance(value, list):
        return not isinstance(value, dict)
    kinds = kind.positions if kind.positions is not None else [kind.items or _ANY] * len(value)
    return kind.format in ("tuple", "frozenset") and all(map(_is_hashable, kinds, value))


def _dict(kind: Kind, value: Any, depth: int) -> Any:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        return WRONG
    part = kind.items or _ANY
    return {str(key): _item(part, item, repr(key), depth) for key, item in value.items()}


def _item(kind: Kind, value: Any, where: str, depth: int) -> Any:
    try:
        return _take(kind, value, depth + 1)
    except ValueRefused as error:
        raise ValueRefused(f"{where}: {error.reason}", error.suggestions) from None


def _is_within(kind: Kind, value: Any) -> bool:
    try:
        return _is_bounded(kind, value) and _is_long_enough(kind, value)
    except (ValueError, TypeError, re.error, RecursionError):
        return True  # a rule that is none refuses nothing


def _is_bounded(kind: Kind, value: Any) -> bool:
    bounds: tuple[tuple[Any, Callable[[Any, Any], bool]], ...] = (
        (kind.minimum, operator.ge),
        (kind.maximum, operator.le),
        (kind.exclusive_minimum, operator.gt),
        (kind.exclusive_maximum, operator.lt),
    )
    for bound, holds in bounds:
        if bound is not None and not holds(comparable(value, kind.format), comparable(bound, kind.format)):
            return False
    return kind.multiple_of is None or _is_multiple(value, kind.multiple_of)


def _is_multiple(value: Any, step: int | float) -> bool:
    if isinstance(value, int) and isinstance(step, int):
        return step == 0 or value % step == 0
    number = float(value)
    if not math.isfinite(number) or not step:
        return False
    # 0.3 is a multiple of 0.1 for people: as decimals, not as the nearest binary numbers.
    return (Fraction(repr(number)) / Fraction(repr(step))).denominator == 1


def _is_long_enough(kind: Kind, value: Any) -> bool:
    if kind.pattern is not None and isinstance(value, str) and re.search(kind.pattern, value) is None:
        return False
    if not isinstance(value, (str, list, dict)):
        return True
    return (kind.min_length or 0) <= len(value) and (kind.max_length is None or len(value) <= kind.max_length)


def _expected(kind: Kind) -> str:
    if kind.choices is not None:
        names = kind.format == "enum"
        return "one of " + ", ".join(str(choice) if names else repr(choice) for choice in kind.choices)
    if kind.format in WORDS:
        text = WORDS[kind.format]
    else:
        text = {"any": "a JSON value", "none": "a JSON value"}.get(kind.type) or _type_word(kind)
    return " ".join(filter(None, (text, range_text(kind), _length_text(kind))))


def _type_word(kind: Kind) -> str:
    if kind.format == "enum":
        return kind.class_name or "enum"
    names: dict[Format | None, str] = {
        "date-time": "datetime",
        "duration": "timedelta",
        "decimal": "Decimal",
        "path": kind.class_name or "Path",
        "secret": "secret",
    }
    word = names.get(kind.format) or kind.format or kind.type
    if kind.positions is not None:
        return f"{word}[{', '.join(map(type_text, kind.positions))}]"
    if kind.items is not None and kind.items != _ANY:
        inner = type_text(kind.items)
        more = ", ..." if word == "tuple" else ""
        return f"{word}[str, {inner}]" if kind.type == "dict" else f"{word}[{inner}{more}]"
    return word


def range_text(kind: Kind) -> str:
    """Return the bounds for people: `from 0 to 1`, `above 0`, `from 2, a multiple of 2`; "" without any."""
    parts = []
    if kind.minimum is not None and kind.maximum is not None:
        parts.append(f"from {kind.minimum} to {kind.maximum}")
    elif kind.minimum is not None:
        parts.append(f"from {kind.minimum} up")
    if kind.exclusive_minimum is not None:
        parts.append(f"above {kind.exclusive_minimum}")
    if kind.maximum is not None and kind.minimum is None:
        parts.append(f"up to {kind.maximum}")
    if kind.exclusive_maximum is not None:
        parts.append(f"below {kind.exclusive_maximum}")
    if kind.multiple_of is not None:
        parts.append(f"a multiple of {kind.multiple_of}")
    return " and ".join(parts)


def _length_text(kind: Kind) -> str:
    parts = []
    if kind.min_length is not None or kind.max_length is not None:
        unit = {"str": "characters", "dict": "entries"}.get(kind.type, "items")
        low, high = kind.min_length or 0, kind.max_length
        if high is None:
            size = f"at least {low}"
        else:
            size = str(high) if low == high else f"at most {high}" if not low else f"{low} to {high}"
        parts.append(f"of {size} {unit}")
    if kind.pattern is not None:
        parts.append(f"that matches {kind.pattern}")
    return " ".join(parts)


def _to_int(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else WRONG


def _to_float(value: Any) -> Any:
    if isinstance(value, str):
        return {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}.get(value, WRONG)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return WRONG
    try:
        return float(value)
    except OverflowError:
        return WRONG


def _only(kind: type) -> Callable[[Any], Any]:
    return lambda value: value if isinstance(value, kind) else WRONG


_CONVERSIONS: dict[ParameterType, Callable[[Any], Any]] = {
    "int": _to_int,
    "float": _to_float,
    "bool": _only(bool),
    "str": _only(str),
}
_ANY = ValueType()


def _json(value: Any, depth: int) -> Any:
    if depth > MOST_DEEP:
        raise ValueRefused(f"its value is nested deeper than {MOST_DEEP} levels")
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, (list, tuple)):
        items = [_json(item, depth + 1) for item in value]
        return WRONG if any(item is WRONG for item in items) else items
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        pairs = {key: _json(item, depth + 1) for key, item in value.items()}
        return WRONG if any(item is WRONG for item in pairs.values()) else pairs
    return WRONG


def _obstacle(value: Any) -> str | None:
    # What the journal's encoding can't hold is refused before anything runs.
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        return "the text holds lone surrogates (bytes that are no UTF-8)"
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return "an integer has at most 64 bits"
    if isinstance(value, (list, tuple)):
        return next(filter(None, map(_obstacle, value)), None)
    if isinstance(value, dict):
        return next(filter(None, map(_obstacle, (*value, *value.values()))), None)
    return None


def _same(value: Any, choice: Any) -> bool:
    return type(value) is type(choice) and bool(value == choice)


def describe(value: Any) -> str:
    """Return a value for people, with its type: `'fast' (str)`."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):  # an integer of more digits than Python writes
        text = "a value too long to show"
    shown = text if len(text) <= 40 else f"{text[:39]}…"
    return shown if value is None else f"{shown} ({type(value).__name__})"
