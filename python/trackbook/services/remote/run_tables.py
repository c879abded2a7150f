"""The run table of a served store."""

from typing import Any, TypeVar

import msgspec

from trackbook.domain.table import (
    CheckRequest,
    GroupPage,
    GroupsRequest,
    QueryCheck,
    TableColumns,
    TablePage,
    TableRequest,
)
from trackbook.domain.values import to_wire
from trackbook.services.remote.connection import Connection
from trackbook.services.run_tables import RunTables

T = TypeVar("T")


class RemoteRunTables(RunTables):
    """Reads the run table of a served store."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def window(self, asked: TableRequest) -> TablePage:
        """Return a window of the runs that match; as `RunTables.window`."""
        return self._post(TablePage, asked, "table")

    def groups(self, asked: GroupsRequest) -> GroupPage:
        """Return a window of the groups that the matching runs make; as `RunTables.groups`."""
        return self._post(GroupPage, asked, "table", "groups")

    def read_ahead(self, column: str) -> None:
        """Do nothing: where the store is served its columns are read."""

    def columns(self) -> TableColumns:
        """Return all columns that a table can show; as `RunTables.columns`."""
        return self._connection.ask(TableColumns, "GET", self._connection.in_project("columns"))

    def check(self, asked: CheckRequest) -> QueryCheck:
        """Return what keeps a search, an order or a column from being read; as `RunTables.check`."""
        return self._post(QueryCheck, asked, "query", "check")

    def _post(self, kind: type[T], asked: Any, *path: str) -> T:
        body = to_wire(msgspec.to_builtins(asked))
        return self._connection.ask(kind, "POST", self._connection.in_project(*path), body=body)
