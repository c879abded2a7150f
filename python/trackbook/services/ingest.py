"""The ingester: the one process of a store that reads its journals into the index.

Run as `python -m trackbook.services.ingest STORE`. It watches the journals, projects what is new, notices
processes that died, seals closed journals into segments, and ends when nothing is left to do.
"""

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from trackbook.domain.clock import now
from trackbook.domain.ids import new_id
from trackbook.domain.records import Record, RunEnded, RunNumbered, RunStarted, WriterClosed, WriterOpened
from trackbook.errors import StoreError
from trackbook.services.ingester import ensure_ingester
from trackbook.services.recorder import RunRecorder
from trackbook.store import parts as index
from trackbook.store.database import Database
from trackbook.store.journal import Damage, Entry, JournalWriter, read_entries, scan
from trackbook.store.locks import ProcessLock, is_held
from trackbook.store.parts import Part
from trackbook.store.paths import PROJECT_SUBJECT, PartName, StorePaths
from trackbook.store.projector import Reading, project
from trackbook.store.segments import PartContent, Unread, read_segment, separate, write_segment

BATCH_BYTES = 16 * 1024 * 1024
POLL_SECONDS = 0.1
IDLE_SECONDS = 20.0
SEAL_AT_ONCE = 200


class Ingester:
    """Reads one store's journals into its index. Holds the ingester's lock of the store while it lives."""

    def __init__(self, store: StorePaths, database: Database) -> None:
        self.store = store
        self.database = database
        self._parts = self._known_parts()
        self._number_writer: JournalWriter | None = None
        self._number_lock: ProcessLock | None = None

    def run_pass(self) -> int:
        """Read what is new, mark what died, seal what is closed; returns how many journals had something new."""
        changed = 0
        while count := self._read_batch():
            changed += count
        changed += self._bury_the_dead()
        self._seal_closed()
        return changed

    def has_living_writers(self) -> bool:
        """Whether some journal is still being written."""
        return any(not part.closed and name.subject != PROJECT_SUBJECT for name, part in self._parts.items())

    def rebuild(self) -> None:
        """Make the index anew, in one transaction: readers see the old one until it is done."""
        with self.database.write() as connection:
            index.empty_index(connection)
            for batch in self._everything():
                project(connection, batch)
        self._parts = self._known_parts()

    def close(self) -> None:
        """Close the numbering journal, if one was begun."""
        if self._number_writer is not None and self._number_lock is not None:
            self._number_writer.append(WriterClosed(now()))
            self._number_writer.close()
            self._number_lock.release(remove=True)
            self._number_writer = None

    # Reading

    def _read_batch(self) -> int:
        readings: list[Reading] = []
        # The project's own journal first: the numbers in it must be known before new ones are given out.
        for name, path in sorted(
            self.store.list_journals(), key=lambda item: item[0].subject != PROJECT_SUBJECT
        ):
            if (reading := self._read_part(name, path)) is not None:
                readings.append(reading)
                if sum(r.position - self._parts[r.name].position for r in readings) > BATCH_BYTES:
                    break
        if not readings:
            return 0
        readings += self._number_new_runs(readings)
        with self.database.write() as connection:
            project(connection, readings)
        for reading in readings:
            self._parts[reading.name] = Part(reading.position, reading.role, reading.closed, reading.sealed)
        return len(readings)

    def _read_part(self, name: PartName, path: Path) -> Reading | None:
        part = self._parts.setdefault(name, Part())
        if part.sealed:
            self._take_journal_away(name)  # the ingester ended between sealing and taking the journal away
            return None
        try:
            if path.stat().st_size <= part.position:
                return None
            entries = list(read_entries(path, part.position))
        except FileNotFoundError:
            return None
        if entries and isinstance(entries[-1], Damage) and self._is_being_written(name):
            entries.pop()  # perhaps half visible; the next pass tells
        records: list[Record] = []
        damages: list[tuple[int, int, str]] = []
        position, role, closed = part.position, part.role, part.closed
        for entry in entries:
            if isinstance(entry, Damage):
                damages.append((entry.position, entry.end, entry.reason))
            else:
                records.append(entry.record)
            position = entry.end
        for record in records:
            if isinstance(record, WriterOpened):
                role = record.role
            closed = closed or isinstance(record, WriterClosed)
        if position == part.position:
            return None
        return Reading(name, separate(records), position, role, closed, False, damages)

    def _number_new_runs(self, readings: list[Reading]) -> list[Reading]:
        """Give numbers to runs that have none, by a record of the project's own journal: a rebuild keeps them."""
        started = sorted(
            (record.at, reading.name.subject)
            for reading in readings
            for record in reading.content.records
            if isinstance(record, RunStarted)
        )
        fresh = {rec.run_id: rec.number for reading in readings for rec in reading.content.records
                 if isinstance(rec, RunNumbered)}  # fmt: skip
        with self.database.read() as connection:
            known = index.numbered(connection, (run_id for _, run_id in started))
            highest = index.highest_number(connection)
        highest = max([highest, *fresh.values()])
        unnumbered = [run_id for _, run_id in started if run_id not in known and run_id not in fresh]
        if not unnumbered:
            return []
        writer = self._numbers()
        for number, run_id in enumerate(dict.fromkeys(unnumbered), start=highest + 1):
            writer.append(RunNumbered(now(), run_id, number))
        name = PartName(PROJECT_SUBJECT, writer.writer, writer.part)
        reading = self._read_part(name, self.store.journal(name))
        return [reading] if reading is not None else []

    def _numbers(self) -> JournalWriter:
        if self._number_writer is None:
            writer = new_id()
            (self.store.journals / PROJECT_SUBJECT).mkdir(parents=True, exist_ok=True)
            self._number_lock = ProcessLock(self.store.lock(PROJECT_SUBJECT, writer))
            self._number_lock.acquire()
            self._number_writer = JournalWriter(self.store, PROJECT_SUBJECT, writer)
        return self._number_writer

    def _known_parts(self) -> dict[PartName, Part]:
        # Of sealed ones only those matter whose journal is still there.
        subjects = {name.subject for name, _ in self.store.list_journals()}
        with self.database.read() as connection:
            return index.open_parts(connection, subjects)

    # The dead

    def _bury_the_dead(self) -> int:
        dead: dict[PartName, Part] = {}
        for name, part in self._parts.items():
            if part.closed or part.sealed or self._is_being_written(name):
                continue
            dead[name] = part
        if not dead:
            return 0
        if read := self._read_batch():  # what was written just before the death comes first
            return read
        for name in dead:
            self._mark_closed(name)
            if self._was_last_part(name):
                self.store.lock(name.subject, name.writer).unlink(missing_ok=True)
        for name, part in dead.items():
            if part.role == "owner" and self._was_last_part(name):
                self._end_killed_run(name.subject)
        return len(dead)

    def _is_being_written(self, name: PartName) -> bool:
        if not self._was_last_part(name):
            return False
        return is_held(self.store.lock(name.subject, name.writer))

    def _was_last_part(self, name: PartName) -> bool:
        return not self.store.journal(name._replace(part=name.part + 1)).exists()

    def _mark_closed(self, name: PartName) -> None:
        part = self._parts[name]
        part.closed = True
        with contextlib.suppress(FileNotFoundError):
            part.position = max(part.position, self.store.journal(name).stat().st_size)
        with self.database.write() as connection:
            index.mark_closed(connection, name, part.position)

    def _end_killed_run(self, run_id: str) -> None:
        with self.database.read() as connection:
            state = index.run_state(connection, run_id)
        if state is None or state.status != "running" or self._has_other_owner(run_id):
            return
        # The verdict is a record like any other, so that an index made anew says the same.
        verdict = RunRecorder.join(self.store, run_id, role="editor")
        verdict.append(RunEnded(state.last_at, "killed", None, "The process ended without a word."))
        verdict.close()

    def _has_other_owner(self, run_id: str) -> bool:
        return any(
            name.subject == run_id and part.role == "owner" and not part.closed
            for name, part in self._parts.items()
        )

    # Sealing

    def _seal_closed(self) -> None:
        closed = [name for name, part in self._parts.items() if part.closed and not part.sealed]
        for start in range(0, len(closed), SEAL_AT_ONCE):
            sealed = [name for name in closed[start : start + SEAL_AT_ONCE] if self._seal(name)]
            with self.database.write() as connection:
                index.mark_sealed(connection, sealed)
            for name in sealed:
                self._take_journal_away(name)
                self._parts.pop(name)

    def _seal(self, name: PartName) -> bool:
        path = self.store.journal(name)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return self.store.segment(name).exists()
        entries = list(scan(data))
        content = separate(entry.record for entry in entries if isinstance(entry, Entry))
        content.unread = [
            Unread(lost.position, data[lost.position : lost.end], lost.reason)
            for lost in entries
            if isinstance(lost, Damage)
        ]
        write_segment(self.store.segment(name), content)
        return True

    def _take_journal_away(self, name: PartName) -> None:
        path = self.store.journal(name)
        path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # others still write there
            path.parent.rmdir()

    def _everything(self) -> Iterator[list[Reading]]:
        segments = dict(self.store.list_segments())
        batch: list[Reading] = []
        for name, path in segments.items():
            content = read_segment(path)
            damages = [
                (lost.position, lost.position + len(lost.data), lost.reason) for lost in content.unread
            ]
            batch.append(Reading(name, content, path.stat().st_size, _role_of(content), True, True, damages))
            if len(batch) >= SEAL_AT_ONCE:
                yield batch
                batch = []
        self._parts = {name: Part(closed=True, sealed=True) for name in segments}
        for name, path in self.store.list_journals():
            if name not in segments and (reading := self._read_part(name, path)) is not None:
                batch.append(reading)
        if batch:
            yield batch


def catch_up(store: StorePaths, database: Database, *, inline: bool = True, timeout: float = 10.0) -> bool:
    """Wait until everything that the journals hold now is in the index; False if it took too long.

    When no ingester runs, the pass is made here (`inline`), or one is started.
    """
    deadline = time.monotonic() + timeout
    waiting = _journal_sizes(store)  # as of now: what busy writers add meanwhile is not waited for
    while not _is_caught_up(database, waiting):
        if inline and _pass_here(store, database):
            continue
        if not inline:
            ensure_ingester(store)
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def rebuild(store: StorePaths, timeout: float = 60.0) -> Database:
    """Make the index of a store anew and return it.

    A running ingester is waited for. Raises StoreError if it doesn't end within `timeout` seconds.
    """
    with _holding(store, timeout):
        try:
            database = Database(store)
        except StoreError:
            for suffix in ("", "-wal", "-shm"):
                store.index.with_name(store.index.name + suffix).unlink(missing_ok=True)
            database = Database(store)
        ingester = Ingester(store, database)
        ingester.rebuild()
        ingester.run_pass()
        ingester.close()
    return database


def serve(store: StorePaths, idle_seconds: float = IDLE_SECONDS) -> None:
    """Ingest until nothing was written for `idle_seconds` and no writer lives. Ends at once if another one runs."""
    lock = ProcessLock(store.ingester_lock)
    if not lock.acquire(timeout=2.0):
        return
    if hasattr(os, "nice"):
        os.nice(10)  # the user's work comes first
    database = Database(store)
    ingester = Ingester(store, database)
    quiet_since = time.monotonic()
    try:
        while store.root.exists():
            if ingester.run_pass() or ingester.has_living_writers():
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > idle_seconds:
                break
            if (store.root / _YIELD).exists():
                break
            time.sleep(POLL_SECONDS)
    finally:
        while ingester.run_pass():
            ingester.close()
        ingester.close()
        database.close()
        lock.release()


_YIELD = "ingester.yield"


@contextlib.contextmanager
def _holding(store: StorePaths, timeout: float) -> Iterator[None]:
    """Hold the ingester's lock; a running ingester is asked to give it up."""
    lock = ProcessLock(store.ingester_lock)
    request = store.root / _YIELD
    request.touch()
    try:
        if not lock.acquire(timeout=timeout):
            raise StoreError(store.root, "its ingester does not give up the index")
    finally:
        request.unlink(missing_ok=True)
    try:
        yield
    finally:
        lock.release()


def _pass_here(store: StorePaths, database: Database) -> bool:
    lock = ProcessLock(store.ingester_lock)
    if not lock.acquire():
        return False
    ingester = Ingester(store, database)
    try:
        while ingester.run_pass():
            ingester.close()
    finally:
        ingester.close()
        lock.release()
    return True


def _journal_sizes(store: StorePaths) -> dict[PartName, int]:
    sizes: dict[PartName, int] = {}
    for name, path in store.list_journals():
        with contextlib.suppress(FileNotFoundError):
            sizes[name] = path.stat().st_size
    return sizes


def _is_caught_up(database: Database, waiting: dict[PartName, int]) -> bool:
    if not waiting:
        return True
    with database.read() as connection:
        positions = index.positions(connection, {name.subject for name in waiting})
    return all(positions.get(name, 0) >= size for name, size in waiting.items())


def _role_of(content: PartContent) -> str | None:
    return next((record.role for record in content.records if isinstance(record, WriterOpened)), None)


if __name__ == "__main__":
    serve(StorePaths(Path(sys.argv[1])).check())
