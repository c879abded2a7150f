"""A journal that refuses records: what happens until it takes them again.

A full disk, a folder that was taken away or can't be written costs points. It must not cost the run its name, nor
the knowledge of what is missing: so the records that say what the run is are held back in memory, all others are
counted, and the count becomes a record as soon as one can be written.
"""

import contextlib
import threading
import time
from collections.abc import Callable
from typing import Any

from trackbook.domain import records
from trackbook.domain.clock import now
from trackbook.domain.records import Record
from trackbook.store.journal import JournalWriter

SECONDS_BETWEEN_TRIES = 1.0
_HELD = (
    records.RunStarted,
    records.ParamsSet,
    records.TagsSet,
    records.MetricDefined,
    records.Renamed,
    records.RunEnded,
)
_MOST_HELD = 1000


class MendingWriter:
    """Stands in for the writer of a journal that refused a record, or could not be opened, until it works again.

    `mended` is then called with the writer, which all that follows may use directly. Safe to call from several
    threads.
    """

    def __init__(
        self,
        writer: JournalWriter | None,
        open_writer: Callable[[], JournalWriter],
        mended: Callable[[JournalWriter], None],
    ) -> None:
        self._writer = writer
        self._open_writer = open_writer
        self._mended = mended
        self._lock = threading.RLock()
        self._held: list[Record] = []
        self._lost = 0
        self._first = self._last = 0
        self._next_try = 0.0
        self._error = OSError("it was never open")

    @property
    def lost(self) -> int:
        """How many records were refused and not written since."""
        return self._lost + len(self._held)

    def append(self, record: Record) -> None:
        """Append a record, and what was held back before it; raises OSError if it is still refused."""
        with self._lock:
            writer = self._try_to_open()
            self._write_held(writer)
            writer.append(record)
            if self._lost:
                with contextlib.suppress(OSError):  # the record itself is stored
                    self._write_gap(writer)
        self._mended(writer)  # without the lock: who hears it may hold one under which this is called

    def refused(self, record: Record) -> None:
        """Note that a record could not be stored."""
        with self._lock:
            if isinstance(record, _HELD) and len(self._held) < _MOST_HELD:
                self._held.append(record)
            else:
                self.count(record.at)

    def count(self, at: int) -> None:
        """Note that something of the moment `at` could not be stored."""
        with self._lock:
            self._first = min(self._first or at, at)
            self._last = max(self._last, at)
            self._lost += 1

    def close(self, last: Record | None = None) -> None:
        """Write what can be written, `last` behind it, and close; raises OSError if any of it was refused."""
        with self._lock:
            try:
                writer = self._try_to_open(at_once=True)
                self._write_held(writer)
                if self._lost:
                    self._write_gap(writer)
                writer.close(last)
            finally:
                if self._writer is not None:
                    self._writer.close()

    def forget(self) -> None:
        """Close the inherited handle in a forked child; what was refused is the parent's to tell."""
        self._lock = threading.RLock()
        if self._writer is not None:
            self._writer.forget()

    def last_words(self) -> dict[str, Any]:
        """Return what is still to be told: `lost` (how many, from, to), and how the run `ended`."""
        words: dict[str, Any] = {}
        for record in self._held:
            if isinstance(record, records.RunEnded):
                error = f"{record.error.ename}: {record.error.evalue}" if record.error else ""
                words["ended"] = [record.at, record.status, (record.reason or error)[:200]]
            else:
                self.count(record.at)
        if self._lost:
            words["lost"] = [self._lost, self._first, self._last]
        return words

    def _try_to_open(self, at_once: bool = False) -> JournalWriter:
        if self._writer is None:
            # Each try makes and removes files: not at every call of a training loop.
            if not at_once and time.monotonic() < self._next_try:
                raise self._error
            self._next_try = time.monotonic() + SECONDS_BETWEEN_TRIES
            try:
                self._writer = self._open_writer()
            except OSError as error:
                self._error = error
                raise
        return self._writer

    def _write_held(self, writer: JournalWriter) -> None:
        while self._held:
            try:
                writer.append(self._held[0])
            except (
                UnicodeEncodeError
            ):  # only before the first opening of the journal: nothing was encoded until now
                self.count(self._held[0].at)
            del self._held[0]

    def _write_gap(self, writer: JournalWriter) -> None:
        writer.append(records.RecordsLost(now(), self._lost, self._first, self._last))
        self._lost = self._first = self._last = 0
