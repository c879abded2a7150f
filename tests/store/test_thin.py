"""Thinning keeps what an eye would look for."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trackbook.store.thin import thin

VALUES = st.lists(st.floats(allow_nan=True, allow_infinity=True) | st.just(math.nan), max_size=200)


@given(VALUES, st.integers(2, 210))
@example([math.nan] * 50, 10)
@example([math.nan, math.inf, -math.inf] * 20, 11)
@example([0.0, -0.0] * 30, 7)
def test_what_is_kept(values: list[float], most: int) -> None:
    array = np.array(values, dtype=np.float64)
    kept = thin(array, most)
    assert len(kept) <= max(most, 0)
    assert kept.tolist() == sorted(set(kept.tolist()))
    if len(values) <= most:
        assert kept.tolist() == list(range(len(values)))
        return
    assert (kept[0], kept[-1]) == (0, len(values) - 1)
    if most >= 5:
        _check_buckets(array, kept, most)


def _check_buckets(array: np.ndarray, kept: np.ndarray, most: int) -> None:
    each = 3 if np.isnan(array).any() else 2
    width = math.ceil(len(array) / ((most - 2) // each))
    for start in range(0, len(array), width):
        bucket = array[start : start + width]
        shown = array[kept[(kept >= start) & (kept < start + width)]]
        numbers, shown_numbers = bucket[~np.isnan(bucket)], shown[~np.isnan(shown)]
        assert np.isnan(shown).any() == np.isnan(bucket).any()
        if len(numbers):
            assert (shown_numbers.min(), shown_numbers.max()) == (numbers.min(), numbers.max())


def test_a_spike_survives_any_thinning() -> None:
    values = np.zeros(100_000)
    values[54_321], values[77_777] = 9.0, math.nan
    for most in (5, 10, 500, 2_000):
        kept = thin(values, most)
        assert {54_321, 77_777} <= set(kept.tolist())
        assert len(kept) <= most


def test_points_are_used_where_there_are_many() -> None:
    assert len(thin(np.sin(np.arange(100_000)), 1_000)) > 900


@pytest.mark.parametrize("most", [1, 0, -5])
def test_two_points_are_the_fewest(most: int) -> None:
    with pytest.raises(ValueError, match="fewer than 2"):
        thin(np.zeros(10), most)
