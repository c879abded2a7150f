"""The space of a sweep: what each swept parameter may be, as a list of values or as a range."""

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

from msgspec import Struct

from trackbook.domain.parameter import (
    Parameter,
    check_sweep,
    check_value,
    each_parameter,
    find_parameter,
    parse_sweep,
)
from trackbook.domain.valuecheck import describe
from trackbook.errors import ParameterError, UsageError

# Ends of ranges that a sampler can still tell apart as floats.
_MOST_WHOLE = 2**53
_NUMBER = r"[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"\s*({_NUMBER})\s*\.\.\s*({_NUMBER})\s*((?::[^:]*)*)\Z")
_WORDS = ("low", "high", "log", "step", "values", "choices")


class Dimension(Struct, frozen=True, omit_defaults=True):
    """What one parameter may be: one of `values` ("choices"), or a number from `low` to `high`, both included.

    With `log` the logarithm of the number is what is spread evenly; with `step` it is `low` plus whole steps. The
    `high` of a range with steps is the last number that a step hits.
    """

    kind: Literal["choices", "int", "float"]
    values: list[Any] = []
    low: float | int | None = None
    high: float | int | None = None
    log: bool = False
    step: float | int | None = None

    @property
    def count(self) -> int | None:
        """How many different values there are; None for a range of floats without steps."""
        if self.kind == "choices":
            return len(self.values)
        if self.kind == "float" and self.step is None:
            return None
        return _steps(self.low or 0, self.high or 0, self.step or 1) + 1

    def at(self, position: int) -> Any:
        """Return the value at a position from 0 to `count` - 1."""
        if self.kind == "choices":
            return self.values[position]
        low, step = self.low or 0, self.step or 1
        if self.kind == "int":
            return int(low) + position * int(step)
        return _number_at(low, position, step)

    def position(self, value: Any) -> int | None:
        """Return the position of a value; None for one that is not among them."""
        if self.kind == "choices":
            places = (number for number, one in enumerate(self.values) if _is_same(one, value))
            return next(places, None)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        found = round((float(value) - float(self.low or 0)) / float(self.step or 1))
        return found if 0 <= found < (self.count or 0) and self.at(found) == value else None

    def has(self, value: Any) -> bool:
        """Tell whether a value lies in this dimension."""
        if self.count is not None:
            return self.position(value) is not None
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return is_number and (self.low or 0) <= value <= (self.high or 0)


Space = dict[str, Dimension]


def parse_space(parameters: Sequence[Parameter], texts: Iterable[str]) -> Space:
    """Return the space that `name=values` texts of a command line make; the last one of a name counts.

    `lr=0.1,0.2` and `lr=[0.1, 0.2]` list values; `lr=0.001..0.1`, with `:log` or `:step=0.01` behind it, and
    `lr={"low": 0.001, "high": 0.1, "log": true}` are ranges; a mere `lr` is all that its type allows. Raises
    ParameterError, which tells of everything that is wrong with them.
    """
    known = {parameter.name: parameter for parameter in parameters}
    pairs = [
        (name.strip(), text if given else None) for name, given, text in (t.partition("=") for t in texts)
    ]
    if any(not name for name, _ in pairs):
        raise UsageError("A sweep names a parameter; write it as name=values.")
    return each_parameter(pairs, lambda name, text: parse_dimension(find_parameter(known, name), text))


def check_space(parameters: Sequence[Parameter], given: Mapping[str, Any]) -> Space:
    """Return the space of values by name.

    Each is a list, a mapping such as {"low": 1, "high": 9}, a text as on the command line, or None for all that the
    type allows. Raises ParameterError as `parse_space`.
    """
    known = {parameter.name: parameter for parameter in parameters}
    return each_parameter(
        given.items(), lambda name, value: check_dimension(find_parameter(known, name), value)
    )


def parse_dimension(parameter: Parameter, text: str | None) -> Dimension:
    """Return what a text of the command line says of one parameter. Raises ParameterError."""
    if text is None or text.lstrip().startswith(":"):
        return _own(parameter, _options(parameter, text or ""))
    if text.lstrip().startswith("{") and parameter.type != "dict":
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise ParameterError(parameter.name, f"{text.strip()!r} is no JSON: {error}") from None
        return check_dimension(parameter, value)
    if _may_be_range(parameter):
        if (found := _RANGE.match(text)) is not None:
            low, high, rest = found.groups()
            return _range(parameter, _to_number(low), _to_number(high), _options(parameter, rest))
        if parameter.type != "any" and (".." in text or ":" in text):
            raise ParameterError(parameter.name, f"{text.strip()!r} is no range; {_example(parameter)}")
    return Dimension("choices", _distinct(parse_sweep(parameter, text)))


def check_dimension(parameter: Parameter, value: Any) -> Dimension:
    """Return what a list, a mapping, a text or None says of one parameter. Raises ParameterError."""
    if value is None:
        return _own(parameter, {})
    if isinstance(value, Dimension):
        value = {word: getattr(value, word) for word in ("low", "high", "log", "step")} | (
            {"values": value.values} if value.kind == "choices" else {}
        )
    if isinstance(value, str):
        return parse_dimension(parameter, value)
    if not isinstance(value, Mapping):
        return Dimension("choices", _distinct(check_sweep(parameter, value)))
    unknown = [str(word) for word in value if word not in (*_WORDS, "kind")]
    if unknown:
        raise ParameterError(
            parameter.name, f"a range has no {', '.join(map(repr, unknown))}; it has low, high, log and step"
        )
    if (values := value.get("values", value.get("choices"))) is not None:
        return Dimension("choices", _distinct(check_sweep(parameter, values)))
    options = {word: value[word] for word in ("log", "step") if value.get(word) not in (None, False)}
    low, high = value.get("low"), value.get("high")
    if low is None and high is None:
        return _own(parameter, options)
    if low is None or high is None:
        raise ParameterError(parameter.name, f"a range has both ends, low and high; {_example(parameter)}")
    if not _may_be_range(parameter):
        raise ParameterError(parameter.name, f"only numbers have ranges; {_example(parameter)}")
    return _range(parameter, low, high, options)


def grid_size(space: Mapping[str, Dimension]) -> int | None:
    """Return how many combinations there are; None where a range has no steps."""
    counts = [dimension.count for dimension in space.values()]
    return None if None in counts else math.prod(count for count in counts if count is not None)


def grid_point(space: Mapping[str, Dimension], position: int) -> dict[str, Any]:
    """Return a combination by its position in the grid; the last name varies fastest."""
    chosen: dict[str, Any] = {}
    for name in reversed(list(space)):
        position, place = divmod(position, space[name].count or 1)
        chosen[name] = space[name].at(place)
    return {name: chosen[name] for name in space}


def describe_dimension(dimension: Dimension) -> str:
    """Return a dimension as it is written on the command line: `0.001..0.1:log`, `adam,sgd`."""
    if dimension.kind == "choices":
        return ",".join(value if isinstance(value, str) else json.dumps(value) for value in dimension.values)
    options = (":log" if dimension.log else "") + (
        f":step={dimension.step}" if dimension.step not in (None, 1) else ""
    )
    return f"{dimension.low}..{dimension.high}{options}"


def _own(parameter: Parameter, options: Mapping[str, Any]) -> Dimension:
    """Return all that the parameter's type allows."""
    if parameter.choices is not None or parameter.type == "bool":
        if options:
            raise ParameterError(parameter.name, f"only numbers have a {' or a '.join(options)}")
        values = parameter.choices if parameter.choices is not None else [False, True]
        more = [None] if parameter.optional and None not in values else []
        return Dimension("choices", [*values, *more])
    low = parameter.minimum if parameter.minimum is not None else parameter.exclusive_minimum
    high = parameter.maximum if parameter.maximum is not None else parameter.exclusive_maximum
    if not _may_be_range(parameter) or not _is_number(low) or not _is_number(high):
        what = "range" if _may_be_range(parameter) else "values"
        raise ParameterError(parameter.name, f"its type does not say its {what}; {_example(parameter)}")
    assert isinstance(low, (int, float))
    assert isinstance(high, (int, float))
    whole, step = parameter.type == "int", parameter.multiple_of
    if step is not None:
        low, high = _multiple(low, step, up=True), _multiple(high, step, up=False)
    elif whole:
        low, high = math.ceil(low), math.floor(high)
    # An end that the type leaves out.
    if parameter.minimum is None and low == parameter.exclusive_minimum:
        low = low + (step or 1) if whole or step else math.nextafter(low, math.inf)
        if not whole and options.get("log") and low < 1e-300:
            raise ParameterError(
                parameter.name, f"a logarithm has no range that begins at 0; {_example(parameter)}"
            )
    if parameter.maximum is None and high == parameter.exclusive_maximum:
        high = high - (step or 1) if whole or step else math.nextafter(high, -math.inf)
    return _range(parameter, low, high, options)


def _range(parameter: Parameter, low: Any, high: Any, options: Mapping[str, Any]) -> Dimension:
    ends = [check_value(parameter, end) for end in (low, high)]
    if not all(map(_is_number, ends)):
        raise ParameterError(parameter.name, f"the ends of a range are numbers; {_example(parameter)}")
    low, high = ends
    whole = parameter.type == "int" or (parameter.type == "any" and all(isinstance(e, int) for e in ends))
    if low >= high:
        raise ParameterError(
            parameter.name, f"the range from {low} to {high} is empty; the lower end comes first"
        )
    if whole and max(abs(low), abs(high)) > _MOST_WHOLE:
        raise ParameterError(parameter.name, "the ends of a range of whole numbers have at most 53 bits")
    if not whole and not math.isfinite(high - low):
        raise ParameterError(parameter.name, f"the range from {low} to {high} is too wide")
    log = options.get("log", False)
    if not isinstance(log, bool):
        raise ParameterError(parameter.name, f"log is true or false, not {describe(log)}")
    step = options.get("step", parameter.multiple_of)
    if step is not None and (not _is_number(step) or step <= 0):
        raise ParameterError(parameter.name, f"a step is a number above 0, not {describe(step)}")
    if whole and step is not None and step != int(step):
        raise ParameterError(parameter.name, f"the step of a whole number is one, too, not {step}")
    if log and low <= 0:
        raise ParameterError(parameter.name, f"a range with log begins above 0, not at {low}")
    if log and step not in (None, 1):
        raise ParameterError(parameter.name, f"a range has log or a step ({step}), not both")
    if whole:
        step = None if log or step is None else int(step)
    if log and not whole:
        step = None
    if step is not None:
        count = _steps(low, high, step)
        if count < 1:
            raise ParameterError(
                parameter.name, f"the step {step} is longer than the range from {low} to {high}"
            )
        dimension = Dimension("int" if whole else "float", low=low, high=high, step=step)
        check_value(parameter, dimension.at(1))
        return Dimension(dimension.kind, low=low, high=dimension.at(count), step=step)
    return Dimension("int" if whole else "float", low=low, high=high, log=log)


def _options(parameter: Parameter, text: str) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for part in text.split(":")[1:]:
        word, given, value = part.strip().partition("=")
        if word == "log" and not given:
            options["log"] = True
        elif word == "step" and _is_text_of_number(value):
            options["step"] = _to_number(value)
        else:
            raise ParameterError(
                parameter.name, f"{part.strip()!r} is not known of a range; there are :log and :step=NUMBER"
            )
    return options


def _may_be_range(parameter: Parameter) -> bool:
    numeric = parameter.type in ("int", "float") and parameter.format is None
    return parameter.choices is None and (numeric or parameter.type == "any")


def _example(parameter: Parameter) -> str:
    name = parameter.name
    if not _may_be_range(parameter):
        return f"write {name}=VALUE,VALUE"
    ends, values = ("1..10", "1,2,4") if parameter.type == "int" else ("0.001..0.1", "0.01,0.1")
    return f"write {name}={ends} or {name}={ends}:log, or values as {name}={values}"


def _number_at(low: float, position: int, step: float) -> float:
    # As people write it: 0.1 + 2 × 0.1 is 0.3.
    return float(Decimal(repr(low)) + position * Decimal(repr(step)))


def _steps(low: float, high: float, step: float) -> int:
    # Exact: a difference that is rounded may reach beyond the upper end.
    low_, high_, step_ = (Fraction(repr(number)) for number in (low, high, step))
    steps = int((high_ - low_) / step_)
    if isinstance(low, int) and isinstance(step, int):
        return steps
    # The next number may be rounded onto the upper end, and is one of the range then.
    return steps + (_number_at(low, steps + 1, step) <= high)


def _multiple(bound: float, step: float, *, up: bool) -> float | int:
    times = Decimal(repr(bound)) / Decimal(repr(step))
    whole = math.ceil(times) if up else math.floor(times)
    found = whole * Decimal(repr(step))
    return int(found) if isinstance(step, int) else float(found)


def _distinct(values: Sequence[Any]) -> list[Any]:
    kept: list[Any] = []
    for value in values:
        if not any(_is_same(value, other) for other in kept):
            kept.append(value)
    return kept


def _is_same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float) and math.isnan(one) and math.isnan(other):
        return True
    # JSON has one kind of number, and true is none.
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_text_of_number(text: str) -> bool:
    return re.fullmatch(rf"\s*{_NUMBER}\s*", text) is not None


def _to_number(text: str) -> float | int:
    plain = text.strip()
    return int(plain) if re.fullmatch(r"[-+]?[\d_]+", plain) else float(plain)
