"""The run table: windows of chosen columns, groups of runs, and which columns there are."""

import threading
import time
from typing import Final

from trackbook.domain.query import series_candidates
from trackbook.domain.scope import RunScope
from trackbook.domain.table import (
    CheckRequest,
    GroupPage,
    GroupsRequest,
    QueryCheck,
    QueryProblem,
    TableColumns,
    TablePage,
    TableRequest,
)
from trackbook.errors import ColumnError, QueryError
from trackbook.services.runs import Runs
from trackbook.store.batch import revision_of
from trackbook.store.column_cache import SomeRuns
from trackbook.store.column_values import values_of
from trackbook.store.database import Connection
from trackbook.store.place import Place
from trackbook.store.query_parser import parse_order, parse_query
from trackbook.store.run_groups import members_of, parse_columns, read_groups
from trackbook.store.runs import decode_spark
from trackbook.store.search import Match, Scope
from trackbook.store.segments import context_text
from trackbook.store.table_columns import read_columns, read_lines
from trackbook.store.values import sort_key

# Of so many runs the columns are counted anew after some seconds, not after each change.
_MANY_RUNS: Final = 20_000
_SECONDS: Final = 5.0
# With fewer runs a column is read in no time.
_WORTH_AHEAD: Final = 5_000


class RunTables:
    """Reads the run table of one store from its index."""

    def __init__(self, place: Place, runs: Runs) -> None:
        self._database, self._searcher = place.database, runs.searcher
        self._columns: tuple[float, TableColumns] | None = None
        self._lock = threading.Lock()

    def window(self, asked: TableRequest) -> TablePage:
        """Return a window of the runs that match with their values in the columns asked for.

        The newest come first unless `order_by` or the query sorts them. Raises QueryError for a search that can't be
        read, ColumnError for a column.
        """
        operands = parse_columns(asked.columns, "columns")
        with self._database.read() as connection:
            match = self._match(connection, asked.scope, asked.order_by)
            serials = members_of(match, asked.group)
            chosen = match.window(serials, asked.offset, asked.offset + asked.limit)
            columns = SomeRuns(match.columns, chosen)
            ids = [columns.table.ids[serial] for serial in chosen.tolist()]
            return TablePage(
                total=len(serials),
                revision=columns.table.revision,
                ids=ids,
                columns=[values_of(columns, operand, chosen) for operand in operands],
                sparks=[_lines(connection, ids, name) for name in asked.sparks],
            )

    def groups(self, asked: GroupsRequest) -> GroupPage:
        """Return a window of the groups that the matching runs make. Raises like `window`."""
        with self._database.read() as connection:
            return read_groups(self._match(connection, asked.scope, "", is_sorted=False), asked)

    def read_ahead(self, column: str) -> None:
        """Read a column of a large store as a whole, which sorting and grouping by it would have to do first.

        Does nothing where memory for columns runs short. Raises ColumnError for a column that can't be read.
        """
        (operand,) = parse_columns([column], "columns")
        with self._database.read() as connection:
            columns = self._searcher.columns(connection)
            if columns.table.count >= _WORTH_AHEAD and self._searcher.has_room:
                sort_key(columns, operand, descending=False)
                values_of(columns, operand, columns.table.newest[:0])

    def columns(self) -> TableColumns:
        """Return all columns that a table can show; those of a large store may be some seconds old."""
        with self._lock, self._database.read() as connection:
            revision = revision_of(connection)
            if self._columns is not None:
                read_at, known = self._columns
                is_large = known.columns[0].count >= _MANY_RUNS
                if known.revision == revision or (is_large and time.monotonic() < read_at + _SECONDS):
                    return known
            found = TableColumns(revision, read_columns(connection))
            self._columns = (time.monotonic(), found)
            return found

    def check(self, asked: CheckRequest) -> QueryCheck:
        """Return what keeps a search, an order or a column from being read, and where."""
        return check_texts(asked)

    def _match(self, connection: Connection, scope: RunScope, order_by: str, is_sorted: bool = True) -> Match:
        within = Scope(scope.trashed, scope.notebook, scope.experiment)
        return self._searcher.match(connection, scope.query, order_by, within, is_sorted=is_sorted)


def check_texts(asked: CheckRequest) -> QueryCheck:
    """Return what keeps a search, an order or a column from being read, and where."""
    try:
        parse_query(asked.query)
    except QueryError as error:
        return QueryCheck(QueryProblem(error.reason, error.position, error.end, "query"))
    try:
        parse_order(asked.order_by)
    except QueryError as error:
        return QueryCheck(QueryProblem(error.reason, error.position, error.end, "order_by"))
    try:
        parse_columns(asked.columns, "columns")
    except ColumnError as error:
        return QueryCheck(QueryProblem(error.reason, error.position, error.end, "columns", error.place))
    return QueryCheck(None)


def _lines(connection: Connection, ids: list[str], name: str) -> list[list[float] | None]:
    found: dict[str, str] = {}
    for key, context in reversed(series_candidates(name)):
        found |= read_lines(connection, ids, key, context_text(context))
    return [decode_spark(found[run_id]) if run_id in found else None for run_id in ids]
