import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trackbook.domain.tolerance import Tolerance, deviation
from trackbook.errors import UsageError
from trackbook.notebook.results.noise import without_noise
from trackbook.notebook.results.text import compare_text

TIGHT = Tolerance()
numbers = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)


@given(st.text(st.characters(exclude_characters="\r\x08\x1b")))
def test_a_text_is_equal_to_itself(text: str) -> None:
    assert compare_text(text, text, TIGHT) is None
    assert compare_text(text, f"{text} ", TIGHT) is None


@given(st.lists(numbers, min_size=1), st.data())
def test_numbers_hold_within_the_tolerance_and_not_beyond(values: list[float], data: Any) -> None:
    place = data.draw(st.integers(0, len(values) - 1))
    near, far = list(values), list(values)
    near[place] += abs(values[place]) * 0.9e-3
    far[place] += abs(values[place]) * 3e-3 + 1e-6
    tolerance = Tolerance(relative=1e-3)
    texts = [" ".join(f"loss {value!r}" for value in numbers) for numbers in (values, near, far)]
    assert compare_text(texts[0], texts[1], tolerance) is None
    found = compare_text(texts[0], texts[2], tolerance)
    assert found is not None
    assert found.kind == "number"
    assert repr(far[place]) in found.message


@given(st.lists(numbers, min_size=1), st.text(alphabet="abcxyz", min_size=1, max_size=5))
def test_words_must_be_equal(values: list[float], word: str) -> None:
    text = " ".join(map(repr, values))
    found = compare_text(f"{text} {word}", f"{text} {word}q", Tolerance(relative=1e9))
    assert found is not None
    assert found.kind == "text"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("[ 0.1 -1e-17]", "[0.1 1e-17]"),
        ("   loss\n0   9.9999999", "    loss\n0  10.0000000"),
        ("accuracy=0.97200001", "accuracy=0.972"),
        ("1e-3 s", "0.001 s"),
        ("x = −2.5", "x = -2.5"),
        ("nan inf -0.0", "nan inf 0.0"),
        ("a\r\nb\n", "a\nb"),
        ("<object at 0x7f00aa>", "<object at 0x7f11bb>"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("10%|# \r50%|##\rdone  ", "done"),
        ("abc\x08\x08x", "ax"),
        ("/tmp/tmpabc123_/m.pkl", "/tmp/tmpzzz999_/m.pkl"),
        ("/tmp/ipykernel_12/345.py:3: UserWarning: a", "/tmp/ipykernel_9/8.py:3: UserWarning: a"),
        ("/var/folders/ab/cd_1/T/tmpabcdef12", "/tmp/tmpqwerty99"),
        (
            "CPU times: user 1.2 ms, sys: 0 ns, total: 1.2 ms\nWall time: 1.21 ms",
            "CPU times: user 9 s, sys: 2 µs, total: 1min 2s\nWall time: 1min 3s",
        ),
        (
            "1.23 ms ± 45.6 μs per loop (mean ± std. dev. of 7 runs, 1,000 loops each)",
            "987 ns ± 1 ns per loop (mean ± std. dev. of 7 runs, 1,000,000 loops each)",
        ),
        (
            "100%|██| 10/10 [00:01<00:00, 9.8it/s]",
            "100%|██| 10/10 [01:01:01<00:00, 1.08s/it]",
        ),
        ("9/9 [00:01<00:00,  9.80it/s, acc=0.9]", "9/9 [00:02<00:00, 1.08s/it, acc=0.9]"),
    ],
)
def test_what_says_the_same_is_the_same(one: str, other: str) -> None:
    assert compare_text(one, other, TIGHT) is None
    assert compare_text(other, one, TIGHT) is None


@pytest.mark.parametrize(
    ("one", "other", "kind"),
    [
        ("loss 0.5", "loss 0.6", "number"),
        ("loss 0.5", "cost 0.5", "text"),
        ("9/9 [00:01<00:00, 9.8it/s, acc=0.9]", "9/9 [00:02<00:00, 1.08s/it, acc=0.1]", "number"),
        ("a\nb", "a", "text"),
        ("v2", "v3", "text"),
        ("3f2a99", "3f2a98", "text"),
        ("0x7f", "0x7e", "text"),
        ("1.2.3", "1.2.4", "text"),
        ("2024-01-05", "2024-01-06", "number"),
        ("[100,200]", "[100,201]", "number"),
        ("nan", "1.0", "text"),
        ("9" * 400, "8" * 400, "number"),
        ("9" * 5000, "8" * 5000, "text"),
        ("1e999", "2e999", "text"),
        ("{'b', 'a'}", "{'a', 'b'}", "text"),
        ("it took [12, 13]", "it took [12, 14]", "number"),
        ("a b", "ab", "text"),
    ],
)
def test_what_says_another_thing_is_found(one: str, other: str, kind: str) -> None:
    found = compare_text(one, other, TIGHT)
    assert found is not None
    assert found.kind == kind


def test_the_number_that_is_furthest_off_is_told_with_its_line() -> None:
    found = compare_text("a 1.0\nb 1.0\nc 1.0", "a 1.1\nb 2.0\nc 1.2", TIGHT)
    assert found is not None
    assert found.message == "1.0 was expected, 2.0 came: 100 % off, allowed is 0.001 % or 1e-08."
    assert (found.expected, found.actual) == ("b 1.0", "b 2.0")


def test_the_first_line_that_differs_is_told() -> None:
    found = compare_text("a\nb 1\nc", "a\nb 1\nd\ne", TIGHT)
    assert found is not None
    assert (found.message, found.expected, found.actual) == ("Line 3 differs.", "c", "d")


def test_long_texts_take_no_long() -> None:
    one = "\n".join(f"{n} {n / 7}" for n in range(50_000))
    assert compare_text(one, one.replace("7142857142", "7142857143"), TIGHT) is None
    assert without_noise("." * 200_000 + "\r" * 1000) == "." * 200_000


@given(numbers, numbers)
def test_a_deviation_is_a_share_of_what_was_expected(one: float, other: float) -> None:
    assert deviation(one, one) == 0
    assert deviation(one, other) >= 0
    assert Tolerance(relative=1e-9).holds(one, one)


def test_nan_and_infinity_hold_with_themselves_alone() -> None:
    tolerance = Tolerance(relative=1e9)
    assert tolerance.holds(math.nan, math.nan)
    assert tolerance.holds(math.inf, math.inf)
    assert not tolerance.holds(math.inf, -math.inf)
    assert not tolerance.holds(math.nan, 1.0)
    assert not tolerance.holds(1e308, math.inf)


@pytest.mark.parametrize("value", [-0.1, math.nan, math.inf, "1", True, None])
def test_a_tolerance_is_a_number_from_0_on(value: Any) -> None:
    with pytest.raises(UsageError, match="relative"):
        Tolerance(relative=value)
