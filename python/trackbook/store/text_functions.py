"""Text matching that SQLite lacks: regardless of capitals in any script, and regular expressions with a time limit."""

import sqlite3
import time
from functools import lru_cache
from typing import Any, cast

import regex
from sqlalchemy import ColumnElement, Connection, func, literal

# All regular expressions of one search together may take this long; some would take for ever.
REGEX_SECONDS = 2.0


class TextFunctions:
    """The functions for one search on one connection; `expired` is the pattern that took too long, if one did."""

    def __init__(self, connection: Connection) -> None:
        self.expired: str | None = None
        self._deadline = time.monotonic() + REGEX_SECONDS
        if connection.dialect.name != "sqlite":
            return
        raw = cast(sqlite3.Connection, connection.connection.driver_connection)
        raw.create_function("trackbook_fold", 1, _fold, deterministic=True)
        raw.create_function("trackbook_regex", 2, self._search, deterministic=True)

    def _search(self, pattern: str, text: str | None) -> bool | None:
        if text is None:
            return None
        try:
            left = self._deadline - time.monotonic()
            return _compiled(pattern).search(text, timeout=max(left, 0.001), concurrent=True) is not None
        except TimeoutError:
            self.expired = pattern
            raise


def contains(text: ColumnElement[Any], part: str) -> ColumnElement[bool]:
    """Whether `text` has `part` inside, capital or small."""
    return func.instr(func.trackbook_fold(text), part.casefold()) > literal(0)


def like(text: ColumnElement[Any], pattern: str, ignore_case: bool) -> ColumnElement[bool]:
    """Whether `text` as a whole fits a pattern in which % stands for any text and _ for one character."""
    if ignore_case:
        return func.trackbook_fold(text).bool_op("GLOB")(_glob(pattern.casefold()))
    return text.bool_op("GLOB")(_glob(pattern))  # SQLite's own LIKE doesn't tell capitals from small letters


def matches(text: ColumnElement[Any], pattern: str) -> ColumnElement[bool]:
    """Whether a regular expression is found in `text`."""
    return func.trackbook_regex(pattern, text).is_(True)


def _fold(text: str | None) -> str | None:
    return None if text is None else text.casefold()


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> "regex.Pattern[str]":
    return regex.compile(pattern)


_GLOB = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}


def _glob(pattern: str) -> str:
    return "".join(_GLOB.get(character, character) for character in pattern)
