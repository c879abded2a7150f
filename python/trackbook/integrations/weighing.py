"""How large a fitted model is, and about how long storing it takes, without storing it."""

from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, NamedTuple

# Storing happens while the user waits. Above this many bytes, or this long, it is left to the user.
LIMIT = 50_000_000
BUDGET = 2.0
_SHARE = 0.25
_MOST_VISITED = 200_000
# Writing a part (an estimator, a tree) costs this much, in seconds, whatever it holds; and then comes what it holds.
_PER_PART = 1.5e-3
_BYTES_PER_SECOND = 50e6
_BYTES_PER_LEAF = 130  # of a tree in LightGBM's text
_PLAIN = (type(None), bool, int, float, complex, type, ModuleType, FunctionType, BuiltinFunctionType)


class Weight(NamedTuple):
    """A model's arrays in bytes, and how many parts it has."""

    size: int
    parts: int

    @property
    def seconds(self) -> float:
        """About how long storing it takes."""
        return self.parts * _PER_PART + self.size / _BYTES_PER_SECOND


def weigh(model: Any) -> Weight:
    """Return how much a model holds: what can be reached from its attributes, each object once."""
    size = parts = 0
    seen: set[int] = set()
    kept: list[Any] = []  # what was made on the way stays, for no other object to take its identity
    open_ = [model]
    while open_ and len(seen) < _MOST_VISITED:
        value = open_.pop()
        if isinstance(value, _PLAIN) or id(value) in seen:
            continue
        seen.add(id(value))
        kept.append(value)
        if isinstance(value, (str, bytes, bytearray)):
            size += len(value)
        elif isinstance(value, dict):
            open_.extend(value.values())
        elif isinstance(value, (list, tuple, set, frozenset)):
            if len(value) > _MOST_VISITED:
                size += 8 * len(value)
            else:
                open_.extend(value)
        elif (own := _size_of(value)) is not None:
            size += own
            if getattr(value, "dtype", None) is not None and value.dtype.hasobject:
                open_.extend(value.flat)
        else:
            parts += 1
            open_.append(_state_of(value))
    return Weight(size, parts)


def too_heavy(model: Any, seconds: float) -> str | None:
    """Return why a model that took `seconds` to fit is not to be stored while the user waits; None if it is."""
    weight = weigh(model)
    if weight.size > LIMIT:
        return f"{weight.size / 1e6:,.0f} MB"
    if weight.seconds > max(BUDGET, seconds * _SHARE):
        return f"it would take about {weight.seconds:.1f} s"
    return None


def _size_of(value: Any) -> int | None:
    """Return the bytes of an array, a table or a booster; None for what is none of these."""
    module = type(value).__module__.partition(".")[0]
    if module == "pandas" and hasattr(value, "memory_usage"):
        used = value.memory_usage()
        return int(used.sum() if hasattr(used, "sum") else used)
    if module == "xgboost" and type(value).__name__ == "Booster":
        return len(value.save_raw("ubj"))
    if module == "lightgbm" and type(value).__name__ == "Booster":
        leaves = (value.params or {}).get("num_leaves", 31)
        return int(value.num_trees() * leaves * _BYTES_PER_LEAF)
    size = getattr(value, "nbytes", None)
    return int(size) if isinstance(size, int) else None


def _state_of(value: Any) -> Any:
    own = getattr(value, "__dict__", None)
    if isinstance(own, dict):
        return own
    # Of scikit-learn's compiled classes: views of the arrays that they hold.
    if type(value).__module__.partition(".")[0] == "sklearn":
        return value.__getstate__()
    return None
