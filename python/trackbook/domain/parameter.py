"""A notebook's parameters: what its `parameters` cell declares, and the check of the values given for them."""

import contextlib
import difflib
import itertools
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from trackbook.errors import ParameterError, UsageError

ParameterType = Literal["int", "float", "bool", "str", "list", "dict", "none", "any"]


class Parameter(Struct, frozen=True):
    """One parameter. `default` is the literal's value, None where the source is no literal (type "any").

    `help` is "" without a comment. `optional` allows None beside `type`. `line` counts the lines of the
    parameters cell from 1.
    """

    name: str
    type: ParameterType
    default: Any
    help: str
    choices: list[Any] | None = None
    optional: bool = False
    line: int = 1


def check_values(parameters: Sequence[Parameter], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` as the values that the notebook gets, each of its parameter's type.

    Raises ParameterError for an unknown name (with close ones as suggestions) and for a value of the wrong type.
    """
    known = {parameter.name: parameter for parameter in parameters}
    return {name: check_value(_find(known, name), value) for name, value in values.items()}


def check_value(parameter: Parameter, value: Any) -> Any:
    """Return `value` as a value of the parameter's type; raises ParameterError if it is none.

    A whole number does for a float, and 3.0 for an int; the texts "NaN", "Infinity" and "-Infinity" for a float,
    as JSON carries them. A bool is no number.
    """
    if value is None and (parameter.optional or parameter.type in ("none", "any")):
        return None
    plain = _CONVERSIONS[parameter.type](value)
    if plain is _WRONG or not _is_json(plain):
        raise ParameterError(parameter.name, f"expected {expectation(parameter)}, not {_describe(value)}")
    if (obstacle := _obstacle(plain)) is not None:
        raise ParameterError(parameter.name, obstacle)
    if parameter.choices is not None and not any(_same(plain, choice) for choice in parameter.choices):
        suggestions = [choice for choice in parameter.choices if isinstance(choice, str)]
        close = difflib.get_close_matches(str(value), suggestions)
        raise ParameterError(
            parameter.name, f"expected {expectation(parameter)}, not {_describe(value)}", close
        )
    return plain


def parse_value(parameter: Parameter, text: str) -> Any:
    """Return the value that `text` means on a command line: JSON where it parses as the parameter's type, else text.

    For numbers, booleans and None Python's spellings (True, None, inf) do, too. Raises ParameterError if neither
    reading has the parameter's type.
    """
    for candidate in _readings(parameter, text):
        try:
            return check_value(parameter, candidate)
        except ParameterError:
            continue
    return check_value(parameter, text)


def parse_sweep(parameter: Parameter, text: str) -> list[Any]:
    """Return the values that `text` lists on a command line: a JSON array, or texts between commas.

    Raises ParameterError for an empty list and for a value of the wrong type.
    """
    values = _json_array(text)
    if values is not None and (parameter.type != "list" or all(isinstance(item, list) for item in values)):
        return check_sweep(parameter, values)
    if not text.strip():
        raise ParameterError(parameter.name, "the sweep has no values")
    return [parse_value(parameter, part.strip()) for part in text.split(",")]


def check_sweep(parameter: Parameter, values: Sequence[Any]) -> list[Any]:
    """Return the values of a sweep, each checked; raises ParameterError for an empty list or a wrong value."""
    if isinstance(values, str) or not isinstance(values, Sequence):
        raise ParameterError(parameter.name, f"a sweep is a list of values, not {_describe(values)}")
    if not values:
        raise ParameterError(parameter.name, "the sweep has no values")
    return [check_value(parameter, value) for value in values]


def check_sweeps(parameters: Sequence[Parameter], sweep: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """Return the values of several sweeps by name; raises ParameterError as `check_sweep` and for unknown names."""
    known = {parameter.name: parameter for parameter in parameters}
    return {name: check_sweep(_find(known, name), values) for name, values in sweep.items()}


def parse_assignments(parameters: Sequence[Parameter], texts: Iterable[str]) -> dict[str, Any]:
    """Return the values of `name=value` texts from a command line; the last one of a name counts.

    Raises UsageError for a text without `=`, ParameterError as `parse_value` and for unknown names.
    """
    known = {parameter.name: parameter for parameter in parameters}
    return {name: parse_value(_find(known, name), text) for name, text in map(_split_assignment, texts)}


def parse_sweeps(parameters: Sequence[Parameter], texts: Iterable[str]) -> dict[str, list[Any]]:
    """Return the values of `name=v1,v2` texts from a command line; errors as `parse_assignments`."""
    known = {parameter.name: parameter for parameter in parameters}
    return {name: parse_sweep(_find(known, name), text) for name, text in map(_split_assignment, texts)}


def combine_sweep(sweep: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return each combination of a sweep's values, the last name varying fastest; [{}] for an empty sweep."""
    return [dict(zip(sweep, values, strict=True)) for values in itertools.product(*sweep.values())]


def expectation(parameter: Parameter) -> str:
    """Return what the parameter takes, for people: `int`, `float or None`, `one of 'adam', 'sgd'`."""
    if parameter.choices is not None:
        text = "one of " + ", ".join(repr(choice) for choice in parameter.choices)
    else:
        text = {"any": "a JSON value", "none": "a JSON value"}.get(parameter.type, parameter.type)
    return f"{text} or None" if parameter.optional else text


class _Wrong:
    """The result of a conversion that has none."""


_WRONG = _Wrong()


def _to_int(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else _WRONG


def _to_float(value: Any) -> Any:
    if isinstance(value, str):
        return {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}.get(value, _WRONG)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return _WRONG
    try:
        return float(value)
    except OverflowError:
        return _WRONG


def _to_list(value: Any) -> Any:
    return list(value) if isinstance(value, (list, tuple)) else _WRONG


def _only(kind: type) -> Callable[[Any], Any]:
    return lambda value: value if isinstance(value, kind) else _WRONG


_CONVERSIONS: dict[ParameterType, Callable[[Any], Any]] = {
    "int": _to_int,
    "float": _to_float,
    "bool": _only(bool),
    "str": _only(str),
    "list": _to_list,
    "dict": _only(dict),
    "none": lambda value: value,
    "any": lambda value: value,
}
_SPELLINGS = {"True": True, "False": False, "true": True, "false": False, "None": None, "null": None}


def _readings(parameter: Parameter, text: str) -> Iterable[Any]:
    with contextlib.suppress(ValueError, RecursionError):
        yield json.loads(text)
    stripped = text.strip()
    if parameter.type == "str":
        return
    if stripped in _SPELLINGS:
        yield _SPELLINGS[stripped]
    if parameter.type in ("int", "float"):
        with contextlib.suppress(ValueError):
            yield int(stripped) if parameter.type == "int" else float(stripped)


def _json_array(text: str) -> list[Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, list) else None


def _split_assignment(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator or not name.strip():
        raise UsageError(f"{text!r} is no parameter; write it as name=value.")
    return name.strip(), value


def _find(known: Mapping[str, Parameter], name: str) -> Parameter:
    if (parameter := known.get(name)) is not None:
        return parameter
    if not known:
        reason = "the notebook has no parameters; give its parameters cell the tag `parameters`"
        raise ParameterError(name, reason)
    close = difflib.get_close_matches(name, known)
    hint = f"did you mean {' or '.join(map(repr, close))}?" if close else f"it has {', '.join(known)}"
    raise ParameterError(name, f"the notebook has no such parameter; {hint}", close)


def _is_json(value: Any) -> bool:
    if value is None or isinstance(value, (bool, int, float, str)):
        return True
    if isinstance(value, (list, tuple)):
        return all(_is_json(item) for item in value)
    return isinstance(value, dict) and all(isinstance(k, str) and _is_json(v) for k, v in value.items())


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
    return type(value) is type(choice) and value == choice


def _describe(value: Any) -> str:
    text = repr(value)
    shown = text if len(text) <= 40 else f"{text[:39]}…"
    return shown if value is None else f"{shown} ({type(value).__name__})"
