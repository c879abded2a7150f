"""Ingestion: what one pass over a store's journals does. It projects what is new, notices processes that died, and
seals closed journals into segments. The process that makes pass after pass is in ingest.py.
"""

import contextlib
import shutil
import time
from collections.abc import Iterator

from trackbook.domain.attempt import NOT_A_WORD
from trackbook.domain.records import (
    Record,
    RunDeleted,
    RunEnded,
    RunNumbered,
    RunStarted,
)
from trackbook.domain.run import Fork
from trackbook.errors import StoreError
from trackbook.services.adoption import strange_segments
from trackbook.services.heartbeat import Heartbeats, is_elsewhere
from trackbook.services.lastwords import read_last_words
from trackbook.services.numbering import Numbering
from trackbook.services.partreading import PartReader, numbers_first
from trackbook.services.presence import Presence
from trackbook.services.recorder import RunRecorder
from trackbook.store import parts as index
from trackbook.store.batch import Reading, revision_of
from trackbook.store.database import Connection
from trackbook.store.deletion import read_deleted
from trackbook.store.history import shared_points
from trackbook.store.journal import host_of
from trackbook.store.locks import holder, is_held, os_host
from trackbook.store.parts import Part
from trackbook.store.paths import PROJECT_SUBJECT, PartName
from trackbook.store.piecewise import is_about_a_record, project_pieces
from trackbook.store.place import Place
from trackbook.store.projector import project
from trackbook.store.receiving import no_receiving
from trackbook.store.segments import Columns, SeriesKey
from trackbook.store.server_presence import has_open_owner, note_living
from trackbook.store.writers import is_being_written, is_last_part

BATCH_BYTES = 16 * 1024 * 1024
ADOPTION_SECONDS = 5.0
ABANDONED_SECONDS = 7 * 24 * 3600.0
SEAL_AT_ONCE = 200
SEAL_SECONDS = 1.0
_LAST_PASSES = 5


class Ingester:
    """Reads one store's journals into its index. Holds the ingester's lock of the store while it lives."""

    def __init__(self, place: Place, heartbeats: Heartbeats | None = None) -> None:
        self.place = place
        self.store, self.database = place.paths, place.database
        self._reader = PartReader(place)
        self._heartbeats = heartbeats or Heartbeats(place.paths)
        self._opened = place.database.opened
        self._parts = self._known_parts()
        self._is_filled = False
        self._seal_next = 0.0
        self._numbering = Numbering(place.paths)
        self._presence = Presence(place)
        self._next_adoption = 0.0
        self._deleted = self._known_deleted()
        self._to_clear = set(self._deleted)

    def run_pass(self) -> int:
        """Read what is new, mark what died, seal what is closed; returns how many journals had something new.

        An index that was deleted is made anew first. Raises StoreError when the index can't be used, or was deleted
        just now; another ingester can then take up where this one was.
        """
        changed = self._read_what_was_sealed() + self._read_all() + self._bury_the_dead()
        changed += self._miss_the_silent() + self._adopt()
        self._clear_deleted()
        if time.monotonic() >= self._seal_next:
            changed += self._seal_closed()
        self._presence.look(name for name, part in self._parts.items() if not part.closed)
        return changed

    def finish(self) -> None:
        """Make passes until verdicts on the dead and new numbers are read, too, and close what is open."""
        for _ in range(_LAST_PASSES):
            self._seal_next = 0.0
            changed = self.run_pass()
            self._numbering.close()
            if not changed:
                break

    def has_living_writers(self) -> bool:
        """Whether some journal is still being written."""
        return any(
            not part.closed
            and name.subject != PROJECT_SUBJECT
            and name not in self._reader.unreadable
            and not self._heartbeats.is_silent(name)
            for name, part in self._parts.items()
        )

    def hears_others(self) -> bool:
        """Whether a process on another host writes, which only somebody who stays can find lost."""
        return any(not part.closed and is_elsewhere(self.store, name) for name, part in self._parts.items())

    def rebuild(self) -> None:
        """Make the index anew, in one transaction: readers see the old one until it is done."""
        with self._write() as connection:
            index.empty_index(connection, keep_numbers=self.place.shared)
            self._parts = {}
            for batch in self._reader.everything(SEAL_AT_ONCE):
                self._store(connection, batch)
        self._parts = self._known_parts()
        self._deleted = self._known_deleted()
        self._to_clear = set(self._deleted)

    def close(self) -> None:
        """Close what is open, when a pass failed."""
        with contextlib.suppress(OSError):
            self._numbering.close()

    # Reading

    def _read_what_was_sealed(self) -> int:
        if self._is_filled and self.database.is_present:
            return 0
        with self.database.read() as connection:
            if not is_unread(self.place, connection):
                self._is_filled = not self.place.shared and revision_of(connection) > 0
                return 0
        self.rebuild()
        return 1

    @contextlib.contextmanager
    def _write(self, *, durable: bool = False) -> Iterator[Connection]:
        with self.database.write(durable=durable) as connection:
            if self.database.opened != self._opened:
                # What is known here of positions is not what this index holds.
                raise StoreError(self.store.root, "its index was replaced while it was read")
            yield connection

    def _read_all(self) -> int:
        changed, more = 0, True
        while more:  # what a busy writer adds meanwhile is for the next pass
            readings, more = self._gather()
            if readings:
                self._project(readings)
            changed += len(readings)
        return changed

    def _project(self, readings: list[Reading]) -> None:
        if not self.place.blobs.may_lag:
            self.place.blobs.deliver()
        with self._write() as connection:
            self.place.parts.keep(connection, readings)
            readings = self._store(connection, readings)
            if self.place.shared:
                note_living(connection, (one.name for one in readings if not one.closed), os_host())
        for reading in readings:
            self._parts[reading.name] = Part(reading.position, reading.role, reading.closed, reading.sealed)
        self._note_deleted(readings)

    def _store(self, connection: Connection, readings: list[Reading]) -> list[Reading]:
        """Store readings and the numbers of new runs; one that the index can't take holds up no other."""
        try:
            with self.database.attempt(connection):
                numbered = readings + self._number_new_runs(connection, readings)
                project(connection, numbered, self._history)
            return numbered + self._number_the_rest(connection)
        except Exception as error:
            if not is_about_a_record(error):
                raise
        if len(readings) > 1:
            return [stored for reading in readings for stored in self._store(connection, [reading])]
        for reading in readings:
            project_pieces(self.database, connection, reading, self._history)
        return readings + self._number_the_rest(connection)

    def _number_the_rest(self, connection: Connection) -> list[Reading]:
        # Two may claim one number, after ingesters that could not see each other: the second gets another.
        if late := self._number_new_runs(connection, []):
            project(connection, late)
        return late

    def _gather(self) -> tuple[list[Reading], bool]:
        """Read journals, as much as fits a batch; tells whether there may be more."""
        readings: list[Reading] = []
        size = 0
        for name in numbers_first(name for name, _ in self.store.list_journals()):
            if (reading := self._read_part(name)) is not None:
                readings.append(reading)
                size += reading.position - self._parts[name].position
                if size > BATCH_BYTES:
                    return readings, True
        return readings, False

    def _read_part(self, name: PartName) -> Reading | None:
        return self._reader.read_new(name, self._parts.setdefault(name, Part()))

    def _number_new_runs(self, connection: Connection, readings: list[Reading]) -> list[Reading]:
        records = [
            (reading.name.subject, record) for reading in readings for record in reading.content.records
        ]
        begun = [(record.at, run_id) for run_id, record in records if isinstance(record, RunStarted)]
        started = sorted(begun + index.unnumbered(connection))
        fresh = {record.run_id: record.number for _, record in records if isinstance(record, RunNumbered)}
        run_ids = [run_id for _, run_id in started if run_id not in fresh]
        known = index.numbered(connection, run_ids)
        run_ids = [run_id for run_id in dict.fromkeys(run_ids) if run_id not in known]
        if self.place.shared:
            index.give_numbers(connection, run_ids)
            return []
        taken = [index.highest_number(connection), *fresh.values()]
        name = self._numbering.give(run_ids, taken)
        reading = self._read_part(name) if name is not None else None
        return [reading] if reading is not None else []

    def _history(self, fork: Fork) -> dict[SeriesKey, Columns]:
        return shared_points(self.place.parts, fork)

    def _known_parts(self) -> dict[PartName, Part]:
        # Only those matter whose journal is here and still there.
        names = [name for name, _ in self.store.list_journals()]
        with self.database.read() as connection:
            known = index.open_parts(connection, {name.subject for name in names})
        return {name: known.get(name, Part()) for name in names}

    # The dead

    def _bury_the_dead(self) -> int:
        silent = [
            name
            for name, part in self._parts.items()
            if not part.closed
            and not part.sealed
            and name not in self._reader.unreadable
            and not is_being_written(self.store, name)
        ]
        if not silent:
            return 0
        changed = self._read_all()  # what they wrote last comes first; some only closed their journal
        dead = [name for name in silent if not self._parts[name].closed]
        for name in dead:
            if is_last_part(self.store, name):
                self._pass_verdict(name, dead)
        with no_receiving(self.store):
            # Of a served store's journals some go on after all: their sender was only out of reach.
            dead = [name for name in dead if not is_being_written(self.store, name)]
            changed += self._read_all()
            for name in dead:
                self._mark_closed(name)
        for name in dead:
            if is_last_part(self.store, name):
                self.store.lock(name.subject, name.writer).unlink(missing_ok=True)
        return changed + len(dead)

    def _mark_closed(self, name: PartName) -> None:
        part = self._parts[name]
        position = part.position
        with contextlib.suppress(FileNotFoundError):
            position = max(position, self.store.journal(name).stat().st_size)
        with self._write() as connection:
            index.mark_closed(connection, name, position)
        part.closed, part.position = True, position

    def _pass_verdict(self, name: PartName, dead: list[PartName]) -> None:
        words = read_last_words(self.store.lock(name.subject, name.writer))
        records: list[Record] = [words.lost] if words.lost is not None else []
        if self._parts[name].role == "owner":
            with self.database.read() as connection:
                state = index.run_state(connection, name.subject)
            goes_on = state is not None and state.status in ("running", "lost")
            if state is not None and goes_on and not self._has_living_owner(name.subject, dead):
                records.append(words.ended or RunEnded(state.last_at, "killed", None, NOT_A_WORD))
        self._give_verdict(name.subject, records)

    def _give_verdict(self, run_id: str, verdict: list[Record]) -> None:
        # These are records like any others, so that an index made anew says the same.
        if not verdict:
            return
        writer = RunRecorder.join(self.store, run_id, role="editor")
        try:
            for record in verdict:
                writer.append(record)
        finally:
            writer.close()

    def _miss_the_silent(self) -> int:
        """Vouch for the writers of this host, and mark runs of other hosts of which nothing is heard as lost."""
        written = [
            name
            for name, part in self._parts.items()
            if not part.closed and not part.sealed and part.role == "owner" and is_last_part(self.store, name)
        ]
        self._heartbeats.vouch(written)
        silent = self._heartbeats.listen(written)
        for name in silent:
            with self.database.read() as connection:
                state = index.run_state(connection, name.subject)
            if state is None or state.status != "running" or self._has_living_owner(name.subject, silent):
                continue
            host = holder(self.store.lock(name.subject, name.writer))[1]
            reason = f"Nothing was heard of {host} for {self._heartbeats.lost_after:.0f} seconds."
            self._give_verdict(name.subject, [RunEnded(state.last_at, "lost", None, reason)])
        return self._read_all() if silent else 0

    def _has_living_owner(self, run_id: str, dead: list[PartName]) -> bool:
        if self.place.shared:
            with self.database.read() as connection:
                return has_open_owner(connection, run_id, dead)
        return any(
            name.subject == run_id and part.role == "owner" and not part.closed and name not in dead
            for name, part in self._parts.items()
        )

    # Other machines

    def _adopt(self) -> int:
        """Read the runs anew whose journals another machine sealed; how far they were read as journals says nothing."""
        if self.store.local is None or self.place.shared:
            return 0
        vanished = any(not self.store.journal(name).exists() for name in self._parts)
        if not vanished and time.monotonic() < self._next_adoption:
            return 0
        self._next_adoption = time.monotonic() + ADOPTION_SECONDS
        subjects = sorted({name.subject for name in strange_segments(self.place)})
        for subject in subjects:
            with self._write() as connection:
                index.forget_subject(connection, subject)
                self._store(connection, list(self._reader.of_subject(subject)))
        if subjects:
            self._parts = self._known_parts()
        return len(subjects)

    # The deleted

    def _known_deleted(self) -> set[str]:
        with self.database.read() as connection:
            return read_deleted(connection)

    def _note_deleted(self, readings: list[Reading]) -> None:
        """Note whose files are to go: those of what is deleted now, and what late writers said of it before."""
        for reading in readings:
            for record in reading.content.records:
                if isinstance(record, RunDeleted):
                    gone = {record.run_id} | ({record.job_id} if record.job_id else set())
                    self._deleted |= gone
                    self._to_clear |= gone
            if reading.name.subject in self._deleted:
                self._to_clear.add(reading.name.subject)

    def _clear_deleted(self) -> None:
        # An edit may be being written at this moment; a later pass finds it closed.
        clear = {subject for subject in self._to_clear if not self._is_being_written(subject)}
        if not clear:
            return
        self.place.parts.delete(clear)
        for subject in clear:
            shutil.rmtree(self.store.job_folder(subject), ignore_errors=True)
        self._parts = {name: part for name, part in self._parts.items() if name.subject not in clear}
        self._to_clear -= clear

    def _is_being_written(self, subject: str) -> bool:
        return any(is_held(path) for path in (self.store.journals / subject).glob("*.lock"))

    # Sealing

    def _may_seal(self, name: PartName) -> bool:
        """Whether this machine is the one to seal a journal: it wrote it, or who did has been away for long."""
        if self.store.local is None:
            return True
        try:
            age = time.time() - self.store.journal(name).stat().st_mtime
        except FileNotFoundError:
            return False
        return age > ABANDONED_SECONDS or host_of(self.store.journal(name)) in (os_host(), None)

    def _seal_closed(self) -> int:
        changed = 0
        # Not at once: while the disk is waited for, whoever opens a run waits, too.
        self._seal_next = time.monotonic() + SEAL_SECONDS
        closed = [
            name
            for name, part in self._parts.items()
            if part.closed and not part.sealed and self._may_seal(name)
        ]
        for start in range(0, len(closed), SEAL_AT_ONCE):
            sealed = self.place.parts.seal(closed[start : start + SEAL_AT_ONCE])
            with self._write(durable=True) as connection:
                self.place.parts.keep_segments(connection, sealed)
                index.mark_sealed(connection, sealed)
            for name in sealed:
                self.place.parts.drop(name)
                self._parts.pop(name)
            changed += self._read_all()  # who waits for what was written meanwhile does not wait for the rest
        return changed


def is_unread(place: Place, connection: Connection) -> bool:
    """Whether the index of a folder is new, while segments hold what it should know."""
    return (
        not place.shared and revision_of(connection) == 0 and next(place.parts.segments(), None) is not None
    )
