"""Windows of sorted runs are cut from the whole, sorted list."""

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trackbook.store.ordering import window

VALUES = [math.nan, -math.inf, -1.5, 0.0, -0.0, 2.0, math.inf]


@given(
    seed=st.integers(0, 2**32 - 1), start=st.integers(0, 6_000), length=st.integers(0, 300), data=st.data()
)
def test_a_window_is_part_of_the_whole(seed: int, start: int, length: int, data: st.DataObject) -> None:
    source = np.random.default_rng(seed)
    count = data.draw(st.sampled_from([0, 1, 7, 500, 6_000]))
    found = source.permutation(count).astype(np.int32)[: int(count * 0.9)]
    keys = []
    for shape in data.draw(st.lists(st.sampled_from(["few", "many", "two"]), max_size=3)):
        few, many = source.choice(VALUES, count), np.round(source.normal(size=count), 3)
        keys.append([few] if shape == "few" else [many] if shape == "many" else [few, many])

    def rank(serial: int) -> list[tuple[int, float]]:
        ranks = []
        for key in keys:
            values = [part[serial] for part in key]
            place = next((n for n, value in enumerate(values) if not math.isnan(value)), len(values))
            ranks.append((place, values[place] if place < len(values) else 0.0))
        return ranks

    whole = sorted(found.tolist(), key=rank)
    assert window(found, keys, start, start + length).tolist() == whole[start : start + length]
