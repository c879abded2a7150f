"""The forwarder: the one process of a spool that sends its journals and blobs to the server of the store.

Run as `python -m trackbook.services.forward SPOOL`. It needs nothing beyond the light install. How far a journal was
sent is for the server to say, so that nothing is sent twice, whatever is killed when. What the server has as a whole
is removed from the spool.
"""

import contextlib
import os
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from trackbook.config import Settings
from trackbook.domain.clock import now
from trackbook.domain.ids import is_id
from trackbook.domain.records import Record, SnapshotTaken, WriterClosed
from trackbook.domain.references import digests_in_manifest, digests_of
from trackbook.errors import (
    AccessDenied,
    CorruptRecord,
    InfrastructureError,
    JournalConflict,
    NotFound,
    StoreUnreachable,
    TrackbookError,
)
from trackbook.services.remote.connection import Connection
from trackbook.services.remote.course import Course
from trackbook.services.remote.status import WAKE, ForwardStatus, State, key_of, read_status, write_status
from trackbook.services.settling import settle
from trackbook.store.blobs import BlobStore
from trackbook.store.journal import Damage, Entry, is_frame, scan
from trackbook.store.locks import ProcessLock, is_held
from trackbook.store.paths import PartName, StorePaths
from trackbook.store.writers import is_being_written, is_last_part

BATCH_BYTES = 4 * 1024 * 1024
POLL_SECONDS = 0.1
HEARTBEAT_SECONDS = 15.0
IDLE_SECONDS = 20.0
# A server that stays away so long is not asked again until somebody writes, reads, or calls `trackbook sync`.
AWAY_SECONDS = 900.0
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
SECONDS_BETWEEN_NOTES = 0.5
# Content that nobody named by then never will be: its writer died between the two.
FORGOTTEN_SECONDS = 3600.0
_ASKED_AT_ONCE = 500
_MOST_KNOWN = 100_000
YIELD = "ingester.yield"


class _State(msgspec.Struct):
    size: int
    closed: bool


class _States(msgspec.Struct):
    journals: list[_State]


class _Size(msgspec.Struct):
    size: int


class _Missing(msgspec.Struct):
    missing: list[str]


class Forwarder:
    """Sends one spool to its server. Holds the ingester's lock of the spool while it lives."""

    def __init__(self, store: StorePaths, connection: Connection) -> None:
        self.store = store
        self.connection = connection
        self._blobs = BlobStore(store.blobs)
        self._courses: dict[PartName, Course] = {}
        self._there: set[str] = set()  # blobs that the server is known to have
        self._stopped: dict[PartName, str] = {}
        self._next_heartbeat = 0.0

    @property
    def status(self) -> ForwardStatus:
        """How far everything is."""
        sent = {key_of(name): course.sent for name, course in self._courses.items()}
        return ForwardStatus(
            "sending", sent=sent, stopped={key_of(n): why for n, why in self._stopped.items()}
        )

    def run_pass(self) -> bool:
        """Send what is new, and remove what has arrived as a whole; tells whether there was anything to do.

        Raises AccessDenied where the server takes no token, or not this one; InfrastructureError where it doesn't
        answer, or can't do what it should.
        """
        try:
            return self._send_all()
        except InfrastructureError:
            self.forget()  # whether the last request arrived is for the server to say
            raise

    def has_living_writers(self) -> bool:
        """Whether some journal is still being written."""
        return any(is_held(self.store.lock(*writer)) for writer in self._writers())

    def forget(self) -> None:
        """Forget how far everything is."""
        self._courses.clear()
        self._there.clear()

    def sweep(self) -> None:
        """Remove content that nothing names, once no journal waits."""
        if next(self.store.list_journals(), None) is not None:
            return
        for path in self.store.blobs.rglob("*"):
            with contextlib.suppress(OSError):
                if path.is_file() and time.time() - path.stat().st_mtime > FORGOTTEN_SECONDS:
                    path.unlink()

    # Sending

    def _send_all(self) -> bool:
        names = [name for name, _ in self.store.list_journals() if is_id(name.subject)]
        for name in set(self._courses) - set(names):
            del self._courses[name]
        self._ask([name for name in names if name not in self._courses and name not in self._stopped])
        self._beat()
        busy = False
        unfinished: set[tuple[str, str]] = set()
        for name in names:
            writer = (name.subject, name.writer)
            # The parts of a writer in their order: the next one says that the one before is complete.
            if writer in unfinished or name in self._stopped or name not in self._courses:
                continue
            sent, finished = self._send_one(self._courses[name])
            busy = busy or sent
            if not finished:
                unfinished.add(writer)
        return busy

    def _send_one(self, course: Course) -> tuple[bool, bool]:
        """Send what is new of a journal; tells whether anything was, and whether that was all there ever will be."""
        name, path = course.name, self.store.journal(course.name)
        busy = False
        try:
            while True:
                alive = is_being_written(
                    self.store, name
                )  # first: what is read afterwards is all of a dead one's
                size = path.stat().st_size
                items = _read_batch(path, course.sent) if size > course.sent else []
                if alive and items and isinstance(items[-1], Damage):
                    items.pop()  # perhaps half visible; the next pass tells
                if not items:
                    break
                self._send_batch(course, path, items)
                busy = True
        except FileNotFoundError:
            self._courses.pop(name, None)
            return busy, True
        except JournalConflict as conflict:
            if conflict.closed or conflict.size < course.place(b"")[0]:
                self._courses.pop(name, None)  # the server knows better how far it is
            else:
                self._stopped[name] = str(conflict)
            return True, False
        except (AccessDenied, InfrastructureError):
            raise
        except TrackbookError as error:
            self._stopped[name] = str(error)
            return busy, False
        if alive:
            return busy, False
        self._finish(name)
        return True, True

    def _send_batch(self, course: Course, path: Path, items: "list[Entry | Damage]") -> None:
        start, end = course.sent, items[-1].end
        with path.open("rb") as file:
            file.seek(start)
            data = file.read(end - start)
        self._send_blobs(item.record for item in items if isinstance(item, Entry))
        damaged = any(
            isinstance(item, Damage) and not is_frame(data, item.position - start, item.end - start)
            for item in items
        )
        position, sent = course.place(data)
        target = course.target
        self.connection.send(
            "POST",
            self.connection.in_project("journals", target.subject, target.writer, str(target.part)),
            {"position": position, "damaged": damaged},
            sent,
        )
        course.sent = end

    def _ask(self, names: list[PartName]) -> None:
        """Ask the server how far it has these journals, each in its last turn."""
        waiting = [Course(name) for name in names]
        while waiting:
            asked, waiting = waiting[:_ASKED_AT_ONCE], waiting[_ASKED_AT_ONCE:]
            wanted = [
                {"subject": t.subject, "writer": t.writer, "part": t.part} for t in (c.target for c in asked)
            ]
            states = self._post(_States, {"journals": wanted}, "journals", "sizes").journals
            for course, state in zip(asked, states, strict=True):
                data = b""
                if state.size or course.turn:
                    with contextlib.suppress(FileNotFoundError):
                        data = self.store.journal(course.name).read_bytes()
                    course.arrived(state.size, data)
                if state.closed and course.next_turn(data):
                    waiting.append(course)
                else:
                    self._courses[course.name] = course

    # Blobs

    def _send_blobs(self, records: Iterable[Record]) -> None:
        """Send the content that records name, unless the server has it: what is read there is then complete."""
        wanted = [digest for digest in dict.fromkeys(self._digests(records)) if digest not in self._there]
        for start in range(0, len(wanted), _ASKED_AT_ONCE):
            some = wanted[start : start + _ASKED_AT_ONCE]
            for digest in self._missing(some):
                self._send_blob(digest)
            self._there.update(some)
        if len(self._there) > _MOST_KNOWN:
            self._there.clear()

    def _send_blob(self, digest: str) -> None:
        path = self._blobs.path(digest)
        try:
            length = path.stat().st_size
            with path.open("rb") as file:
                self.connection.send("PUT", self.connection.in_project("blobs", digest), None, file, length)
        except FileNotFoundError:
            return  # nobody has it; `trackbook doctor` says so where the store is

    def _missing(self, digests: list[str]) -> list[str]:
        return self._post(_Missing, {"digests": digests}, "blobs", "missing").missing if digests else []

    def _digests(self, records: Iterable[Record]) -> Iterator[str]:
        for record in records:
            for digest in digests_of(record):
                yield digest
                if isinstance(record, SnapshotTaken):
                    with contextlib.suppress(NotFound, CorruptRecord):
                        yield from digests_in_manifest(self._blobs.get(digest))

    # What has arrived

    def _finish(self, name: PartName) -> None:
        """Remove a journal that the server has as a whole, and tell it of a writer that ended without a word."""
        path = self.store.journal(name)
        with contextlib.suppress(FileNotFoundError):
            records = [item.record for item in scan(path.read_bytes()) if isinstance(item, Entry)]
            last = is_last_part(self.store, name)
            if last and not (records and isinstance(records[-1], WriterClosed)):
                ended = {"subject": name.subject, "writer": name.writer}
                self._post(_Noted, {"ended": [ended]}, "writers")
            digests = list(dict.fromkeys(self._digests(records)))
            for start in range(0, len(digests), _ASKED_AT_ONCE):
                some = digests[start : start + _ASKED_AT_ONCE]
                for digest in set(some) - set(self._missing(some)):
                    self._blobs.path(digest).unlink(missing_ok=True)
            if last:
                self.store.lock(name.subject, name.writer).unlink(missing_ok=True)
            path.unlink()
        self._courses.pop(name, None)
        with contextlib.suppress(OSError):  # others still write there
            path.parent.rmdir()

    def _beat(self) -> None:
        """Tell the server which writers live, some times a minute."""
        if time.monotonic() < self._next_heartbeat:
            return
        self._next_heartbeat = time.monotonic() + HEARTBEAT_SECONDS
        living = [writer for writer in self._writers() if is_held(self.store.lock(*writer))]
        for start in range(0, len(living), _ASKED_AT_ONCE):
            said = [{"subject": s, "writer": w} for s, w in living[start : start + _ASKED_AT_ONCE]]
            self._post(_Noted, {"living": said}, "writers")

    def _writers(self) -> list[tuple[str, str]]:
        names = (name for name, _ in self.store.list_journals() if is_id(name.subject))
        return list(dict.fromkeys((name.subject, name.writer) for name in names))

    def _post(self, kind: Any, body: Any, *path: str) -> Any:
        return self.connection.ask(kind, "POST", self.connection.in_project(*path), body=body)


class _Noted(msgspec.Struct):
    noted: int


class Reporter:
    """Writes the status of a forwarder, not more often than is of use."""

    def __init__(self, store: StorePaths) -> None:
        self._store = store
        self._last: ForwardStatus | None = None
        self._next = 0.0
        before = read_status(store)
        self._since = before.since if before is not None and before.state != "sending" else None

    def sending(self, status: ForwardStatus) -> None:
        """Say that all goes well."""
        self._since = None
        if status != self._last and time.monotonic() >= self._next:
            self._write(status)

    def stopped(self, state: State, error: Exception, status: ForwardStatus) -> None:
        """Say what stands in the way, and since when. What was sent before is remembered."""
        self._since = self._since or now()
        before = read_status(self._store)
        sent = {**(before.sent if before is not None else {}), **status.sent}
        reason = getattr(error, "reason", None) or str(error)
        if isinstance(error, StoreUnreachable):  # without the comfort that goes with it
            reason = f"its server does not answer ({error.because})"
        self._write(ForwardStatus(state, reason, self._since, sent, status.stopped))

    def _write(self, status: ForwardStatus) -> None:
        self._last, self._next = status, time.monotonic() + SECONDS_BETWEEN_NOTES
        write_status(self._store, status)


def forward(store: StorePaths, connection: Connection, idle_seconds: float = IDLE_SECONDS) -> None:
    """Send until nothing is left, nothing was written for `idle_seconds` and no writer lives.

    Ends at once if another process does it, or when the server takes no token; after a quarter of an hour when it stays
    away and nobody writes.
    """
    lock = ProcessLock(store.ingester_lock)
    if not lock.acquire(timeout=2.0):
        return
    if hasattr(os, "nice"):
        os.nice(10)  # the user's work comes first
    forwarder, reporter = Forwarder(store, connection), Reporter(store)
    quiet_since = reached = time.monotonic()
    pause = FIRST_PAUSE
    try:
        while store.root.exists() and not (store.root / YIELD).exists():
            try:
                busy = forwarder.run_pass()
            except AccessDenied as error:
                reporter.stopped("refused", error, forwarder.status)
                return
            except (InfrastructureError, OSError) as error:
                reporter.stopped("away", error, forwarder.status)
                if time.monotonic() - reached > AWAY_SECONDS and not forwarder.has_living_writers():
                    return
                _wait(pause, store)
                pause = min(LONGEST_PAUSE, 2 * pause)
                continue
            reached, pause = time.monotonic(), FIRST_PAUSE
            reporter.sending(forwarder.status)
            if busy or forwarder.has_living_writers():
                quiet_since = time.monotonic()
            elif time.monotonic() - quiet_since > idle_seconds:
                break
            time.sleep(POLL_SECONDS)
        forwarder.sweep()
    finally:
        connection.close()
        lock.release()


def _wait(seconds: float, store: StorePaths) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (store.root / WAKE).exists() or (store.root / YIELD).exists():
            (store.root / WAKE).unlink(missing_ok=True)
            return
        time.sleep(POLL_SECONDS)


def _read_batch(path: Path, start: int) -> "list[Entry | Damage]":
    """Return the records from byte `start` on that make up a batch, one at least if there is one."""
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(BATCH_BYTES)
        items = list(scan(data, start))
        if len(data) == BATCH_BYTES and (not items or isinstance(items[-1], Damage)):
            data += file.read()  # a record longer than a batch, or one cut in two
            items = list(scan(data, start))
    return _cut(items, start + BATCH_BYTES)


def _cut(items: "list[Entry | Damage]", limit: int) -> "list[Entry | Damage]":
    # Never right behind damage: the server takes it only together with a record.
    end = next((at for at, item in enumerate(items) if item.end > limit and at > 0), len(items))
    while 0 < end < len(items) and isinstance(items[end - 1], Damage):
        end += 1
    return items[:end]


if __name__ == "__main__":
    spool = settle(StorePaths(Path(sys.argv[1])).check())
    forward(spool, Connection(spool.remote or "", Settings.load().token))
