"""Vectors and histograms."""

import math
from collections.abc import Sequence
from typing import Any

import msgspec

from trackbook.domain.rich import RichContent
from trackbook.errors import InvalidValue
from trackbook.services.values.libraries import numpy
from trackbook.services.values.wrapped import Wrapped, check_whole, ready, to_json

MAX_LENGTH = 1_000_000
MAX_BINS = 10_000


class Vector(Wrapped):
    """Numbers in a row. A list of numbers, and an array of one dimension and several elements, are logged so, too."""

    def __init__(self, values: Any) -> None:
        self.values = values

    def content(self, name: str) -> RichContent:
        """Return `{"values": [...]}` as JSON."""
        check_length(name, self.values)
        values = _numbers(name, self.values)
        finite = [value for value in values if math.isfinite(value)]
        meta: dict[str, Any] = {"length": len(values)}
        if finite:
            meta |= {"min": min(finite), "max": max(finite)}
        content = {"values": values}
        # What is finite needs no look at each of a million values.
        data = msgspec.json.encode(content) if len(finite) == len(values) else to_json(content)
        return ready(name, "vector", data, "application/json", meta)


class Histogram(Wrapped):
    """How values are distributed: of all of them, in `bins` of equal width, or as `counts` between `edges`.

    `values` may have any shape; NaN and infinities are left out, and counted. Raises InvalidValue for bins that are
    none, MissingExtra where values have to be counted without numpy.
    """

    def __init__(
        self,
        values: Any = None,
        *,
        counts: Any = None,
        edges: Any = None,
        bins: int = 64,
    ) -> None:
        self.left_out = 0
        if (values is None) == (counts is None) or (counts is None) != (edges is None):
            raise InvalidValue("Histogram", values, "say either values, or counts and edges")
        if values is not None:
            self.counts, self.edges = self._count(values, bins)
            return
        self.counts, self.edges = _numbers("counts", counts), _numbers("edges", edges)
        if not 1 <= len(self.counts) <= MAX_BINS or len(self.edges) != len(self.counts) + 1:
            raise InvalidValue(
                "Histogram",
                counts,
                f"n counts, at most {MAX_BINS:,}, have n + 1 edges, and these are {len(self.counts)} counts and "
                f"{len(self.edges)} edges",
            )
        if not all(a < b for a, b in zip(self.edges, self.edges[1:], strict=False)):
            raise InvalidValue("Histogram", edges, "edges are numbers that rise")
        if not all(0 <= count < math.inf for count in self.counts):
            raise InvalidValue("Histogram", counts, "counts are numbers from 0 on")

    def content(self, name: str) -> RichContent:
        """Return `{"counts": [...], "edges": [...]}` as JSON."""
        meta = {
            "count": sum(self.counts),
            "min": self.edges[0],
            "max": self.edges[-1],
            "bins": len(self.counts),
        }
        meta |= {"left_out": self.left_out} if self.left_out else {}
        data = to_json({"counts": self.counts, "edges": self.edges})
        return ready(name, "histogram", data, "application/json", meta)

    def _count(self, values: Any, bins: int) -> tuple[list[float], list[float]]:
        check_whole("bins", bins, MAX_BINS)
        np = numpy("A histogram of values")
        try:
            array = np.asarray(to_host(values)).astype(float).ravel()
        except (TypeError, ValueError):
            raise InvalidValue("Histogram", values, "values are numbers") from None
        finite = array[np.isfinite(array)]
        if not finite.size:
            raise InvalidValue("Histogram", values, "there is no finite number among the values")
        self.left_out = int(array.size - finite.size)
        counts, edges = np.histogram(finite, bins)
        return counts.tolist(), edges.tolist()


def check_length(name: str, values: Any) -> None:
    """Raise InvalidValue for more values than a vector has, before a list is made of them."""
    shape = getattr(values, "shape", None)
    if not shape and not isinstance(values, (list, tuple)):
        return
    length = int(shape[0]) if shape else len(values)
    if length > MAX_LENGTH:
        raise InvalidValue(
            name,
            values,
            f"a vector has at most {MAX_LENGTH:,} values, and this one {length:,}; "
            "log tb.Histogram(values), or store it as a file",
        )


def to_host(value: Any) -> Any:
    """Return a tensor as what numpy can take: off its device and without its gradient; all else as it is."""
    detach = getattr(value, "detach", None)
    if not callable(detach):
        return value
    value = detach().cpu()
    # numpy has no bfloat16.
    return value.float() if "bfloat16" in str(getattr(value, "dtype", "")) else value


def is_numbers(values: Sequence[Any]) -> bool:
    """Tell whether a list holds nothing but numbers, and some of them."""
    return bool(values) and all(type(value) in (int, float, bool) for value in values)


def _numbers(name: str, values: Any) -> list[float]:
    values = to_host(values)
    tolist = getattr(values, "tolist", None) or getattr(values, "to_list", None)
    try:
        items = tolist() if callable(tolist) else list(values)
        if any(isinstance(item, (str, bytes)) for item in items):
            raise TypeError
        return [item if type(item) is int and abs(item) < 2**53 else float(item) for item in items]
    except (TypeError, ValueError, OverflowError):
        raise InvalidValue(name, values, "a vector is a list of numbers, in one dimension") from None
