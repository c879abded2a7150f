"""What SQLite and PostgreSQL each say in their own words. PostgreSQL's are imported only where it is used."""

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
    if is_postgresql(connection):
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    return sqlite.insert(table)
