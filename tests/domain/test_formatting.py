from datetime import UTC, datetime, timedelta

import pytest

from trackbook.domain.formatting import (
    format_bytes,
    format_duration,
    format_number,
    format_relative,
    format_value,
    one_line,
    plain_text,
    spark_line,
)

NAN, INFINITY = float("nan"), float("inf")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.913456, "0.9135"),
        (0.5, "0.5000"),
        (12.3456, "12.35"),
        (999.96, "1000"),
        (123456.7, "123457"),
        (200000.0, "200000"),
        (1234567.0, "1.235e6"),
        (1e6, "1e6"),
        (0.00001234, "1.234e-5"),
        (-0.25, "-0.2500"),
        (NAN, "NaN"),
        (INFINITY, "∞"),
        (-INFINITY, "-∞"),
    ],
)
def test_numbers_have_four_significant_digits(value: float, text: str) -> None:
    assert format_number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (None, "null"),
        (3, "3"),
        (0.1, "0.1"),
        (1e-05, "1e-05"),
        ("adam", "adam"),
        ("two\nlines", '"two\\nlines"'),
        ("\x1b[2J", '"\\u001b[2J"'),
        ([1, 2], "[1, 2]"),
        ({"größe": 1}, '{"größe": 1}'),
    ],
)
def test_values_take_one_line(value: object, text: str) -> None:
    assert format_value(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0.0124, "12 ms"),
        (0.999, "999 ms"),
        (4.26, "4.2 s"),
        (59.9, "59 s"),
        (192, "3 m 12 s"),
        (3599, "59 m 59 s"),
        (3725, "1 h 02 m"),
        (86_399, "23 h 59 m"),
        (183_600, "2 d 03 h"),
    ],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "just now"),
        (42, "42 s ago"),
        (300, "5 min ago"),
        (7300, "2 h ago"),
        (90_000, "1 day ago"),
        (200_000, "2 days ago"),
    ],
)
def test_relative_times(seconds: float, text: str) -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert format_relative(now - timedelta(seconds=seconds), now) == text


def test_old_and_future_times_are_dates() -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    assert format_relative(now - timedelta(days=90), now) == "2026-08-23"
    assert format_relative(now + timedelta(days=1), now).startswith("2026-11-2")


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (12_345, "12 kB"),
        (999_600, "1.0 MB"),
        (5 * 10**15, "5000 TB"),
    ],
)
def test_sizes(size: int, text: str) -> None:
    assert format_bytes(size) == text


def test_spark_lines_keep_gaps_and_ends() -> None:
    assert spark_line([0, 1, 2, 3]) == "▁▃▆█"
    assert spark_line([0, NAN, INFINITY, 7]) == "▁  █"
    assert spark_line([5, 5]) == "▁▁"
    assert spark_line([5]) == ""
    assert spark_line([-1e308, 1e308]) == "▁▁"


def test_what_would_move_the_cursor_is_taken_out() -> None:
    assert plain_text("\x1b[31mred\x1b[0m\x07\r\nnext\x1b]0;title\x07!") == "red\nnext!"
    assert one_line("a\n\tb  c") == "a b c"
    assert one_line("x" * 100, 10) == "x" * 9 + "…"
