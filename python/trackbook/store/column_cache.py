"""The columns of one store that searches used, kept in memory and in step with the index.

When the index has moved on, only runs that changed since are read again, column by column as they are asked for.
"""

import threading
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection

from trackbook.store.batch import revision_of
from trackbook.store.fields import Column, Origin
from trackbook.store.parts import slices
from trackbook.store.rows import fetch
from trackbook.store.run_table import RunTable, Serials, changed_since, read_run_table
from trackbook.store.searched_columns import Change, Rows, Texts

# Columns that were not used for longest are dropped beyond this; a number takes 9 bytes a run, a text 4 and itself.
MEMORY = 512 * 1024 * 1024

# Of so many times the runs of a window a column is read as a whole, and kept.
_WORTH_WHOLE = 10

C = TypeVar("C", bound=Column)


@dataclass(frozen=True)
class _Kept:
    column: Column
    table: RunTable
    size: int


class ColumnCache:
    """Columns in memory. Safe to use from several threads; what it gives is never changed."""

    def __init__(self, memory: int = MEMORY) -> None:
        self.memory = memory
        self._table: RunTable | None = None
        self._before: deque[RunTable] = deque(maxlen=4)
        self._columns: OrderedDict[Origin[Any], _Kept] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def taken(self) -> int:
        """About how many bytes the columns take."""
        with self._lock:
            return sum(kept.size for kept in self._columns.values())

    def at(self, connection: Connection) -> "Columns":
        """Return the columns as of the revision that `connection` sees, for as long as it is open."""
        revision = revision_of(connection)
        with self._lock:
            return Columns(self, connection, self._table_at(revision, connection))

    def column(self, origin: Origin[C], table: RunTable, connection: Connection) -> C:
        """Return a column as of a table's revision, which `connection` sees."""
        with self._lock:
            kept = self._columns.get(origin)
            if kept is not None and kept.table is table:
                self._columns.move_to_end(origin)
                return kept.column  # type: ignore[return-value]  # an origin gives columns of one type
            known = kept if kept is not None and _can_move(kept, table) else None
            column = _moved(origin, known, table, connection) if known else None
            if column is None:
                column = origin.column(table, fetch(connection, origin.statement()))
            if table is self._table:
                self._keep(origin, _Kept(column, table, column.nbytes))
            return column

    def _table_at(self, revision: int, connection: Connection) -> RunTable:
        table = self._table
        if table is not None:
            if table.revision == revision:
                return table
            for earlier in self._before:  # another thread has gone on while this reader's state was fixed
                if earlier.revision == revision:
                    return earlier
        moved = None
        if table is not None and revision > table.revision:
            moved = table.moved_on(connection, revision)
        if table is not None and moved is not None:
            self._before.append(table)
        else:  # the first time, or so much is new that it is read anew
            moved = read_run_table(connection, revision)
            self._columns.clear()
            self._before.clear()
        self._table = moved
        return moved

    def _keep(self, origin: Origin[Any], kept: _Kept) -> None:
        self._columns.pop(origin, None)
        self._columns[origin] = kept
        taken = sum(other.size for other in self._columns.values())
        while taken > self.memory and len(self._columns) > 1:
            taken -= self._columns.popitem(last=False)[1].size

    def holds(self, origin: Origin[Any]) -> bool:
        """Tell whether a column is in memory, be it of an earlier revision."""
        with self._lock:
            return origin in self._columns


@dataclass(frozen=True)
class Columns:
    """The columns of one revision."""

    cache: ColumnCache
    connection: Connection
    table: RunTable

    def __getitem__(self, origin: Origin[C]) -> C:
        return self.cache.column(origin, self.table, self.connection)


class SomeRuns(Columns):
    """The columns of one revision as far as some runs go: what is not in memory is read of these alone.

    To read a column as a whole takes a hundred times as long; a table that nobody sorts by it needs a window of it.
    """

    def __init__(self, columns: Columns, serials: Serials) -> None:
        super().__init__(columns.cache, columns.connection, columns.table)
        self._ids = [columns.table.ids[serial] for serial in serials.tolist()]
        self._known: dict[Origin[Any], Column] = {}

    def __getitem__(self, origin: Origin[C]) -> C:
        if self.cache.holds(origin) or self.table.count <= _WORTH_WHOLE * len(self._ids):
            return super().__getitem__(origin)
        if origin not in self._known:
            rows = _rows_of(origin, self._ids, self.connection)
            self._known[origin] = origin.column(self.table, rows)
        return self._known[origin]  # type: ignore[return-value]  # an origin gives columns of one type


def _rows_of(origin: Origin[Any], ids: list[str], connection: Connection) -> Rows:
    statement = origin.statement()
    run_id = statement.selected_columns[0]
    return [row for part in slices(ids) for row in fetch(connection, statement.where(run_id.in_(part)))]


def _can_move(kept: _Kept, table: RunTable) -> bool:
    column = kept.column
    is_older = kept.table.revision < table.revision and kept.table.ids is table.ids
    # Texts that no run has any more stay in a vocabulary.
    is_tidy = not isinstance(column, Texts) or len(column.vocabulary) <= 2 * table.count + 1_000
    return is_older and is_tidy


def _moved(origin: Origin[C], kept: _Kept, table: RunTable, connection: Connection) -> C | None:
    """Return a column moved on to a later table; None if too much has changed."""
    changed = changed_since(connection, kept.table.revision)
    if not changed and table.count == kept.table.count:
        return kept.column  # type: ignore[return-value]  # an origin gives columns of one type
    if len(changed) > max(1_000, table.count // 8):
        return None
    rows = _rows_of(origin, changed, connection)
    serials = table.find(changed)
    return origin.column(table, rows, Change(kept.column, serials[serials < kept.table.count]))
