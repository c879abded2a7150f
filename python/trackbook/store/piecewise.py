"""Readings that the index can't take whole: stored piece by piece, and what fits nowhere is named as damage.

One record that says what no table can keep must not stop a store, nor cost what stands beside it.
"""

from dataclasses import replace
from itertools import islice

from sqlalchemy import Connection

from trackbook.errors import RecordRefused, StoreError
from trackbook.store.batch import History, Reading
from trackbook.store.database import Database
from trackbook.store.projector import project
from trackbook.store.segments import PartContent


def is_about_a_record(error: Exception) -> bool:
    """Tell whether a record is to blame for an error, and not the disk or a busy index."""
    return isinstance(error, RecordRefused) or not isinstance(error, (OSError, StoreError))


def project_pieces(
    database: Database, connection: Connection, reading: Reading, history: History | None = None
) -> None:
    """Store of a reading what the index takes; the rest becomes a damage."""
    waiting = [reading.content]
    refused: list[tuple[str, Exception]] = []
    while waiting:
        content = waiting.pop()
        try:
            with database.attempt(connection):
                project(connection, [replace(reading, content=content, damages=[])], history)
        except Exception as error:
            if not is_about_a_record(error):
                raise
            if halves := _halve(content):
                waiting += reversed(halves)
            else:
                refused.append((_name_of(content), error))
    damages = list(reading.damages)
    if refused:
        name, why = refused[0]
        reason = f"the index can't take {len(refused)} of its records, such as {name} ({why})"
        damages.append((reading.start, reading.position, reason))
    project(connection, [replace(reading, content=PartContent(), damages=damages)], history)


def _halve(content: PartContent) -> list[PartContent]:
    records, points = content.records, content.points
    if records and points:
        return [PartContent(records), PartContent(points=points)]
    if len(records) > 1:
        middle = len(records) // 2
        return [PartContent(records[:middle]), PartContent(records[middle:])]
    if len(points) > 1:
        middle = len(points) // 2
        series = iter(points.items())
        return [PartContent(points=dict(islice(series, middle))), PartContent(points=dict(series))]
    return []


def _name_of(content: PartContent) -> str:
    if content.records:
        return type(content.records[0]).__name__
    return f"the points of {next(iter(content.points), ('nothing',))[0]!r}"
