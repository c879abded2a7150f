"""What SQLite and PostgreSQL each say in their own words. PostgreSQL's are imported only where it is used."""

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import sqlite

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql import Insert as PostgresInsert


def is_postgresql(connection: Connection) -> bool:
    """Tell whether the database at the other end is PostgreSQL."""
    return connection.dialect.name == "postgresql"


def insert_or_update(connection: Connection, table: Table) -> "sqlite.Insert | PostgresInsert":
    """Return an INSERT into `table` that may say what is to be done with rows that are there already."""
    return _insert(table, is_postgresql(connection))


def upsert(
    connection: Connection, table: Table, names: Iterable[str], *, newest: bool = False
) -> "sqlite.Insert | PostgresInsert":
    """Return an INSERT of rows with these columns that changes those that are there already, by their primary key.

    With `newest` one that is there stays if its `at` is later.
    """
    return _upsert(table, is_postgresql(connection), tuple(names), newest)


# To make one takes longer than to insert some rows.
@lru_cache(maxsize=256)
def _upsert(
    table: Table, postgresql: bool, names: tuple[str, ...], newest: bool
) -> "sqlite.Insert | PostgresInsert":
    keys = [column.name for column in table.primary_key.columns]
    statement = _insert(table, postgresql)
    changes = {name: statement.excluded[name] for name in names if name not in keys}
    where = statement.excluded.at >= table.c.at if newest else None
    return statement.on_conflict_do_update(index_elements=keys, set_=changes, where=where)


def _insert(table: Table, postgresql: bool) -> "sqlite.Insert | PostgresInsert":
    if postgresql:
        from sqlalchemy.dialects import postgresql as dialect

        return dialect.insert(table)
    return sqlite.insert(table)
