"""The projector: turns what journals hold into rows of the index."""

from collections.abc import Iterable

from sqlalchemy import Connection

from trackbook.store.batch import Batch, History, Reading
from trackbook.store.record_rows import apply_record


def project(connection: Connection, readings: Iterable[Reading], history: History | None = None) -> int:
    """Store the rows for what was read, and how far; returns the index's new revision.

    Meant to run in one transaction, so that a reading counts once or not at all. `history` is asked when a fork begins.
    """
    readings = list(readings)
    batch = Batch(connection, history, apply_record)
    batch.load_runs({reading.name.subject for reading in readings})
    for reading in readings:
        batch.add(reading)
    return batch.store()
