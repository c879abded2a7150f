"""Metrics of two runs, by their names."""

from collections.abc import Mapping

from trackbook.domain.difference import Difference
from trackbook.domain.tolerance import Tolerance
from trackbook.notebook.results.numbers import describe_deviation


def compare_metrics(
    expected: Mapping[str, float], actual: Mapping[str, float], tolerance: Tolerance
) -> list[Difference]:
    """Return how the last values of metrics differ, in the order of `expected`; an empty list if they hold."""
    found = []
    for name, value in expected.items():
        if name not in actual:
            found.append(Difference("missing", f"The metric {name} was not logged.", repr(value)))
        elif not tolerance.holds(value, actual[name]):
            told = describe_deviation(value, actual[name], tolerance)
            found.append(Difference("number", f"The metric {name}: {told}", repr(value), repr(actual[name])))
    for name in actual:
        if name not in expected:
            message = f"The metric {name} was not logged before."
            found.append(Difference("extra", message, actual=repr(actual[name])))
    return found
