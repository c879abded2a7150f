"""Columns in memory: a value a run, in the order of the run table's serials, made of rows and changed by rows.

Each is made by a function of its own, from nothing, or from the one before with the rows of the runs that changed.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from trackbook.store.columns import Floats
from trackbook.store.run_table import RunTable, Serials
from trackbook.store.vocabulary import Codes, Mask, Vocabulary

MISSING: Final = -1
NOT_A_NUMBER: Final = -2

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class Numbers:
    """A number a run, NaN where it is missing. `there` tells of a metric which runs have it, be it NaN."""

    values: Floats
    there: Mask

    @property
    def nbytes(self) -> int:
        """About how much memory this takes."""
        return self.values.nbytes + self.there.nbytes


@dataclass(frozen=True)
class Texts:
    """A text a run, as a code; MISSING without one, NOT_A_NUMBER for a parameter that is NaN."""

    codes: Codes
    vocabulary: Vocabulary

    @property
    def nbytes(self) -> int:
        """About how much memory this takes."""
        return self.codes.nbytes + self.vocabulary.nbytes


@dataclass(frozen=True)
class Pairs:
    """Any number of pairs of texts a run: its tags."""

    serials: Serials
    keys: Texts
    values: Texts

    @property
    def nbytes(self) -> int:
        """About how much memory this takes."""
        return self.serials.nbytes + self.keys.nbytes + self.values.nbytes


@dataclass(frozen=True)
class Change:
    """The column before, and the runs whose values in it no longer count."""

    before: Any
    changed: Serials


def numbers(table: RunTable, rows: Rows, change: Change | None) -> Numbers:
    """Return a column of the rows `run, number`."""
    # The last place is for rows of unknown runs (-1), and cut off.
    values, there = np.full(table.count + 1, np.nan), np.zeros(table.count + 1, np.bool_)
    if change is not None:
        values[: len(change.before.values)] = change.before.values
        there[: len(change.before.there)] = change.before.there
        values[change.changed], there[change.changed] = np.nan, False
    if rows:
        serials = table.find([row[0] for row in rows])
        values[serials], there[serials] = np.array([row[1] for row in rows], np.float64), True
    return Numbers(values[:-1], there[:-1])


def texts(table: RunTable, rows: Rows, invalid: list[str], change: Change | None) -> Texts:
    """Return a column of the rows `run, text`; the runs `invalid` have NaN."""
    codes = np.full(table.count + 1, MISSING, np.int32)
    vocabulary = Vocabulary()
    if change is not None:
        vocabulary = change.before.vocabulary
        codes[: len(change.before.codes)] = change.before.codes
        codes[change.changed] = MISSING
    if rows:
        codes[table.find([row[0] for row in rows])] = vocabulary.encode([row[1] for row in rows])
    if invalid:
        codes[table.find(invalid)] = NOT_A_NUMBER
    return Texts(codes[:-1], vocabulary)


def pairs(table: RunTable, rows: Rows, change: Change | None) -> Pairs:
    """Return a column of the rows `run, text, text`."""
    nothing: Any = np.empty(0, np.int32)
    serials, keys, values = nothing, Texts(nothing, Vocabulary()), Texts(nothing, Vocabulary())
    if change is not None:
        before: Pairs = change.before
        stays = ~np.isin(before.serials, change.changed)
        serials = before.serials[stays]
        keys = Texts(before.keys.codes[stays], before.keys.vocabulary)
        values = Texts(before.values.codes[stays], before.values.vocabulary)
    found = table.find([row[0] for row in rows])
    rows, found = [row for row, serial in zip(rows, found, strict=True) if serial >= 0], found[found >= 0]
    new_keys = keys.vocabulary.encode([row[1] for row in rows])
    new_values = values.vocabulary.encode([row[2] for row in rows])
    return Pairs(
        np.concatenate([serials, found]),
        Texts(np.concatenate([keys.codes, new_keys]), keys.vocabulary),
        Texts(np.concatenate([values.codes, new_values]), values.vocabulary),
    )
