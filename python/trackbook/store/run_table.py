"""Which runs there are at one revision of the index, and the order that counts among equals: the newest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from trackbook.store import schema as t
from trackbook.store.columns import Ints
from trackbook.store.rows import fetch
from trackbook.store.vocabulary import Mask

Serials = NDArray[np.int32]

_NEVER = -np.iinfo(np.int64).max  # last also with its sign turned
_STATE = select(t.runs.c.id, t.runs.c.started, t.runs.c.trashed)


@dataclass(frozen=True)
class RunTable:
    """The runs of one revision. Each has a serial, its place in `ids` and in every column; no serial changes.

    `ids` and `serials` are shared with later tables, and may hold runs that came later. `newest` are the serials of
    those runs whose beginning is known: of a run that was only edited so far it is not.
    """

    revision: int
    ids: list[str]
    serials: dict[str, int]
    started: Ints
    trashed: Mask
    newest: Serials

    @property
    def count(self) -> int:
        """How many runs the columns have."""
        return len(self.started)

    def find(self, ids: Iterable[str]) -> Serials:
        """Return the serials of runs; -1 for one that is not here."""
        ids = list(ids)
        try:
            found = list(map(self.serials.__getitem__, ids))
        except KeyError:
            found = [self.serials.get(run_id, -1) for run_id in ids]
        return np.array(found, np.int32)

    def moved_on(self, connection: Connection, revision: int) -> "RunTable | None":
        """Return the table as of a later revision, which `connection` sees; None if it has to be read anew."""
        rows = fetch(connection, _STATE.where(t.runs.c.revision > self.revision))
        added = [row[0] for row in rows if row[0] not in self.serials]
        if len(rows) > max(1_000, self.count // 4):
            return None
        if connection.execute(select(func.count()).select_from(t.runs)).scalar() != self.count + len(added):
            return None  # some runs are gone
        for run_id in added:
            self.serials[run_id] = len(self.ids)
            self.ids.append(run_id)
        started = np.concatenate([self.started, np.full(len(added), _NEVER, np.int64)])
        trashed = np.concatenate([self.trashed, np.zeros(len(added), np.bool_)])
        _fill(started, trashed, self.find(row[0] for row in rows), rows)
        is_same = len(started) == self.count and np.array_equal(started, self.started)
        newest = self.newest if is_same else _newest_first(self.ids, started)
        return RunTable(revision, self.ids, self.serials, started, trashed, newest)


def read_run_table(connection: Connection, revision: int) -> RunTable:
    """Return the runs of an index whose revision is known."""
    rows = fetch(connection, _STATE)
    ids = [row[0] for row in rows]
    started = np.full(len(rows), _NEVER, np.int64)
    trashed = np.zeros(len(rows), np.bool_)
    _fill(started, trashed, np.arange(len(rows), dtype=np.int32), rows)
    serials = {run_id: serial for serial, run_id in enumerate(ids)}
    return RunTable(revision, ids, serials, started, trashed, _newest_first(ids, started))


def changed_since(connection: Connection, revision: int) -> list[str]:
    """Return the ids of the runs that changed after a revision."""
    return [row[0] for row in fetch(connection, select(t.runs.c.id).where(t.runs.c.revision > revision))]


def _fill(started: Ints, trashed: Mask, serials: Serials, rows: list[tuple[Any, ...]]) -> None:
    started[serials] = [_NEVER if row[1] is None else row[1] for row in rows]
    trashed[serials] = [bool(row[2]) for row in rows]


def _newest_first(ids: list[str], started: Ints) -> Serials:
    # Later serials mostly began later: sorted from there on it is nearly done.
    latest = np.arange(len(started), dtype=np.int32)[::-1]
    order: Serials = latest[np.argsort(-started[latest], kind="stable")]
    order = order[started[order] != _NEVER]
    times = started[order]
    edges = np.flatnonzero(np.diff(times, prepend=_NEVER, append=_NEVER)).tolist()
    for begin, end in pairwise(edges):
        if end - begin > 1:  # several began in the same microsecond
            order[begin:end] = sorted(order[begin:end].tolist(), key=ids.__getitem__, reverse=True)
    return order
