"""Searching runs: which match, how many, in which order.

A search is not turned into SQL: what it asks is worked out over columns in memory (`column_cache.py`), which are read
from the index by plain statements the first time and kept in step with it afterwards. At 100,000 runs a comparison
of a column takes a tenth of a millisecond where the database takes a hundred, and every window of the answer and its
total cost the same. The answers are those of one revision, and the same whatever the database and its collation.
No text of a search ever becomes part of a statement.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from sqlalchemy import Connection

from trackbook.domain.query import Order, Query
from trackbook.store.column_cache import MEMORY, ColumnCache, Columns
from trackbook.store.conditions import Conditions
from trackbook.store.fields import TextAttribute
from trackbook.store.ordering import Key, window
from trackbook.store.query_parser import parse_order, parse_query
from trackbook.store.run_table import RunTable, Serials
from trackbook.store.values import sort_key
from trackbook.store.vocabulary import Mask

_MOST_ANSWERS = 8


class Scope(Struct, frozen=True):
    """Which runs a search is about. `notebook` is a path as runs have it in their source."""

    trashed: bool = False
    notebook: str | None = None
    experiment: str | None = None


class Found(NamedTuple):
    """How many runs match, the ids of those in the window asked for, and the store's last change that was seen."""

    total: int
    ids: list[str]
    revision: int


class Match(NamedTuple):
    """The runs that match, in no order but the newest first, with the columns of the revision that was seen."""

    columns: Columns
    serials: Serials
    keys: Sequence[Key]

    def window(self, serials: Serials, start: int, stop: int) -> Serials:
        """Return the runs from `start` to before `stop` of those in `serials`, sorted as was asked for."""
        return window(serials, self.keys, start, stop)


class Searcher:
    """Searches the runs of one store. Safe to use from several threads.

    Columns take `memory` bytes at most, beside those of the search that is being worked out.
    """

    def __init__(self, memory: int = MEMORY) -> None:
        self._columns = ColumnCache(memory)
        self._answers: OrderedDict[tuple[str, str, Scope], _Answer] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def taken(self) -> int:
        """About how many bytes the columns take."""
        return self._columns.taken

    @property
    def has_room(self) -> bool:
        """Whether columns that nobody asked for yet may come into memory: none that is in use is to go for them."""
        return self._columns.taken < self._columns.memory // 2

    def columns(self, connection: Connection) -> Columns:
        """Return the columns of the revision that `connection` sees, for as long as it is open."""
        return self._columns.at(connection)

    def search(
        self,
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
        match = self.match(connection, query, order_by, scope, is_sorted=limit > 0)
        table = match.columns.table
        chosen = match.window(match.serials, offset, offset + limit)
        return Found(len(match.serials), [table.ids[serial] for serial in chosen.tolist()], table.revision)

    def match(
        self,
        connection: Connection,
        query: str = "",
        order_by: str = "",
        scope: Scope = Scope(),  # noqa: B008  # a frozen value
        *,
        is_sorted: bool = True,
    ) -> Match:
        """Return all runs that match with what sorts them, for as long as `connection` is open. Raises as `search`."""
        asked = parse_query(query)
        order = parse_order(order_by) or asked.order
        columns = self.columns(connection)
        answer = self._known((query, order_by, scope), columns.table)
        if answer is None:
            found = _matching(columns, query, asked, scope)
            answer = _Answer(columns.table, found, _sort_keys(columns, order) if is_sorted else None)
        elif answer.keys is None and is_sorted:
            answer = answer._replace(keys=_sort_keys(columns, order))
        self._remember((query, order_by, scope), answer)
        return Match(columns, answer.found, answer.keys or ())

    def _known(self, question: tuple[str, str, Scope], table: RunTable) -> "_Answer | None":
        with self._lock:
            answer = self._answers.get(question)
        return answer if answer is not None and answer.table is table else None

    def _remember(self, question: tuple[str, str, Scope], answer: "_Answer") -> None:
        # Who scrolls asks for one window after another of the same answer.
        with self._lock:
            self._answers[question] = answer
            self._answers.move_to_end(question)
            while len(self._answers) > _MOST_ANSWERS:
                self._answers.popitem(last=False)


class _Answer(NamedTuple):
    """The runs that match, the newest first, and what sorts them, once a window was asked for."""

    table: RunTable
    found: Serials
    keys: Sequence[Key] | None


def _matching(columns: Columns, text: str, query: Query, scope: Scope) -> Serials:
    among = _within(columns, scope)
    if query.condition is not None:
        among = among & Conditions(columns, text).holds(query.condition, among)
    newest = columns.table.newest
    return newest[among[newest]]


def _within(columns: Columns, scope: Scope) -> Mask:
    table = columns.table
    among = table.trashed if scope.trashed else ~table.trashed
    for name, wanted in (("notebook", scope.notebook), ("experiment", scope.experiment)):
        if wanted is not None:
            texts = columns[TextAttribute(name)]
            code = texts.vocabulary.code(wanted)
            among = among & (texts.codes == code) if code is not None else np.zeros_like(among)
    return among


def _sort_keys(columns: Columns, order: tuple[Order, ...]) -> list[Key]:
    return [sort_key(columns, item.operand, item.descending) for item in order]
