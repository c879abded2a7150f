"""What a store has of a writer already, laid beside what an export has of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from trackbook.domain.records import Record, WriterOpened
from trackbook.services.exchange.recordtext import record_to_json
from trackbook.store.metrics import join
from trackbook.store.paths import PartName
from trackbook.store.place import Parts
from trackbook.store.segments import Columns, SeriesKey
from trackbook.store.subjects import read_part, without_marks


class Differs(Exception):
    """What the store has is not the beginning of what the export has."""


@dataclass(slots=True)
class KnownWriter:
    """One writer's records and points in the store, and how many points of each series the export has repeated."""

    parts: int = 0
    records: list[Record] = field(default_factory=list)
    points: dict[SeriesKey, Columns] = field(default_factory=dict)
    repeated: dict[SeriesKey, int] = field(default_factory=dict)

    def new_records(self, records: Sequence[Record]) -> Sequence[Record]:
        """Return the records that are not in the store yet; raises Differs."""
        both = min(len(self.records), len(records))
        if _text(self.records[:both]) != _text(records[:both]):
            raise Differs
        return records[both:]

    def new_points(self, series: SeriesKey, columns: Columns) -> Columns:
        """Return those of the next points of a series that are not in the store yet; raises Differs."""
        known = self.points.get(series)
        if known is None:
            return columns
        start = self.repeated.get(series, 0)
        both = min(len(columns.values), len(known.values) - start)
        if _bytes(known, start, start + both) != _bytes(columns, 0, both):
            raise Differs
        self.repeated[series] = start + both
        return Columns(columns.steps[both:], columns.times[both:], columns.values[both:])


def read_known(parts: Parts, names: Sequence[PartName]) -> KnownWriter:
    """Return what these files, all of one writer, hold."""
    known = KnownWriter(parts=names[-1].part + 1 if names else 0)
    pieces: dict[SeriesKey, list[Columns]] = {}
    for name in names:
        content = read_part(parts, name)
        opened = any(isinstance(record, WriterOpened) for record in known.records)
        known.records += without_marks(content.records, opened)
        for series, columns in content.points.items():
            pieces.setdefault(series, []).append(columns)
    known.points = {series: join(found) for series, found in pieces.items()}
    return known


def _text(records: Sequence[Record]) -> bytes:
    # As an export has them: no NaN equals another, and in JSON there is one.
    return msgspec.json.encode([record_to_json(record) for record in records])


def _bytes(columns: Columns, start: int, end: int) -> tuple[bytes, ...]:
    arrays = (columns.steps, columns.times, columns.values)
    return tuple(array[start:end].tobytes() for array in arrays)
