"""Numbers as texts have them, and how far two of them are apart."""

import math
import re
from typing import Any

from trackbook.domain.tolerance import Tolerance, deviation

# A minus belongs to a number only where no word or number ends before it: 2024-01-05 has no negative parts. Digits
# inside of words (v2, x86_64, 3f2a) belong to the word. Nothing is tried twice, however long a row of digits is.
NUMBER = re.compile(
    r"(?:(?<![\w.)\]])[-+−])?(?<![\w.])(?:\d[\d_]*+(?:\.\d*+)?+|\.\d++)(?:[eE][-+]?\d++)?+(?![^\W\d]++\d)"
)


def read_number(text: str) -> float | int | None:
    """Return the number that a text is; None for another text."""
    text = text.strip().replace("−", "-")
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return None
    # Digits beyond what floats reach are no infinity: two such texts would pass for the same.
    return None if math.isinf(number) and text[-1].isdigit() else number


def same_numbers(expected: str, actual: str, tolerance: Tolerance) -> bool:
    """Whether two texts of numbers stand for the same one within the tolerance."""
    if expected == actual:
        return True
    first, second = read_number(expected), read_number(actual)
    if first is None or second is None:
        return False
    return close(first, second, tolerance)


def close(expected: float, actual: float, tolerance: Tolerance) -> bool:
    """Whether two numbers hold; integers of any length, too."""
    try:
        return tolerance.holds(float(expected), float(actual))
    except OverflowError:  # integers beyond what floats reach
        return expected == actual


def describe_deviation(expected: float, actual: float, tolerance: Tolerance) -> str:
    """Say how far a number is off: `0.93 was expected, 0.91 came: 2.15 % off, allowed is 0.001 % or 1e-08.`"""
    told = f"{_shown(expected)} was expected, {_shown(actual)} came"
    try:
        share = deviation(float(expected), float(actual))
    except OverflowError:
        share = math.inf
    off = f"{share * 100:.3g} % off" if math.isfinite(share) else _distance(expected, actual)
    return f"{told}{off and f': {off}'}, allowed is {tolerance.allowance()}."


def is_number(value: Any) -> bool:
    """Whether a JSON value is a number (true and false are none)."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _distance(expected: float, actual: float) -> str:
    try:
        distance = float(abs(actual - expected))
    except OverflowError:
        return ""
    return f"{distance:.3g} off" if math.isfinite(distance) else ""


def _shown(number: float) -> str:
    text = repr(number)
    return text if len(text) <= 40 else f"{text[:30]}… ({len(text)} digits)"
