"""Values of names as JSON that can be compared: numbers, texts and collections as they are, others by their parts."""

import sys
from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from enum import Enum
from pathlib import PurePath
from typing import Any

from trackbook.notebook.results.noise import without_noise

_MOST = 1000  # entries of a collection that are looked at; of the rest, only how many there are
_DEEPEST = 4
# Of what these make, too much is of the moment: numbers of figures, caches, callbacks.
_BY_TYPE_ALONE = (
    "matplotlib",
    "plotly",
    "IPython",
    "ipywidgets",
    "trackbook",
    "logging",
    "threading",
    "concurrent",
)


def describe_names(namespace: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return the values of names as JSON; a name that is not there is left out."""
    return {name: describe_value(namespace[name]) for name in names if name in namespace}


def describe_value(value: Any, depth: int = 0) -> Any:
    """Return a value as JSON: arrays and tables by shape and content, other objects by type and simple attributes."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (str, PurePath)):
        return without_noise(str(value))
    if isinstance(value, complex):
        return [value.real, value.imag]
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, (date, time, timedelta)):
        return str(value)
    if depth >= _DEEPEST:
        return {"type": type(value).__name__}
    if (array := _as_array(value)) is not None:
        return _describe_array(array, depth)
    if (table := _as_table(value)) is not None:
        return {"type": type(value).__name__, **_describe_parts(table, depth)}
    return _describe_collection(value, depth)


def _describe_collection(value: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        return _describe_parts(value, depth)
    if isinstance(value, (set, frozenset)):
        return _describe_list(sorted(value, key=repr), depth)
    if isinstance(value, (list, tuple)):
        return _describe_list(value, depth)
    name = type(value).__name__
    if (
        type(value).__module__.partition(".")[0] in _BY_TYPE_ALONE
        or isinstance(value, type)
        or callable(value)
    ):
        return {"type": getattr(value, "__name__", name) if isinstance(value, type) else name}
    members = {key: part for key, part in _timeless(_members(value)).items() if not key.startswith("_")}
    return {"type": name, "members": {key: describe_value(part, depth + 1) for key, part in members.items()}}


def _timeless(parts: Mapping[Any, Any]) -> dict[Any, Any]:
    # What an object measured of itself, such as how long its fit took, is another time each time.
    kept = {key: part for key, part in parts.items() if "time" not in str(key)}
    return {key: _timeless(part) if isinstance(part, dict) else part for key, part in kept.items()}


def _members(value: Any) -> dict[str, Any]:
    try:
        return dict(vars(value))
    except TypeError:
        return {}


def _describe_parts(parts: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    items = list(parts.items())
    found = {str(key): describe_value(part, depth + 1) for key, part in items[:_MOST]}
    return found if len(items) <= _MOST else {**found, "entries": len(items)}


def _describe_list(values: Any, depth: int) -> Any:
    found = [describe_value(part, depth + 1) for part in values[:_MOST]]
    return found if len(values) <= _MOST else {"first": found, "entries": len(values)}


def _as_array(value: Any) -> Any:
    """Return a value as an array of numpy, if it is one, a number of numpy, or a tensor of torch."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return value.detach().cpu().numpy()
    return numpy.asarray(value) if isinstance(value, (numpy.ndarray, numpy.generic)) else None


def _describe_array(array: Any, depth: int) -> Any:
    if array.ndim == 0:
        item = array.item()
        return str(item) if isinstance(item, bytes) else describe_value(item, depth + 1)
    flat = array.ravel()
    found: dict[str, Any] = {
        "shape": list(array.shape),
        "first": describe_value(flat[:_MOST].tolist(), depth + 1),
    }
    if flat.size > _MOST and array.dtype.kind in "biuf":
        found |= {"sum": float(flat.sum()), "largest": float(flat.max()), "smallest": float(flat.min())}
    return found


def _as_table(value: Any) -> dict[Any, Any] | None:
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return None
    if isinstance(value, pandas.DataFrame):
        columns = {
            f"column {name}": value.iloc[:, place].to_numpy() for place, name in enumerate(value.columns)
        }
        return {"index": value.index.to_numpy(), **columns}
    if isinstance(value, pandas.Series):
        return {"index": value.index.to_numpy(), "values": value.to_numpy()}
    return {"values": value.to_numpy()} if isinstance(value, pandas.Index) else None
