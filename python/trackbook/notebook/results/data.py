"""JSON in outputs, figures of plotly and Vega among it: value by value, numbers within the tolerance."""

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from trackbook.domain.difference import Difference, excerpt
from trackbook.domain.tolerance import Tolerance
from trackbook.notebook.results.numbers import close, describe_deviation, is_number

PLOTLY = "application/vnd.plotly.v1+json"
_MOST_TOLD = 3
# What figures carry that nobody sees: names made anew each time, and where to send them.
_UNSEEN = frozenset(("uid", "uirevision", "plotlyServerURL"))


def compare_data(expected: Any, actual: Any, mime: str, tolerance: Tolerance) -> list[Difference]:
    """Return the first few differences between two JSON values; of a plotly figure its data and layout count."""
    if mime == PLOTLY:
        expected, actual = _figure(expected), _figure(actual)
    found: list[Difference] = []
    for where, told, one, other in _walk(expected, actual, "", tolerance):
        place = where or "The value"
        found.append(Difference("data", f"{place}: {told}", excerpt(one), excerpt(other), mime))
        if len(found) == _MOST_TOLD:
            break
    return found


def _walk(
    expected: Any, actual: Any, where: str, tolerance: Tolerance
) -> Iterator[tuple[str, str, object, object]]:
    if isinstance(expected, dict) and isinstance(actual, dict):
        for key, value in expected.items():
            if key not in actual:
                yield _at(where, key), "it is missing.", value, ""
            else:
                yield from _walk(value, actual[key], _at(where, key), tolerance)
        for key in actual:
            if key not in expected:
                yield _at(where, key), "it was not there before.", "", actual[key]
    elif isinstance(expected, list) and isinstance(actual, list):
        if len(expected) != len(actual):
            told = f"a list of {len(expected)} was expected, one of {len(actual)} came."
            yield where, told, expected, actual
            return
        for position, (one, other) in enumerate(zip(expected, actual, strict=True)):
            yield from _walk(one, other, f"{where}[{position}]", tolerance)
    elif is_number(expected) and is_number(actual):
        if not close(expected, actual, tolerance):
            yield where, describe_deviation(expected, actual, tolerance), expected, actual
    elif expected != actual or isinstance(expected, bool) is not isinstance(actual, bool):
        yield where, "another value came.", expected, actual


def _at(where: str, key: str) -> str:
    return f"{where}.{key}" if where else key


def _figure(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    layout = value.get("layout")
    # The template is a style of some 7 kB that plotly writes into every figure, another one with each version.
    shown = (
        {key: part for key, part in layout.items() if key != "template"}
        if isinstance(layout, dict)
        else layout
    )
    return _plain({"data": value.get("data"), "layout": shown})


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "bdata" in value and "dtype" in value:
        return _numbers(value)
    return {key: _plain(item) for key, item in value.items() if key not in _UNSEEN}


def _numbers(value: dict[str, Any]) -> Any:
    # plotly 6 sends arrays as bytes.
    import numpy as np

    try:
        array = np.frombuffer(base64.b64decode(value["bdata"]), dtype=np.dtype(value["dtype"]))
        if isinstance(shape := value.get("shape"), str):
            array = array.reshape([int(part) for part in shape.split(",")])
    except (TypeError, ValueError, binascii.Error):
        return value
    return array.tolist()
