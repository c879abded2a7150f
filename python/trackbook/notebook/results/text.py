"""Texts: the words must be equal, the numbers in between within the tolerance."""

import re
from itertools import zip_longest

from trackbook.domain.difference import Difference, excerpt
from trackbook.domain.tolerance import Tolerance, deviation
from trackbook.notebook.results.noise import without_noise
from trackbook.notebook.results.numbers import NUMBER, close, describe_deviation, read_number

_SPACES = re.compile(r"[ \t]+")


def compare_text(
    expected: str, actual: str, tolerance: Tolerance, mime: str | None = "text/plain"
) -> Difference | None:
    """Return how two texts differ; None if they don't.

    Of numbers beyond the tolerance the one that is furthest off is told, of words the first line that differs. How
    many spaces stand in a row, or beside a number, does not matter: columns are padded to their widest entry.
    """
    if expected == actual:
        return None
    expected, actual = without_noise(expected), without_noise(actual)
    worst = _worst_number(expected, actual, tolerance)
    if worst is None:
        return _first_line(expected, actual, tolerance, mime)
    return None if worst < 0 else _number_difference(expected, actual, worst, tolerance, mime)


def same_text(expected: str, actual: str, tolerance: Tolerance) -> bool:
    """Whether two texts without noise are the same within the tolerance."""
    worst = _worst_number(expected, actual, tolerance)
    return worst is not None and worst < 0


def _worst_number(expected: str, actual: str, tolerance: Tolerance) -> int | None:
    """Return the position of the number that is furthest off; -1 if all hold, None if the words differ."""
    if expected == actual:
        return -1
    words, numbers = _split(expected)
    other_words, other_numbers = _split(actual)
    if words != other_words:
        return None
    worst, most = -1, -1.0
    for position, (one, other) in enumerate(zip(numbers, other_numbers, strict=True)):
        first, second = read_number(one), read_number(other)
        if one == other:
            continue
        if first is None or second is None:
            return None
        if not close(first, second, tolerance) and (off := _deviation(first, second)) > most:
            worst, most = position, off
    return worst


def _split(text: str) -> tuple[list[str], list[str]]:
    """Return what stands between the numbers of a text, and the numbers."""
    words: list[str] = []
    numbers: list[str] = []
    end = 0
    for match in NUMBER.finditer(text):
        words.append(_squeeze(text[end : match.start()]))
        numbers.append(match[0])
        end = match.end()
    words.append(_squeeze(text[end:]))
    return words, numbers


def _squeeze(words: str) -> str:
    return _SPACES.sub(" ", words).strip(" ")


def _number_difference(
    expected: str, actual: str, position: int, tolerance: Tolerance, mime: str | None
) -> Difference:
    first, second = (list(NUMBER.finditer(text))[position] for text in (expected, actual))
    one, other = read_number(first[0]), read_number(second[0])
    assert one is not None
    assert other is not None
    told = describe_deviation(one, other, tolerance)
    lines = [_line_around(text, match.start()) for text, match in ((expected, first), (actual, second))]
    return Difference("number", told, excerpt(lines[0]), excerpt(lines[1]), mime)


def _line_around(text: str, position: int) -> str:
    begin = text.rfind("\n", 0, position) + 1
    end = text.find("\n", position)
    line = text[begin : end if end >= 0 else len(text)]
    # A long line is shown around the number.
    inside = position - begin
    return line if inside < 120 else f"…{line[inside - 60 :]}"


def _first_line(expected: str, actual: str, tolerance: Tolerance, mime: str | None) -> Difference:
    lines = zip_longest(expected.split("\n"), actual.split("\n"))
    for number, (one, other) in enumerate(lines, start=1):
        if one is None:
            return Difference("text", f"Line {number} was not there before.", "", excerpt(other), mime)
        if other is None:
            return Difference("text", f"Line {number} is missing.", excerpt(one), "", mime)
        if not same_text(one, other, tolerance):
            one, other = _around_change(one, other)
            return Difference("text", f"Line {number} differs.", excerpt(one), excerpt(other), mime)
    return Difference("text", "The text differs.", excerpt(expected), excerpt(actual), mime)


def _around_change(expected: str, actual: str) -> tuple[str, str]:
    same = 0
    while same < min(len(expected), len(actual)) and expected[same] == actual[same]:
        same += 1
    if same < 120:
        return expected, actual
    return f"…{expected[same - 40 :]}", f"…{actual[same - 40 :]}"


def _deviation(expected: float, actual: float) -> float:
    try:
        return deviation(float(expected), float(actual))
    except OverflowError:
        return float("inf")
