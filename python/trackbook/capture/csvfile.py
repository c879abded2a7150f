"""CSV files: column names and types as their first rows tell, and rows counted while the file passes by."""

import csv
import sys
from typing import Any

from msgspec import Struct

from trackbook.domain.data import Column

_ENDINGS = (".csv", ".tsv")
_SAMPLED_ROWS = 1000
# Counted without numpy, each byte is looked at while the interpreter does nothing else.
_COUNTED_BYTES = 64 * 1024 * 1024
_MISSING = frozenset(("", "na", "n/a", "nan", "null", "none"))


class Header(Struct, frozen=True):
    """Columns in their order; `lines` is 1 where the first line holds their names, else 0."""

    columns: list[Column]
    lines: int


def is_csv(path: str) -> bool:
    """Tell whether a file's name says that it holds comma- or tab-separated values."""
    return path.lower().endswith(_ENDINGS)


def read_header(start: bytes, path: str, is_whole: bool) -> Header | None:
    """Return the columns of a CSV file from its first bytes; None for what can't be read as one.

    The first line holds names unless one of its cells is a number; then columns are called "0", "1", and so on.
    Types are those of the first 1,000 rows: int64, float64, bool or str.
    """
    try:
        text = start.decode("utf-8-sig", "strict" if is_whole else "ignore")
    except UnicodeDecodeError:
        text = start.decode("latin-1")
    if "\0" in text or not text.strip():
        return None
    lines = text.splitlines(keepends=True)
    if not is_whole and len(lines) > 1:
        lines.pop()
    try:
        rows = []
        for row in csv.reader(lines, delimiter=_delimiter(text, path)):
            if row:
                rows.append(row)
            if len(rows) > _SAMPLED_ROWS:
                break
    except csv.Error:
        return None
    if not rows:
        return None
    has_names = not any(_type_of(cell) in ("int64", "float64") for cell in rows[0])
    names = rows[0] if has_names else [str(index) for index in range(len(rows[0]))]
    sample = rows[1:] if has_names else rows
    columns = [Column(name, _common_type(sample, index)) for index, name in enumerate(names)]
    return Header(columns, int(has_names))


class RowCounter:
    """Counts lines outside quotes in a file of `size` bytes that is given chunk by chunk, less its header."""

    def __init__(self, header_lines: int, size: int) -> None:
        self._header = header_lines
        self._lines = 0
        self._in_quotes = False
        self._last = 10
        self._numpy: Any = _find_numpy(size)
        self._counts = self._numpy is not None or size <= _COUNTED_BYTES

    def add(self, chunk: memoryview) -> None:
        """Take the next bytes of the file."""
        if self._counts and len(chunk):
            self._last = chunk[-1]
            if self._numpy is not None:
                self._count_fast(chunk)
            else:
                self._count(bytes(chunk))

    def rows(self) -> int | None:
        """Return how many rows there were; None where they were too many to count without numpy."""
        if not self._counts:
            return None
        return max(0, self._lines + (self._last != 10) - self._header)

    def _count_fast(self, chunk: memoryview) -> None:
        # numpy leaves the interpreter to others while it compares and adds, but not while it counts.
        np = self._numpy
        codes = np.frombuffer(chunk, dtype=np.uint8)
        in_quotes, ends = codes == 34, codes == 10
        if not in_quotes.any():
            self._lines += 0 if self._in_quotes else _count_true(np, ends)
            return
        quotes = np.flatnonzero(in_quotes)
        before = np.searchsorted(quotes, np.flatnonzero(ends)) + int(self._in_quotes)
        self._lines += int(np.count_nonzero(before % 2 == 0))
        self._in_quotes ^= bool(len(quotes) % 2)

    def _count(self, chunk: bytes) -> None:
        parts = chunk.split(b'"')
        self._lines += sum(part.count(b"\n") for part in parts[int(self._in_quotes) :: 2])
        self._in_quotes ^= len(parts) % 2 == 0


def _count_true(np: Any, flags: Any) -> int:
    # Eight bytes at once: none of them comes to more than 128, so that none runs over into the next.
    whole = len(flags) // 1024 * 1024
    sums = flags[:whole].view(np.uint64).reshape(-1, 128).sum(axis=1)
    return int(sums.view(np.uint8).sum(dtype=np.int64)) + int(np.count_nonzero(flags[whole:]))


def _find_numpy(size: int) -> Any:
    if size > _COUNTED_BYTES:
        try:
            import numpy
        except ImportError:
            return None
        return numpy
    found = sys.modules.get("numpy")
    return found if hasattr(found, "searchsorted") else None  # it may be in the middle of its import


def _delimiter(text: str, path: str) -> str:
    if path.lower().endswith(".tsv"):
        return "\t"
    line = text.splitlines()[0]
    return max(",;\t|", key=lambda sign: (line.count(sign), sign == ","))


def _common_type(rows: list[list[str]], index: int) -> str:
    types = {_type_of(row[index]) for row in rows if index < len(row)} - {None}
    if len(types) == 1:
        return str(types.pop())
    return "float64" if types == {"int64", "float64"} else "str"


def _type_of(cell: str) -> str | None:
    plain = cell.strip()
    if plain.lower() in _MISSING:
        return None
    if plain in ("True", "False", "true", "false", "TRUE", "FALSE"):
        return "bool"
    for kind, read in (("int64", int), ("float64", float)):
        try:
            read(plain)
        except ValueError:
            continue
        return kind if "_" not in plain else "str"
    return "str"
