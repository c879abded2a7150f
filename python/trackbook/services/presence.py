"""Which writers live, told between the machines that share a store; runs of which nothing is heard are lost."""

import os
import time
from collections.abc import Iterable

from trackbook.domain.clock import now
from trackbook.domain.ids import new_id
from trackbook.domain.records import Record, RunEnded, WriterClosed
from trackbook.store.batch import Reading
from trackbook.store.journal import frame, opening_record
from trackbook.store.locks import boot_id, os_host, process_started
from trackbook.store.paths import PartName
from trackbook.store.place import Place
from trackbook.store.projector import project
from trackbook.store.segments import separate
from trackbook.store.server_presence import note_living, silent_runs
from trackbook.version import version

BEAT_SECONDS = 15.0
LOST_SECONDS = 45.0


class Presence:
    """Tells a shared store, now and then, which of this machine's writers live."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._next = 0.0

    def look(self, living: Iterable[PartName]) -> None:
        """Say that these writers live, and mark the runs of those that others have not heard of for long."""
        if not self._place.shared or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + BEAT_SECONDS
        with self._place.database.write() as connection:
            note_living(connection, living, os_host())
        mark_lost(self._place)


def mark_lost(place: Place, seconds: float = LOST_SECONDS) -> list[str]:
    """Give running runs whose owner was not seen for so long the status "lost"; returns their ids.

    The verdict is a record in a journal of its own, so that a new index says the same; a later record of the run
    itself counts more.
    """
    with place.database.read() as connection:
        silent = silent_runs(connection, seconds)
    if not silent:
        return []
    with place.database.write() as connection:
        silent = silent_runs(connection, seconds)  # another machine may have been faster
        verdicts = [_verdict(run.run_id, run.last_at) for run in silent]
        place.parts.keep(connection, verdicts)
        project(connection, verdicts)
    return [run.run_id for run in silent]


def _verdict(run_id: str, last_at: int) -> Reading:
    opened = opening_record("editor", version(), os_host(), boot_id(), process_started(os.getpid()))
    ended = RunEnded(last_at, "lost", None, "Nothing was heard of its process for a while.")
    records: list[Record] = [opened, ended, WriterClosed(now())]
    data = b"".join(frame(record) for record in records)
    return Reading(
        PartName(run_id, new_id(), 0), separate(records), len(data), "editor", True, False, [], 0, data
    )
