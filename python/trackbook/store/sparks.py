"""What the index keeps of a series without its points: last, extremes, count, and a small line for tables."""

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from trackbook.store.columns import Floats
from trackbook.store.segments import Columns

SPARK_POINTS = 64


def extend_spark(row: Mapping[str, Any] | None, columns: Columns) -> dict[str, Any]:
    """Return the changed values of a series' row after these points came to it.

    The line holds every `stride`-th value; when it is full every other one goes. It depends on the points alone,
    not on how they were cut into readings.
    """
    values = columns.values
    before = int(row["count"]) if row else 0
    count = before + len(values)
    known = [row["min"], row["max"]] if row else [None, None]
    lowest, highest = _extremes(values)
    changes: dict[str, Any] = {
        "count": count,
        "min": _pick(min, known[0], lowest),
        "max": _pick(max, known[1], highest),
    }
    last_at = int(columns.times[-1])
    if row is None or last_at >= row["last_at"]:
        last = float(values[-1])
        changes |= {
            "last": None if math.isnan(last) else last,
            "last_step": int(columns.steps[-1]),
            "last_at": last_at,
        }
    stride = int(row["stride"]) if row else 1
    spark: list[float] = json.loads(row["spark"]) if row else []
    first = -before % stride
    spark += values[first::stride].tolist()
    while len(spark) > SPARK_POINTS:
        spark, stride = spark[::2], stride * 2
    return changes | {"spark": json.dumps(spark), "stride": stride}


def put_before(row: Mapping[str, Any], columns: Columns) -> dict[str, Any]:
    """Return the changed values of a series' row when these points turn out to stand before those that it counts."""
    earlier = extend_spark(None, columns)
    stride = max(int(row["stride"]), int(earlier["stride"]))
    spark = [
        *json.loads(earlier["spark"])[:: stride // int(earlier["stride"])],
        *json.loads(row["spark"])[:: stride // int(row["stride"])],
    ]
    while len(spark) > SPARK_POINTS:
        spark, stride = spark[::2], stride * 2
    return {
        "count": int(row["count"]) + earlier["count"],
        "min": _pick(min, row["min"], earlier["min"]),
        "max": _pick(max, row["max"], earlier["max"]),
        "spark": json.dumps(spark),
        "stride": stride,
    }


def _extremes(values: Floats) -> tuple[float | None, float | None]:
    if len(values) == 1:  # of many runs each metric has one value: arrays would take ten times as long
        only = float(values[0])
        return (None, None) if math.isnan(only) else (only, only)
    numbers = values[~np.isnan(values)]
    return (float(numbers.min()), float(numbers.max())) if len(numbers) else (None, None)


def _pick(choose: Any, known: float | None, new: Any) -> float | None:
    found = [float(value) for value in (known, new) if value is not None]
    return choose(found) if found else None
