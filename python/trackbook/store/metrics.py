"""Points of metric series, read from segments and from journals that are still open."""

from collections.abc import Iterable
from itertools import groupby

import numpy as np
from sqlalchemy import Connection, select

from trackbook.store import schema as t
from trackbook.store.journal import read_records
from trackbook.store.paths import PartName, StorePaths
from trackbook.store.segments import Columns, read_columns, separate

_READ_AGAIN = 3


def read_contexts(connection: Connection, run_id: str, key: str) -> list[str]:
    """Return the contexts (JSON texts) in which a run has points of a metric."""
    s = t.series.c
    query = select(s.context).where(s.run_id == run_id, s.key == key).order_by(s.context != "{}", s.context)
    return list(connection.execute(query).scalars())


def read_parts(connection: Connection, run_id: str, key: str, context: str) -> list[PartName]:
    """Return the journals that hold points of a series, by writer and number."""
    c, s = t.chunks.c, t.series.c
    query = (
        select(c.subject, c.writer, c.part)
        .join_from(t.chunks, t.series, s.id == c.series_id)
        .where(s.run_id == run_id, s.key == key, s.context == context)
        .order_by(c.writer, c.part)
    )
    return [PartName(*row) for row in connection.execute(query)]


def read_points(store: StorePaths, parts: Iterable[PartName], key: str, context: str) -> Columns:
    """Return the points of a series in logging order, those of several writers merged by time."""
    writers = [
        join([columns for name in names if (columns := _read_part(store, name, key, context)) is not None])
        for _, names in groupby(parts, key=lambda name: name.writer)
    ]
    return merge([columns for columns in writers if len(columns.values)])


def join(pieces: list[Columns]) -> Columns:
    """Return pieces of one series behind each other."""
    if len(pieces) == 1:
        return pieces[0]
    empty = Columns(np.array([], np.int64), np.array([], np.int64), np.array([], np.float64))
    pieces = pieces or [empty]
    return Columns(
        np.concatenate([piece.steps for piece in pieces]),
        np.concatenate([piece.times for piece in pieces]),
        np.concatenate([piece.values for piece in pieces]),
    )


def merge(writers: list[Columns]) -> Columns:
    """Return the points of several writers by time. Each writer's own order holds, even if its clock went back."""
    joined = join(writers)
    if len(writers) < 2:
        return joined
    keys = np.concatenate([np.maximum.accumulate(columns.times) for columns in writers])
    order = np.argsort(keys, kind="stable")
    return Columns(joined.steps[order], joined.times[order], joined.values[order])


def _read_part(store: StorePaths, name: PartName, key: str, context: str) -> Columns | None:
    for _ in range(_READ_AGAIN):
        # A journal may be sealed at any moment: then the segment is there before the journal goes.
        try:
            return read_columns(store.segment(name), key, context)
        except FileNotFoundError:
            pass
        try:
            return separate(read_records(store.journal(name))).points.get((key, context))
        except FileNotFoundError:
            continue
    return None
