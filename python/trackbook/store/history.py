"""The history that a fork shares with the run from which it was made: read where it lies, never copied."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select

from trackbook.domain.records import RunStarted
from trackbook.domain.run import Fork
from trackbook.errors import CorruptRecord
from trackbook.store import schema as t
from trackbook.store.journal import Entry, scan
from trackbook.store.metrics import PointReader, join, merge, read_parts
from trackbook.store.parts import slices
from trackbook.store.paths import PartName
from trackbook.store.place import Parts
from trackbook.store.segments import Columns, PartContent, SeriesKey, parse_segment, separate


class Ancestor(NamedTuple):
    """The journals with a series' points of one run; `fork`: what the next younger run shares of them."""

    parts: list[PartName]
    fork: Fork | None


def cut_at(columns: Columns, fork: Fork) -> Columns:
    """Return those of a series' points that a fork shares."""
    shared = (columns.steps <= fork.step) & (columns.times <= fork.until)
    return Columns(columns.steps[shared], columns.times[shared], columns.values[shared])


def shared_points(store: Parts, fork: Fork) -> dict[SeriesKey, Columns]:
    """Return the points that a fork shares, by series, from the other run's journals; no index is asked.

    The other run may be a fork itself. A run whose journals are gone has nothing to share.
    """
    parts = _read_run(store, fork.run_id)
    found: dict[SeriesKey, list[Columns]] = {}
    for origin in _origins(parts.values()):
        found = {series: [columns] for series, columns in shared_points(store, origin).items()}
    writers: dict[SeriesKey, dict[str, list[Columns]]] = {}
    for (writer, _), content in sorted(parts.items(), key=lambda item: item[0]):
        for series, columns in content.points.items():
            writers.setdefault(series, {}).setdefault(writer, []).append(columns)
    for series, by_writer in writers.items():
        found.setdefault(series, []).append(merge([join(pieces) for pieces in by_writer.values()]))
    cut = {series: cut_at(join(pieces), fork) for series, pieces in found.items()}
    return {series: columns for series, columns in cut.items() if len(columns.values)}


def read_fork(connection: Connection, run_id: str) -> Fork | None:
    """Return where a run branched off, as the index knows it; None for a run that is no fork."""
    c = t.runs.c
    row = connection.execute(
        select(c.forked_from, c.forked_step, c.forked_until).where(c.id == run_id)
    ).first()
    return None if row is None or row.forked_from is None else Fork(*row)


def read_lineage(connection: Connection, run_id: str, key: str, context: str) -> list[Ancestor]:
    """Return where the points of a series lie: those of the run itself, then those of the runs from which it forked."""
    found: list[Ancestor] = []
    fork: Fork | None = None
    while True:
        found.append(Ancestor(read_parts(connection, run_id, key, context), fork))
        fork = read_fork(connection, run_id)
        if fork is None:
            return found
        run_id = fork.run_id


def read_points(points: PointReader, lineage: Sequence[Ancestor], key: str, context: str) -> Columns:
    """Return all points of a series in logging order, those first that a fork shares."""
    whole: Columns | None = None
    for parts, fork in reversed(lineage):
        own = points.read(parts, key, context)
        whole = own if whole is None else join([whole, own])
        whole = whole if fork is None else cut_at(whole, fork)
    return join([]) if whole is None else whole


class Beginning(NamedTuple):
    """What a run is called, when it started (in microseconds), and whether it is a fork."""

    run_id: str
    number: int
    experiment: str
    name: str
    started: int
    is_fork: bool


def read_beginnings(connection: Connection, run_ids: Iterable[str]) -> dict[str, Beginning]:
    """Return how runs began, by their ids; unknown runs are left out."""
    c, e = t.runs.c, t.experiments.c
    query = (
        select(c.id, c.number, e.name, c.name, c.started, c.forked_from)
        .outerjoin_from(t.runs, t.experiments, e.id == c.experiment_id)
        .where(c.started.is_not(None))
    )
    return {
        row[0]: Beginning(row[0], row[1] or 0, row[2] or "", row[3] or "", row[4], row[5] is not None)
        for ids in slices(sorted(set(run_ids)))
        for row in connection.execute(query.where(c.id.in_(ids)))
    }


def _origins(parts: Iterable[PartContent]) -> Iterator[Fork]:
    for content in parts:
        for record in content.records:
            if isinstance(record, RunStarted) and record.fork is not None:
                yield record.fork


def _read_run(store: Parts, run_id: str) -> dict[tuple[str, int], PartContent]:
    parts: dict[tuple[str, int], PartContent] = {}
    # Journals first: one that is sealed meanwhile is then found among the segments.
    for name in store.journals(run_id):
        if (data := store.read_journal(name)) is not None:
            records = (entry.record for entry in scan(data) if isinstance(entry, Entry))
            parts[name.writer, name.part] = separate(records)
    for name in store.segments(run_id):
        if (data := store.read_segment(name)) is not None:
            with contextlib.suppress(CorruptRecord):  # `trackbook doctor` names it
                parts[name.writer, name.part] = parse_segment(name, data)
    return parts
