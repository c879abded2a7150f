"""Short descriptions of what a model was given: parameters that can be stored, and the names of variables."""

import re
from collections.abc import Mapping
from types import FrameType
from typing import Any

from trackbook.domain.names import check_name
from trackbook.domain.values import to_parameter
from trackbook.errors import TrackbookError

MAX_TEXT = 250
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def describe_params(values: Mapping[Any, Any]) -> dict[str, Any]:
    """Return parameters as they are stored: each short, and with a name that can be stored."""
    described: dict[str, Any] = {}
    for key, value in values.items():
        name = shorten(str(key), 200)
        try:
            check_name("parameter", name)
        except TrackbookError:
            continue
        described[name] = describe(value)
    return described


def describe(value: Any) -> Any:
    """Return a parameter's value as a JSON value of at most about 250 characters."""
    if value is None or isinstance(value, (bool, int, float)):
        return to_parameter("value", value)
    if isinstance(value, str):
        return shorten(value)
    if isinstance(value, type) or hasattr(value, "__qualname__"):
        return shorten(f"{getattr(value, '__module__', '')}.{value.__qualname__}".removeprefix("builtins."))
    shape = getattr(value, "shape", None)
    if shape:  # an array or a table, of any size
        return shorten(f"{type(value).__name__} {'×'.join(str(length) for length in shape)}")
    if hasattr(value, "get_params"):
        return type(value).__name__
    if isinstance(value, (list, tuple, set, frozenset, dict)) and len(value) > 100:
        return f"{type(value).__name__} of {len(value):,}"
    try:
        plain = to_parameter("value", value)
    except TrackbookError:
        return shorten(_ADDRESS.sub("", repr(value)))
    return plain if len(repr(plain)) <= MAX_TEXT else shorten(repr(plain))


def shorten(text: str, limit: int = MAX_TEXT) -> str:
    """Return a text with its end cut off where it is longer than `limit`."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def name_of(value: object, frame: FrameType | None) -> str | None:
    """Return the name of the variable that holds this very object where the call was made, if there is one."""
    if frame is None or value is None:
        return None
    places = [frame.f_locals] if frame.f_locals is frame.f_globals else [frame.f_locals, frame.f_globals]
    for names in places:
        for name, held in list(names.items()):
            if held is value and name.isidentifier() and not name.startswith("_"):
                return shorten(name, 100)
    return None


def length_of(data: Any) -> int:
    """Return the number of rows of an array, a table or a list."""
    shape = getattr(data, "shape", None)
    return int(shape[0]) if shape else len(data)


def first_rows(data: Any, rows: int) -> Any:
    """Return the first rows of an array, a table or a list."""
    return data.iloc[:rows] if hasattr(data, "iloc") else data[:rows]
