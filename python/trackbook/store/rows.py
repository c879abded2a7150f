"""Rows as the database driver gives them: made into SQLAlchemy's own they take twice as long."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Executable


def fetch(
    connection: Connection, statement: Executable, values: Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    """Return all rows of a statement as plain tuples; SQLite's booleans are 0 and 1."""
    return list(connection.execute(statement, values).cursor.fetchall())
