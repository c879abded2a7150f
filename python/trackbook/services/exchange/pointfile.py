"""Points as a Parquet file: written and read in pieces, series by series."""

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from trackbook.errors import ExportError
from trackbook.services.exchange.layout import points_schema
from trackbook.store.segments import Columns

ROW_GROUP = 256 * 1024
READ_AT_ONCE = 64 * 1024
_NAMES = ("run_id", "writer", "key", "context")


class Piece(NamedTuple):
    """Points of one series by one writer, in the order in which they were logged; others of them may follow."""

    run_id: str
    writer: str
    key: str
    context: str
    columns: Columns


class PointFile:
    """Writes `points.parquet`; a context manager that closes it."""

    def __init__(self, path: Path) -> None:
        self._schema = points_schema()
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._pieces: list[Piece] = []
        self._waiting = 0
        self.count = 0

    def add(self, piece: Piece) -> None:
        """Append points."""
        self._pieces.append(piece)
        self._waiting += len(piece.columns.values)
        self.count += len(piece.columns.values)
        if self._waiting >= ROW_GROUP:
            self._flush()

    def __enter__(self) -> "PointFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None and self._pieces:
            self._flush()
        self._writer.close()

    def _flush(self) -> None:
        lengths = [len(piece.columns.values) for piece in self._pieces]
        codes = np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
        arrays: list[Any] = [self._text(codes, position) for position in range(len(_NAMES))]
        columns = [piece.columns for piece in self._pieces]
        arrays.append(pa.array(np.concatenate([c.steps for c in columns]), pa.int64()))
        times = pa.array(np.concatenate([c.times for c in columns]), pa.int64())
        arrays.append(times.cast(self._schema.field("time").type))
        # Not from_pandas: a NaN is a value, and no missing one.
        arrays.append(pa.array(np.concatenate([c.values for c in columns]), pa.float64(), from_pandas=False))
        self._writer.write_table(
            pa.Table.from_arrays(arrays, schema=self._schema), row_group_size=2 * self._waiting
        )
        self._pieces, self._waiting = [], 0

    def _text(self, codes: Any, position: int) -> Any:
        values = pa.array([piece[position] for piece in self._pieces], pa.string())
        return values.take(pa.array(codes))


def read_pieces(path: Path) -> Iterator[Piece]:
    """Yield the points of a file in its order. Raises ExportError if it has other columns, or can't be read."""
    try:
        with pq.ParquetFile(path, read_dictionary=list(_NAMES)) as file:
            _check_columns(path, file.schema_arrow)
            for batch in file.iter_batches(READ_AT_ONCE):
                yield from _pieces(path, batch)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise ExportError(path, f"it can't be read ({error}); export the runs again") from error


def _check_columns(path: Path, found: Any) -> None:
    for field in points_schema():
        position = found.get_field_index(field.name)
        if position < 0:
            raise ExportError(path, f"it has no column {field.name!r}; export the runs again")
        kind = found.field(position).type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        if kind != field.type:
            reason = f"its column {field.name!r} is {kind}, not {field.type}; export the runs again"
            raise ExportError(path, reason)


def _pieces(path: Path, batch: Any) -> Iterator[Piece]:
    if any(batch.column(field.name).null_count for field in points_schema()):
        raise ExportError(path, "a value is missing in it; export the runs again")
    texts = [batch.column(name).dictionary_encode() for name in _NAMES]
    codes = [np.asarray(text.indices) for text in texts]
    steps = np.asarray(batch.column("step"))
    times = np.asarray(batch.column("time").cast(pa.int64()))
    values = np.asarray(batch.column("value"))
    changes = np.zeros(len(values), bool)
    changes[:1] = True
    for code in codes:
        changes[1:] |= code[1:] != code[:-1]
    starts = np.flatnonzero(changes).tolist()
    words = [text.dictionary.to_pylist() for text in texts]
    for start, end in zip(starts, [*starts[1:], len(values)], strict=True):
        run_id, writer, key, context = (word[code[start]] for word, code in zip(words, codes, strict=True))
        yield Piece(
            run_id, writer, key, context, Columns(steps[start:end], times[start:end], values[start:end])
        )
