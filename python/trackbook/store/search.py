"""Searching runs: which match, how many, in which order."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, Select, func, select
from sqlalchemy.exc import OperationalError

from trackbook.domain.query import And, Condition, Match, Not, Or, Query
from trackbook.errors import QueryError
from trackbook.store import schema as t
from trackbook.store.conditions import condition, order_keys
from trackbook.store.query_parser import parse_order, parse_query
from trackbook.store.text_functions import REGEX_SECONDS, TextFunctions


class Scope(Struct, frozen=True):
    """Which runs a search is about. `notebook` is a path as runs have it in their source."""

    trashed: bool = False
    notebook: str | None = None
    experiment: str | None = None


class Found(NamedTuple):
    """How many runs match, and the ids of those in the window asked for."""

    total: int
    ids: list[str]


def search_runs(
    connection: Connection,
    query: str = "",
    order_by: str = "",
    scope: Scope = Scope(),  # noqa: B008  # a frozen value
    offset: int = 0,
    limit: int = 100,
) -> Found:
    """Return the runs that match, sorted by `order_by`, else by the query's own order, else the newest first.

    Raises QueryError for a search that can't be read, or whose regular expressions take too long.
    """
    asked = parse_query(query)
    order = parse_order(order_by) or asked.order
    functions = TextFunctions(connection)
    try:
        wanted = _conditions(asked, scope)
        keys = [key for item in order for key in order_keys(item)]
        if asked.condition is None:
            # The window alone can be read along an index, without looking at all runs.
            ids = connection.execute(_window(wanted, keys, offset, limit)).scalars()
            return Found(_count(connection, wanted), list(ids))
        counted = _window(wanted, keys, offset, limit).add_columns(func.count().over())
        rows = connection.execute(counted).all()
        return Found(rows[0][1] if rows else _count(connection, wanted), [row[0] for row in rows])
    except OperationalError:
        if functions.expired is None:
            raise
        position = _position(asked.condition, functions.expired)
        reason = f"The regular expression took longer than {REGEX_SECONDS:g} seconds; make it simpler"
        raise QueryError(query, position, reason) from None


def _count(connection: Connection, wanted: Sequence[ColumnElement[bool]]) -> int:
    return connection.execute(select(func.count()).select_from(t.runs).where(*wanted)).scalar_one()


def _window(
    wanted: Sequence[ColumnElement[bool]], keys: Sequence[ColumnElement[Any]], offset: int, limit: int
) -> Select[str]:
    newest_first = (t.runs.c.started.desc(), t.runs.c.id.desc())
    found = select(t.runs.c.id).where(*wanted).order_by(*keys, *newest_first)
    return found.offset(offset).limit(limit)


def _conditions(query: Query, scope: Scope) -> list[ColumnElement[bool]]:
    runs = t.runs.c
    # A run of which only edits are known so far has no beginning yet.
    wanted: list[ColumnElement[bool]] = [runs.started.is_not(None), runs.trashed.is_(scope.trashed)]
    if scope.notebook is not None:
        wanted.append(runs.source_path == scope.notebook)
    if scope.experiment is not None:
        known = select(t.experiments.c.id).where(t.experiments.c.name == scope.experiment)
        wanted.append(runs.experiment_id == known.scalar_subquery())
    if query.condition is not None:
        wanted.append(condition(query.condition))
    return wanted


def _position(node: Condition | None, pattern: str) -> int:
    """Return where a regular expression stands in the search."""
    match node:
        case Match(_, "~", found, _, position) if found == pattern:
            return position
        case Not(part):
            return _position(part, pattern)
        case And(parts) | Or(parts):
            return max(_position(part, pattern) for part in parts)
    return 0
