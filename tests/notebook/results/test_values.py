import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from trackbook.domain.tolerance import Tolerance
from trackbook.notebook.results.data import compare_data
from trackbook.notebook.results.values import describe_names, describe_value


def differs(one: Any, other: Any) -> bool:
    texts = [json.dumps(describe_value(value)) for value in (one, other)]
    return bool(compare_data(*map(json.loads, texts), "application/json", Tolerance()))


class Box:
    def __init__(self, size: float) -> None:
        self.size, self._cache, self.fit_time = size, object(), np.random.default_rng().random()


@pytest.mark.parametrize(
    ("make", "other"),
    [
        (lambda: 0.1, 0.2),
        (lambda: float("nan"), 0.0),
        (lambda: "text", "other"),
        (lambda: [1, (2, {"a": {3}})], [1, (2, {"a": {4}})]),
        (lambda: Path("a") / "b", Path("a")),
        (lambda: date(2026, 1, 2), date(2026, 1, 3)),
        (lambda: 1 + 2j, 1 + 3j),
        (lambda: np.arange(6).reshape(2, 3), np.arange(6).reshape(3, 2)),
        (lambda: np.arange(5000) / 3, np.append(np.arange(4999) / 3, 0)),
        (lambda: np.float32(1.5), np.float32(1.6)),
        (lambda: np.array(["a", None], dtype=object), np.array(["a", "b"], dtype=object)),
        (lambda: pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}), pd.DataFrame({"a": [1, 2], "b": ["x", "z"]})),
        (lambda: pd.Series([1, 2], index=["a", "b"]), pd.Series([1, 2], index=["a", "c"])),
        (lambda: Box(1.0), Box(2.0)),
        (lambda: LinearRegression().fit([[0], [1]], [0, 1]), LinearRegression().fit([[0], [1]], [0, 2])),
        (lambda: {"deep": [[[[[1]]]]]}, [1]),
    ],
)
def test_values_are_equal_to_themselves_and_not_to_others(make: Any, other: Any) -> None:
    assert not differs(make(), make())
    assert differs(make(), other)


def test_only_names_that_are_there_are_described() -> None:
    assert describe_names({"a": 1, "b": 2}, ["a", "c"]) == {"a": 1}


def test_what_refers_to_itself_ends() -> None:
    box = Box(1.0)
    box.size = box  # type: ignore[assignment]
    loop: list[Any] = []
    loop.append(loop)
    assert not differs(box, box)
    assert not differs(loop, loop)
