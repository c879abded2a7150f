"""Which of the values that a cell read or made can be stored; one that can't keeps none of the others away."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from trackbook.domain.names import check_name
from trackbook.domain.values import flatten, to_number, to_parameter
from trackbook.errors import InvalidName, InvalidValue
from trackbook.magics.values import shorten

_MOST = 3


class Storable(NamedTuple):
    """The values that can be stored, and by the names of all others why not."""

    values: dict[str, Any]
    problems: dict[str, str]


def storable_parameters(values: Mapping[str, Any]) -> Storable:
    """Return those of `values` that can be parameters."""
    return _those_that_pass(values, _check_parameter)


def storable_metrics(values: Mapping[str, Any]) -> Storable:
    """Return those of `values` that can be metrics."""
    return _those_that_pass(values, _check_metric)


def say_problems(problems: Mapping[str, str]) -> list[str]:
    """Return in words what is not stored, and why: a part of a line, or none."""
    told = [f"{shorten_name(name)} ({why})" for name, why in list(problems.items())[:_MOST]]
    more = len(problems) - len(told)
    told += [f"and {more} more"] if more > 0 else []
    return [f"not stored: {', '.join(told)}"] if told else []


def shorten_name(name: str) -> str:
    """Return a variable's name as it may stand in a line."""
    return name if len(name) <= 40 else f"{name[:39]}…"


def _those_that_pass(values: Mapping[str, Any], check: Callable[[str, Any], None]) -> Storable:
    found = Storable({}, {})
    for name, value in values.items():
        try:
            check(name, value)
        except (InvalidName, InvalidValue) as error:
            found.problems[name] = error.reason
        except Exception as error:  # a value of the user's own class may raise anything
            found.problems[name] = shorten(error)
        else:
            found.values[name] = value
    return found


def _check_parameter(name: str, value: Any) -> None:
    for key, item in flatten({name: value}).items():
        check_name("parameter", key)
        to_parameter(key, item)


def _check_metric(name: str, value: Any) -> None:
    check_name("metric", name)
    to_number(name, value)
