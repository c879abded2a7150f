"""Edits of a run from outside: each is a record in a journal of the process that makes it."""

from collections.abc import Callable, Mapping

from trackbook.config import captures_in
from trackbook.domain.clock import now
from trackbook.domain.names import check_name
from trackbook.domain.records import (
    Record,
    Restored,
    RunGrouped,
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
        check_name("run", name)
        self._write(run_id, lambda writer: writer.rename(name))

    def set_tags(self, run_id: str, tags: Mapping[str, str | None]) -> None:
        """Set tags; None takes one away."""
        for key in tags:
            check_name("tag", key)
        self._write(run_id, lambda writer: writer.set_tags(tags))

    def set_group(self, run_id: str, group: str | None) -> None:
        """Put a run among those that belong together under this name; None takes it away from them."""
        self._append(run_id, RunGrouped(now(), None if group is None else check_name("group", group)))

    def add_note(self, run_id: str, text: str) -> None:
        """Add a line (or more) to a run's notes."""
        self._write(run_id, lambda writer: writer.add_note(text))

    def set_notes(self, run_id: str, text: str) -> None:
        """Replace a run's notes."""
        self._write(run_id, lambda writer: writer.add_note(text, replaces=True))

    def trash(self, run_id: str) -> None:
        """Put a run into the trash."""
        self._append(run_id, Trashed(now()))

    def restore(self, run_id: str) -> None:
        """Take a run out of the trash."""
        self._append(run_id, Restored(now()))

    def _append(self, run_id: str, record: Record) -> None:
        self._write(run_id, lambda writer: writer.append(record))

    def _write(self, run_id: str, write: Callable[[RunRecorder], object]) -> None:
        capture = captures_in(self.store.project)
        writer = RunRecorder.join(self.store, run_id, role="editor", capture=capture)
        writer.told_of_secrets = True  # what an edit says is masked without a word
        try:
            write(writer)
        finally:
            writer.close()
