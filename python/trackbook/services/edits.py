"""Edits of a run from outside: each is a record in a journal of the process that makes it."""

from collections.abc import Mapping

from trackbook.domain.clock import now
from trackbook.domain.names import check_name
from trackbook.domain.records import (
    NoteWritten,
    Record,
    Renamed,
    Restored,
    RunGrouped,
    TagsSet,
    Trashed,
)
from trackbook.services.recorder import RunRecorder
from trackbook.store.paths import StorePaths


class Edits:
    """Changes names, tags, notes, groups and the trash mark of runs in one store."""

    def __init__(self, store: StorePaths) -> None:
        self.store = store

    def rename(self, run_id: str, name: str) -> None:
        """Give a run another name."""
        self._append(run_id, Renamed(now(), check_name("run", name)))

    def set_tags(self, run_id: str, tags: Mapping[str, str | None]) -> None:
        """Set tags; None takes one away."""
        for key in tags:
            check_name("tag", key)
        self._append(run_id, TagsSet(now(), dict(tags)))

    def set_group(self, run_id: str, group: str | None) -> None:
        """Put a run among those that belong together under this name; None takes it away from them."""
        self._append(run_id, RunGrouped(now(), None if group is None else check_name("group", group)))

    def add_note(self, run_id: str, text: str) -> None:
        """Add a line (or more) to a run's notes."""
        self._append(run_id, NoteWritten(now(), text))

    def set_notes(self, run_id: str, text: str) -> None:
        """Replace a run's notes."""
        self._append(run_id, NoteWritten(now(), text, True))

    def trash(self, run_id: str) -> None:
        """Put a run into the trash."""
        self._append(run_id, Trashed(now()))

    def restore(self, run_id: str) -> None:
        """Take a run out of the trash."""
        self._append(run_id, Restored(now()))

    def _append(self, run_id: str, record: Record) -> None:
        writer = RunRecorder.join(self.store, run_id, role="editor")
        try:
            writer.append(record)
        finally:
            writer.close()
