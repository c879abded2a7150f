import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trackbook.store.columns import decode_floats, decode_ints, encode_floats, encode_ints

INTS = st.lists(st.integers(-(2**63), 2**63 - 1))
FLOATS = st.lists(st.floats(width=64, allow_nan=True, allow_infinity=True))


@given(INTS)
def test_integers_come_back(values):
    array = np.array(values, np.int64)
    assert decode_ints(encode_ints(array)).tolist() == values


@given(FLOATS)
def test_floats_come_back_bit_for_bit(values):
    array = np.array(values, np.float64)
    assert decode_floats(encode_floats(array)).tobytes() == array.tobytes()


def test_a_noisy_series_takes_at_most_twelve_bytes_a_point():
    random = np.random.default_rng(1)
    count = 1000
    steps, times = np.arange(count), np.cumsum(random.integers(900, 90_000, count)) + 1_795_000_000_000_000
    size = sum(
        map(len, (encode_ints(steps), encode_ints(times), encode_floats(random.standard_normal(count))))
    )
    assert size / count <= 12
