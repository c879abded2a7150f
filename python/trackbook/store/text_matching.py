"""Which texts fit a pattern: `like`, `contains`, and regular expressions with a time limit."""

import re
import time
from collections.abc import Callable
from functools import lru_cache

import regex

# All regular expressions of one search together may take this long; some would take for ever.
REGEX_SECONDS = 2.0
# A step of a regular expression takes some ten nanoseconds.
_MOST_STEPS = 1_000_000

# Groups named again, and what this dialect has of its own: `{e<=2}` and the like.
_UNUSUAL = re.compile(r"\\[\dgkKLNpPRX]|\{(?!\d*,?\d*\})")

Test = Callable[[list[str]], list[bool]]


class TooSlow(Exception):
    """A regular expression took longer than it may."""


class TimeLimit:
    """The time that the regular expressions of one search have left."""

    def __init__(self, seconds: float = REGEX_SECONDS) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left. Raises TooSlow without any."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TooSlow
        return left


def contains(part: str) -> Test:
    """Return a test whether texts have `part` inside; both without difference of capital and small."""
    folded = part.casefold()
    return lambda texts: [folded in text for text in texts]


def like(pattern: str) -> Test:
    """Return a test whether texts as a whole fit `pattern`, in which % stands for any text and _ for one character."""
    inside = pattern.strip("%")
    if "%" not in inside and "_" not in inside:
        starts_open, ends_open = pattern.startswith("%"), pattern.endswith("%")
        if starts_open and ends_open:
            return lambda texts: [inside in text for text in texts]
        if ends_open:
            return lambda texts: [text.startswith(inside) for text in texts]
        if starts_open:
            return lambda texts: [text.endswith(inside) for text in texts]
        return lambda texts: [text == inside for text in texts]
    fits = re.compile(_like_expression(pattern), re.DOTALL).fullmatch
    return lambda texts: [fits(text) is not None for text in texts]


def matches(pattern: str, limit: TimeLimit) -> Test:
    """Return a test whether a regular expression is found in texts; it raises TooSlow behind the limit."""
    search = _compiled(pattern).search

    def test(texts: list[str]) -> list[bool]:
        longest = _longest_quick(pattern)
        found = []
        for place, text in enumerate(texts):
            if len(text) <= longest:
                # A search that can be ended takes several times as long: only where it may be needed.
                if place % 256 == 0:
                    limit.left()
                found.append(search(text) is not None)
            else:
                try:
                    found.append(search(text, timeout=limit.left(), concurrent=True) is not None)
                except TimeoutError:
                    raise TooSlow from None
        return found

    return test


def _like_expression(pattern: str) -> str:
    """Return a regular expression that takes no longer than the text, whatever the number of %.

    Each piece is looked for behind the one before, where it comes first; that is never taken back (`?>`).
    """
    first, *others = [
        "".join("." if character == "_" else re.escape(character) for character in piece)
        for piece in pattern.split("%")
    ]
    if not others:
        return first
    *middle, last = others
    return first + "".join(f"(?>.*?{piece})" for piece in middle if piece) + f".*{last}"


def _longest_quick(pattern: str) -> int:
    """Return the length of text up to which a regular expression can't take long; 0 if that is not known."""
    plain = pattern.removeprefix("(?i)")
    if "(" in plain or _UNUSUAL.search(plain):
        return 0
    repeats = sum(plain.count(sign) for sign in "*+?{")
    return int(_MOST_STEPS ** (1 / (repeats + 1)))


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> "regex.Pattern[str]":
    return regex.compile(pattern)
