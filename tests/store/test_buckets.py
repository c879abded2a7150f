"""Buckets keep what an eye would look for, and means count who is there."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trackbook.store.buckets import Axis, Envelope, Line, band, by_x, envelope

NUMBERS = st.floats(-1e300, 1e300, allow_nan=False)
VALUES = st.lists(NUMBERS | st.sampled_from([math.nan, math.inf, -math.inf, 1e308, -1e308]), max_size=120)


def a_line(values: list[float], gaps: list[int] | None = None) -> Line:
    """Values whose x rises by the gaps, which may be 0."""
    steps = np.cumsum(np.resize(np.array(gaps or [1], np.int64), len(values)))
    return Line(steps, np.array(values, np.float64))


def whole(*lines: Line) -> Axis:
    """The axis on which all of some lines is seen."""
    return Axis(
        min(float(line.x[0]) for line in lines if len(line.x)),
        max(float(line.x[-1]) for line in lines if len(line.x)),
    )


def extent(rows: Envelope) -> tuple[float, float]:
    """The lowest and the highest number that is drawn."""
    low, high = (rows.values, rows.values) if rows.low is None or rows.high is None else (rows.low, rows.high)
    return float(low[np.isfinite(low)].min()), float(high[np.isfinite(high)].max())


@given(VALUES, st.lists(st.integers(0, 50), min_size=1, max_size=5), st.integers(2, 130), st.data())
@example([1e308] * 50, [1], 7, None)
@example([math.nan] * 50, [1], 10, None)
@example([math.inf, 1.0, math.nan] * 30, [0, 0, 5], 11, None)
def test_no_spike_and_no_gap_is_lost(
    values: list[float], gaps: list[int], most: int, data: st.DataObject | None
) -> None:
    line = a_line(values, gaps)
    if not values:
        assert [len(column) for column in envelope(line, Axis(0, 1), most)[:2]] == [0, 0]
        return
    axis = whole(line)
    if data is not None:
        low, high = sorted(data.draw(st.tuples(*[st.integers(int(axis.low), int(axis.high))] * 2)))
        axis = Axis(low, high)
    rows = envelope(line, axis, most)
    assert (rows.x[1:] >= rows.x[:-1]).all()
    seen = line.values[(line.x >= axis.low) & (line.x <= axis.high)]
    numbers = seen[np.isfinite(seen)]
    if len(seen) <= most:
        assert rows.low is None
        inside = rows.values[(rows.x >= axis.low) & (rows.x <= axis.high)]
        assert repr(inside.tolist()) == repr(seen.tolist())
        return
    assert rows.low is not None
    assert rows.high is not None
    inside = (rows.x >= axis.low) & (rows.x <= axis.high)
    assert inside.sum() <= 2 * most
    if len(numbers):
        shown = Envelope(rows.x[inside], rows.values[inside], rows.low[inside], rows.high[inside])
        assert extent(shown) == (numbers.min(), numbers.max())
    assert np.isnan(rows.values[inside]).any() == (len(numbers) < len(seen))
    known = ~np.isnan(rows.values)
    assert (rows.low[known] <= rows.values[known]).all()
    assert (rows.values[known] <= rows.high[known]).all()


def test_a_spike_is_where_it_was_and_a_window_has_it_alone() -> None:
    values = np.zeros(100_000)
    values[54_321] = 9.0
    line = Line(np.arange(100_000), values)
    rows = envelope(line, whole(line), 500)
    assert rows.high is not None
    assert (len(rows.x), rows.x[0], rows.x[-1]) == (500, 0, 99_999)
    assert abs(int(rows.x[rows.high == 9.0][0]) - 54_321) <= 200
    near = envelope(line, Axis(54_300, 54_400), 500)
    assert near.high is None
    assert near.x.tolist() == list(range(54_299, 54_402))  # with the points next to the window
    assert near.values[near.x == 54_321].tolist() == [9.0]


def test_equal_factors_have_equal_room_on_a_log_axis() -> None:
    line = Line(np.arange(1, 100_001), np.random.default_rng(1).normal(size=100_000))
    rows = envelope(line, Axis(1, 100_000, is_log=True), 100)
    assert [int(x) for x in rows.x[:5]] == [1, 2, 3, 4, 5]
    assert extent(rows) == (line.values.min(), line.values.max())


def test_a_line_elsewhere_is_not_seen_and_one_that_crosses_is() -> None:
    line = Line(np.array([0, 10]), np.array([1.0, 2.0]))
    assert len(envelope(line, Axis(20, 30), 10).x) == 0
    assert len(envelope(line, Axis(-20, -10), 10).x) == 0
    assert envelope(line, Axis(4, 6), 10).x.tolist() == [0, 10]


def test_points_without_an_x_are_left_out_and_the_others_sorted() -> None:
    line = by_x(np.array([3.0, math.nan, 1.0, 3.0, math.inf]), np.array([1.0, 2.0, 3.0, 4.0, 5.0]))
    assert (line.x.tolist(), line.values.tolist()) == ([1.0, 3.0, 3.0], [3.0, 1.0, 4.0])


@given(st.lists(st.lists(NUMBERS, min_size=1, max_size=40), min_size=1, max_size=5), st.integers(2, 60))
@example([[1e300], [-1e300]], 5)
def test_a_band_holds_all_values_of_its_lines(all_values: list[list[float]], most: int) -> None:
    lines = [a_line(values, [place + 1]) for place, values in enumerate(all_values)]
    rows = band(lines, whole(*lines), most)
    assert len(rows.x) <= max(most, 2)
    every = np.concatenate([line.values for line in lines])
    assert (rows.low.min(), rows.high.max()) == (every.min(), every.max())
    assert (rows.low <= rows.high).all()
    assert rows.counts.min() >= 1
    assert rows.counts.max() <= len(lines)


@pytest.mark.parametrize("most", [1_000, 50])
def test_means_are_those_of_the_runs_that_have_got_so_far(most: int) -> None:
    steps = np.arange(200)
    long, short = Line(steps, np.full(200, 1.0)), Line(steps[:100], np.full(100, 3.0))
    sparse = Line(steps[::10], np.full(20, 5.0))
    rows = band([long, short, sparse], Axis(0, 199), most)
    early, late = rows.x < 95, (rows.x > 105) & (rows.x < 185)
    assert set(rows.values[early].tolist()) == {3.0}
    assert set(rows.counts[early].tolist()) == {3}
    assert rows.std[early] == pytest.approx(2.0)
    assert set(rows.values[late].tolist()) == {3.0}  # of the long and the sparse one
    assert set(rows.counts[late].tolist()) == {2}
    assert (rows.low.min(), rows.high.max()) == (1.0, 5.0)
    assert rows.counts[-1] == 1
    assert rows.std[-1] == 0


def test_a_mean_is_a_straight_line_between_points() -> None:
    rows = band(
        [Line(np.array([0, 10]), np.array([0.0, 10.0])), Line(np.array([4]), np.array([0.0]))], Axis(0, 10), 9
    )
    assert rows.x.tolist() == [0, 4, 10]
    assert rows.values.tolist() == [0.0, 2.0, 10.0]
    inside = band([Line(np.array([0, 10]), np.array([0.0, 10.0]))], Axis(4, 6), 9)
    assert (inside.x.tolist(), inside.values.tolist()) == ([4.0, 6.0], [4.0, 6.0])
