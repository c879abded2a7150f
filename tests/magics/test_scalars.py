"""Which values count as parameters, and which as metrics."""

import enum
import fractions
from pathlib import Path
from typing import Any

import numpy as np

from trackbook.magics.scalars import Found, metrics_in, parameters_in
from trackbook.magics.values import list_values


class Color(enum.Enum):
    RED = "red"


class Moody:
    """Answers to anything, as mocks and lazy values do."""

    shape = property(lambda self: 1 / 0)
    item = None


SIMPLE: dict[str, Any] = {
    "i": 1,
    "f": 0.5,
    "b": True,
    "s": "text",
    "n32": np.float32(0.25),
    "n64": np.int64(3),
    "q": fractions.Fraction(1, 2),
    "none": None,
    "flag": np.bool_(True),
    "path": Path("data/train.csv"),
    "color": Color.RED,
    "point": np.array(0.5),
    "layers": [64, 64],
    "pair": (1, "x"),
    "config": {"lr": 0.1, "name": None},
}
OTHERS: dict[str, Any] = {
    "long": "x" * 501,
    "array": np.zeros(1),
    "empty": [],
    "many": list(range(11)),
    "nested": [[1]],
    "mixed": {1: 2},
    "keys": dict.fromkeys(map(str, range(21)), 1),
    "complex": 1j,
    "function": len,
    "moody": Moody(),
    "_private": 1,
}


def test_only_simple_values_count() -> None:
    namespace = {**SIMPLE, **OTHERS}
    names = [*namespace, "unknown"]
    assert list(parameters_in(names, namespace)) == list(SIMPLE)
    assert list(metrics_in(names, namespace)) == ["i", "f", "n32", "n64", "q", "point"]


def test_numbers_that_a_cell_left_alone() -> None:
    namespace: dict[str, Any] = {
        "kept": 0.9,
        "again": 0.5,
        "array": np.array(0.5),
        "gone": np.array(1.5),
        "big": 10**6,
        "small": 3,
        "text": "x",
        "deleted": 1.5,
    }
    found = Found([*namespace, "fresh"], namespace)
    # The same numbers, made anew.
    namespace |= {"again": float("0.5"), "small": int("3"), "fresh": 1.0}
    namespace["gone"] = np.array(1.5)
    del namespace["deleted"]
    names = ["kept", "again", "array", "gone", "big", "small", "text", "fresh"]
    assert found.left_alone(names, namespace) == ["kept", "array", "big"]


def test_numbers_of_numpy_are_shown_as_numbers() -> None:
    values = {
        "a": np.float32(0.1),
        "b": np.int64(3),
        "c": np.bool_(True),
        "d": np.array(2.5),
        "e": np.zeros((3, 3)),
    }
    assert list_values(values) == "a 0.1, b 3, c True, d 2.5, e ndarray 3 × 3"
