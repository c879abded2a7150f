"""Running numbers (`#42`): given out by the ingester, and written into the project's own journal, so that they last."""

import itertools
import os
from collections.abc import Collection, Iterable
from pathlib import Path

from trackbook.domain.clock import now
from trackbook.domain.ids import new_id
from trackbook.domain.records import RunNumbered, WriterClosed
from trackbook.store.journal import JournalWriter
from trackbook.store.locks import ProcessLock
from trackbook.store.paths import PROJECT_SUBJECT, PartName, StorePaths


class Numbering:
    """The journal into which one ingester writes the numbers that it gives out; begun with the first of them."""

    def __init__(self, store: StorePaths) -> None:
        self._store = store
        self._writer: JournalWriter | None = None
        self._lock: ProcessLock | None = None

    def give(self, run_ids: Iterable[str], taken: Collection[int]) -> PartName | None:
        """Number runs, in their order, above all that are `taken`; returns the journal file that says so."""
        fresh = list(dict.fromkeys(run_ids))
        if not fresh:
            return None
        return self.keep(zip(fresh, itertools.count(max(taken, default=0) + 1), strict=False))

    def keep(self, numbers: Iterable[tuple[str, int]]) -> PartName:
        """Give runs these numbers, which no other run has; returns the journal file that says so.

        Whoever calls it holds the ingester's lock, as an ingester does.
        """
        writer = self._writer or self._open()
        for run_id, wanted in numbers:
            number = self._claim(wanted, run_id)
            writer.append(RunNumbered(now(), run_id, number))
        return PartName(PROJECT_SUBJECT, writer.writer, writer.part)

    def close(self) -> None:
        """Close the journal, if one was begun."""
        writer, self._writer = self._writer, None
        if writer is not None and self._lock is not None:
            try:
                writer.close(WriterClosed(now()))
            finally:
                self._lock.release(remove=True)

    def _claim(self, number: int, run_id: str) -> int:
        """Return the first number from this one on that no other machine gives to another run."""
        if self._store.local is None:
            return number
        self._store.numbers.mkdir(exist_ok=True)
        while not _is_first(self._store.numbers / str(number), run_id):
            number += 1
        return number

    def _open(self) -> JournalWriter:
        writer = new_id()
        self._lock = ProcessLock(self._store.lock(PROJECT_SUBJECT, writer))
        self._lock.acquire_in_folder()
        self._writer = JournalWriter(self._store, PROJECT_SUBJECT, writer)
        return self._writer


def _is_first(path: Path, run_id: str) -> bool:
    # A file that is made new or not at all: of several machines one succeeds, on any network.
    draft = path.with_name(f"{path.name}-{new_id()}")
    draft.write_text(run_id, encoding="ascii")
    try:
        os.link(draft, path)
    except FileExistsError:
        return path.read_text("ascii") == run_id
    except OSError:  # a file system without hard links
        try:
            with path.open("x", encoding="ascii") as file:
                file.write(run_id)
        except FileExistsError:
            return path.read_text("ascii") == run_id
    finally:
        draft.unlink(missing_ok=True)
    return True
