"""Tables: pandas, polars and Arrow, stored as Parquet with a preview."""

import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from trackbook.domain.rich import RichContent
from trackbook.errors import InvalidValue, UsageError
from trackbook.services.values.libraries import library
from trackbook.services.values.wrapped import PREVIEW, Wrapped, loaded, ready

PARQUET = "application/vnd.apache.parquet"
MAX_CELLS = 100_000_000
MAX_ROWS = 20
MAX_COLUMNS = 100


class Table(Wrapped):
    """Rows and columns: a DataFrame of pandas or polars, an Arrow table, or what pandas makes a DataFrame of."""

    def __init__(self, data: Any) -> None:
        self.data = data

    def content(self, name: str) -> RichContent:
        """Return Parquet."""
        if is_table(self.data):
            return from_table(name, self.data)
        pandas = library("pandas", "A table of lists or dicts")
        try:
            frame = pandas.DataFrame(self.data)
        except (TypeError, ValueError) as error:
            raise InvalidValue(name, self.data, f"pandas makes no table of it ({error})") from None
        return from_table(name, frame)


def is_table(value: object) -> bool:
    """Tell whether it is a table of pandas, polars or Arrow."""
    return isinstance(value, _pandas() + _polars() + _arrow())


def from_table(name: str, table: Any) -> RichContent:
    """Return a table as Parquet.

    Raises InvalidValue for columns that Parquet can't hold, MissingExtra without pyarrow.
    """
    rows, columns = table.shape if hasattr(table, "shape") else (table.num_rows, table.num_columns)
    if rows * columns > MAX_CELLS:
        raise InvalidValue(
            name,
            table,
            f"a table has at most {MAX_CELLS:,} cells, and this one {rows * columns:,}; log its head, or write it to a "
            "file and store that: run.artifact(...)",
        )
    if isinstance(table, _polars()):
        return _from_polars(name, table)
    arrow = library("pyarrow", "A table of pandas or Arrow")
    parquet = library("pyarrow.parquet", "A table of pandas or Arrow")
    if isinstance(table, _pandas()):
        try:
            table = arrow.Table.from_pandas(table)
        except (arrow.ArrowException, TypeError, ValueError) as error:
            raise _unfit(name, table, error) from None
    elif isinstance(table, loaded("pyarrow", "RecordBatch")):
        table = arrow.Table.from_batches([table])
    buffer = io.BytesIO()
    try:
        parquet.write_table(table, buffer, compression="zstd")
    except (arrow.ArrowException, TypeError, ValueError) as error:
        raise _unfit(name, table, error) from None
    head = table.slice(0, MAX_ROWS)
    preview = [column.to_pylist() for column in head.columns[:MAX_COLUMNS]]
    names, types = table.schema.names, table.schema.types
    rows = list(zip(*preview, strict=True))
    meta = _meta(table.num_rows, names, types, rows)
    return ready(name, "table", buffer.getvalue(), PARQUET, meta)


def _from_polars(name: str, table: Any) -> RichContent:
    buffer = io.BytesIO()
    try:
        table.write_parquet(buffer)
    except Exception as error:  # polars raises its own, which needs polars to be named
        raise _unfit(name, table, error) from None
    rows = table[:, :MAX_COLUMNS].head(MAX_ROWS).rows()
    meta = _meta(table.height, table.columns, table.dtypes, rows)
    return ready(name, "table", buffer.getvalue(), PARQUET, meta)


def _meta(
    rows: int, names: Sequence[Any], types: Sequence[Any], preview: Iterable[Sequence[Any]]
) -> dict[str, Any]:
    columns = [{"name": _text(name), "type": _text(kind)} for name, kind in zip(names, types, strict=True)]
    meta: dict[str, Any] = {"rows": rows, "columns": columns[:MAX_COLUMNS]}
    if len(columns) > MAX_COLUMNS:
        meta["more_columns"] = len(columns) - MAX_COLUMNS
    return meta | {"preview": [[_cell(value) for value in row] for row in preview]}


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    if isinstance(value, bytes):
        return f"{len(value):,} bytes"
    return _text(value)


def _text(value: Any) -> str:
    text = str(value).encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= PREVIEW else f"{text[: PREVIEW - 1]}…"


def _unfit(name: str, table: Any, error: Exception) -> UsageError:
    reason = " ".join(str(error).split())
    return InvalidValue(
        name,
        table,
        f"Parquet can't hold it ({reason}); give each column values of one type, such as "
        "df.astype({'column': str}), and a name of its own",
    )


def _pandas() -> tuple[type, ...]:
    return loaded("pandas", "DataFrame")


def _polars() -> tuple[type, ...]:
    return loaded("polars", "DataFrame")


def _arrow() -> tuple[type, ...]:
    return loaded("pyarrow", "Table") + loaded("pyarrow", "RecordBatch")
