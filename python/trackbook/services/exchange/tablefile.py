"""The readable tables as Parquet files, written in batches of rows."""

from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow.parquet as pq

from trackbook.services.exchange.columns import make_table, table_schema
from trackbook.services.exchange.tables import TABLES, Table

_ROW_GROUP = 2_000


class TableFiles:
    """Writes one Parquet file a table, those without rows too; a context manager that closes them."""

    def __init__(self, folder: Path) -> None:
        self._writers = {
            table.name: pq.ParquetWriter(
                folder / f"{table.name}.parquet", table_schema(table.columns), compression="zstd"
            )
            for table in TABLES
        }
        self._rows: dict[str, list[Any]] = {table.name: [] for table in TABLES}

    def add(self, table: Table, rows: list[Any]) -> None:
        """Append rows to a table."""
        waiting = self._rows[table.name]
        waiting += rows
        if len(waiting) >= _ROW_GROUP:
            self._flush(table)

    def __enter__(self) -> "TableFiles":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for table in TABLES:
            if kind is None and self._rows[table.name]:
                self._flush(table)
            self._writers[table.name].close()

    def _flush(self, table: Table) -> None:
        self._writers[table.name].write_table(make_table(table.columns, self._rows[table.name]))
        self._rows[table.name] = []
