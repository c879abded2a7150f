"""A notebook's parameters: what its `parameters` cell declares, and the check of the values given for them."""

import contextlib
import difflib
import itertools
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from trackbook.domain.valuecheck import ValueRefused, describe, expectation, take_value
from trackbook.domain.valuetype import Parameter, ParameterType, ValueRules, ValueType
from trackbook.errors import ParameterError, UsageError, raise_all

__all__ = ["Parameter", "ParameterType", "expectation"]

T = TypeVar("T")


def check_values(parameters: Sequence[Parameter], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` as the values that the notebook gets, each of its parameter's type.

    Raises ParameterError for an unknown name (with close ones as suggestions) and for a value of the wrong type;
    one error tells of all of them.
    """
    known = {parameter.name: parameter for parameter in parameters}
    return each_parameter(values.items(), lambda name, value: check_value(find_parameter(known, name), value))


def check_value(parameter: Parameter, value: Any) -> Any:
    """Return `value` as a value of the parameter's type, as JSON has it; raises ParameterError if it is none.

    See `take_value` for what is taken.
    """
    try:
        return take_value(parameter, value)
    except ValueRefused as error:
        raise ParameterError(parameter.name, error.reason, error.suggestions) from None


def parse_value(parameter: Parameter, text: str) -> Any:
    """Return the value that `text` means on a command line: JSON where it parses as the parameter's type, else text.

    For numbers, booleans and None Python's spellings (True, None, inf) do, too. Raises ParameterError if neither
    reading has the parameter's type.
    """
    refused: ParameterError | None = None
    for candidate in (*_readings(parameter, text), text):
        try:
            return check_value(parameter, candidate)
        except ParameterError as error:
            # What the first reading lacks says more than that the text is none: `[1, "a"]` for a list of numbers.
            refused = refused or error
    assert refused is not None
    raise refused


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
        raise ParameterError(parameter.name, f"a sweep is a list of values, not {describe(values)}")
    if not values:
        raise ParameterError(parameter.name, "the sweep has no values")
    return [check_value(parameter, value) for value in values]


def check_sweeps(parameters: Sequence[Parameter], sweep: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
    """Return the values of several sweeps by name; raises ParameterError as `check_sweep` and for unknown names."""
    known = {parameter.name: parameter for parameter in parameters}
    return each_parameter(
        sweep.items(), lambda name, values: check_sweep(find_parameter(known, name), values)
    )


def parse_assignments(parameters: Sequence[Parameter], texts: Iterable[str]) -> dict[str, Any]:
    """Return the values of `name=value` texts from a command line; the last one of a name counts.

    Raises UsageError for a text without `=`, ParameterError as `parse_value` and for unknown names.
    """
    known = {parameter.name: parameter for parameter in parameters}
    return each_parameter(
        map(_split_assignment, texts), lambda name, text: parse_value(find_parameter(known, name), text)
    )


def parse_repeated(parameter: Parameter, texts: Sequence[str]) -> Any:
    """Return the value that the texts of one option mean: the last one counts, or each is an item of a list.

    A list may be one text, too, as JSON. Raises ParameterError as `parse_value`.
    """
    if parameter.type != "list":
        return parse_value(parameter, texts[-1])
    if len(texts) == 1 and (texts[0].lstrip().startswith("[") or texts[0].strip() in _SPELLINGS):
        return parse_value(parameter, texts[0])
    places = parameter.positions or []
    items = [
        parse_value(_item_of(parameter, places[number] if number < len(places) else parameter.items), text)
        for number, text in enumerate(texts)
    ]
    return check_value(parameter, items)


def parse_options(parameters: Sequence[Parameter], options: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the values that options' texts mean, by name; errors as `check_values`."""
    known = {parameter.name: parameter for parameter in parameters}
    return each_parameter(
        options.items(), lambda name, texts: parse_repeated(find_parameter(known, name), texts)
    )


def _item_of(parameter: Parameter, kind: ValueType | None) -> Parameter:
    item = kind or ValueType()
    rules = {name: getattr(item, name) for name in ValueRules.__struct_fields__}
    return Parameter(parameter.name, item.type, None, "", item.choices, item.optional, **rules)


def parse_sweeps(parameters: Sequence[Parameter], texts: Iterable[str]) -> dict[str, list[Any]]:
    """Return the values of `name=v1,v2` texts from a command line; errors as `parse_assignments`."""
    known = {parameter.name: parameter for parameter in parameters}
    return each_parameter(
        map(_split_assignment, texts), lambda name, text: parse_sweep(find_parameter(known, name), text)
    )


def split_names(texts: Iterable[str]) -> list[str]:
    """Return the names of `name=value` texts. Raises UsageError for a text without `=`."""
    return [name for name, _ in map(_split_assignment, texts)]


def combine_sweep(sweep: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return each combination of a sweep's values, the last name varying fastest; [{}] for an empty sweep."""
    return [dict(zip(sweep, values, strict=True)) for values in itertools.product(*sweep.values())]


_SPELLINGS = {"True": True, "False": False, "true": True, "false": False, "None": None, "null": None}


def each_parameter(pairs: Iterable[tuple[str, T]], read: Callable[[str, T], Any]) -> dict[str, Any]:
    """Return what `read` makes of each pair, by name. All that is wrong with them is one ParameterError."""
    # Someone who mistyped two values wants to hear of both.
    read_values: dict[str, Any] = {}
    errors: list[ParameterError] = []
    for name, value in pairs:
        try:
            read_values[name] = read(name, value)
        except ParameterError as error:
            errors.append(error)
    raise_all(errors)
    return read_values


def _readings(parameter: Parameter, text: str) -> Iterable[Any]:
    if parameter.format in ("decimal", "path", "enum"):
        yield text  # as a JSON number a decimal would lose digits
    with contextlib.suppress(ValueError, RecursionError):
        yield json.loads(text)
    stripped = text.strip()
    if stripped in _SPELLINGS and (parameter.type != "str" or parameter.optional):
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


def find_parameter(known: Mapping[str, Parameter], name: str) -> Parameter:
    """Return a parameter by its name; raises ParameterError for an unknown one, with close names as suggestions."""
    if (parameter := known.get(name)) is not None:
        return parameter
    if not known:
        reason = "the notebook has no parameters; give its parameters cell the tag `parameters`"
        raise ParameterError(name, reason)
    close = difflib.get_close_matches(name, known)
    hint = f"did you mean {' or '.join(map(repr, close))}?" if close else f"it has {', '.join(known)}"
    raise ParameterError(name, f"the notebook has no such parameter; {hint}", close)
