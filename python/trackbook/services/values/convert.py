"""From a value to what is stored of it, chosen by the value's type."""

from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any

from msgspec import Struct

from trackbook.domain.rich import RichContent
from trackbook.errors import InvalidValue, UsageError
from trackbook.services.values.figures import from_matplotlib, from_plotly, is_plotly, matplotlib_figure
from trackbook.services.values.images import from_array, from_pil, is_pil
from trackbook.services.values.tables import from_table, is_table
from trackbook.services.values.texts import Json, Text
from trackbook.services.values.vectors import Vector, check_length, is_numbers, to_host
from trackbook.services.values.wrapped import Wrapped

ACCEPTED = (
    "log a number, a text, a list, a dict, an array or tensor, an image of PIL's, a figure of matplotlib or plotly, a "
    "table of pandas, polars or Arrow, or one of tb.Histogram, tb.Vector, tb.Image, tb.Audio, tb.Video, tb.Html, "
    "tb.Table, tb.Json, tb.confusion_matrix, tb.roc_curve, tb.pr_curve, tb.calibration_curve; any other thing "
    "as a file: run.artifact(...)"
)


def to_content(name: str, value: Any) -> RichContent:
    """Return what is stored of a value that is no single number.

    Raises InvalidValue, which says what is accepted, for what can't be stored; MissingExtra where it needs a library
    that there is not. No other error leaves it.
    """
    try:
        content = _convert(name, value)
    except UsageError:
        raise
    except Exception as error:  # the value's own library may raise anything
        reason = f"{type(value).__name__} can't be read: {type(error).__name__}: {error}"
        raise InvalidValue(name, value, reason) from error
    if content is None:
        kind = "None" if value is None else type(value).__name__
        raise InvalidValue(name, value, f"a value is not {kind}: {ACCEPTED}")
    return content


def _convert(name: str, value: Any) -> RichContent | None:
    if isinstance(value, Wrapped):
        return value.content(name)
    if isinstance(value, str):
        return Text(value).content(name)
    if value is None or isinstance(value, (bytes, bytearray, memoryview, type)):
        return None
    if is_pil(value):
        return from_pil(name, value)
    if (figure := matplotlib_figure(value)) is not None:
        return from_matplotlib(name, figure)
    if is_plotly(value):
        return from_plotly(name, value)
    if is_table(value):
        return from_table(name, value)
    if isinstance(value, (list, tuple)):
        return Vector(value).content(name) if is_numbers(value) else Json(value).content(name)
    if isinstance(value, (Mapping, Struct)) or is_dataclass(value):
        return Json(value).content(name)
    return _from_array(name, value)


def _from_array(name: str, value: Any) -> RichContent | None:
    """Return the content of an array, a tensor or a series: of numbers in a row a vector, of other things JSON."""
    shape = getattr(value, "shape", None)
    if shape is None or not (hasattr(value, "__array__") or hasattr(value, "detach")):
        return None
    if len(shape) > 1:
        return from_array(name, value)
    check_length(name, value)
    listed = getattr(to_host(value), "tolist", None) or getattr(value, "to_list", None)
    if not callable(listed):
        return None
    values = listed()
    if not isinstance(values, list):
        return Json(values).content(name)
    return Vector(values).content(name) if is_numbers(values) else Json(values).content(name)
