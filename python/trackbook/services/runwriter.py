"""The writer of a run's records in this process: one append to a local journal each, whatever the disk does.

In a forked child the same object goes on as a writer of its own. A full disk does not raise into the user's work: it
warns once, and what was not stored is counted (see mending.py).
"""

import contextlib
import os
import threading
import time
import weakref
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from trackbook.config import CAPTURES
from trackbook.domain import records
from trackbook.domain.clock import now
from trackbook.domain.ids import new_id
from trackbook.domain.records import Record, WriterRole
from trackbook.domain.secret import MaskedSecret
from trackbook.errors import StoreError, UsageError
from trackbook.services.capturing.switches import is_wanted
from trackbook.services.masking import Masker
from trackbook.services.mending import MendingWriter
from trackbook.services.warning import warn, warn_without_line
from trackbook.store.blobs import BlobStore, digest_of
from trackbook.store.journal import JournalWriter, opening_record
from trackbook.store.locks import ProcessLock, boot_id, os_host, process_started
from trackbook.store.paths import PartName, StorePaths
from trackbook.version import version

# Of one content, in bytes; with what one cell prints and the text of a table it is done.
MOST_IN_JOURNAL = 16 * 1024


class RunWriter:
    """Appends records to one run from this process. Safe to use from several threads.

    In a forked child the same object goes on as a writer of its own, whose death does not end the run. Where
    `must_write` is false, a journal that can't be opened raises nothing: it is tried again as the run goes on.
    """

    def __init__(
        self,
        store: StorePaths,
        run_id: str,
        experiment: str,
        name: str,
        role: WriterRole,
        must_write: bool = True,
        capture: frozenset[str] = CAPTURES,
    ) -> None:
        self.store = store
        self.run_id = run_id
        self.experiment = experiment
        self.name = name
        self.role: WriterRole = role
        self.blobs = BlobStore(store.blobs)
        self.is_open = True
        self.capture = capture
        self.failed_appends = 0
        self.told_of_secrets = False
        # Whether a little content goes into the journal; None until it is asked.
        self.keeps_content: bool | None = None
        self._kept: set[str] = set()
        self._fork_lock = threading.RLock()
        self._mend_lock = threading.RLock()
        self._forked = False
        self._in_child = False
        self._warned = False
        self._lock: ProcessLock | None = None
        self._writer: JournalWriter | MendingWriter
        try:
            self._writer = self._open_writer()
        except OSError as error:
            if must_write:
                raise StoreError(store.root, f"it can't be written ({error.strerror or error})") from error
            self._writer = self._mending(None)
            self._warn_once("anything", error)
        _writers.add(self)

    def captures(self, name: str) -> bool:
        """Tell whether this kind of thing is recorded of the run at this moment."""
        return is_wanted(name, self.capture)

    @contextlib.contextmanager
    def masking(self) -> Iterator[Masker]:
        """Mask secrets in what is stored next; what was masked is recorded behind the block, and said once a run."""
        masker = Masker(self.captures("secrets"))
        yield masker
        self.secrets_masked(masker.found)

    def append(self, record: Record) -> bool:
        """Append one record, and tell whether it is stored. A disk that refuses makes a warning, once, and no error."""
        if self._forked:
            self._become_child()
        if not self.is_open:
            raise self._has_ended()
        try:
            try:
                self._writer.append(record)
            except UnicodeEncodeError:
                self._writer.append(_without_surrogates(record))
        except OSError as error:
            self._refused(record, error)
            return False
        return True

    def store_blob(self, data: bytes) -> str | None:
        """Store bytes that belong to the run by digest; None when the disk refuses (warns once)."""
        try:
            return self.blobs.put_bytes(data)
        except OSError as error:
            self._count_lost(f"{len(data)} bytes", error)
            return None

    def keep_content(self, data: bytes) -> str | None:
        """Store bytes that the next record names, a little of them in the journal itself: on the path of each cell a
        file of its own takes milliseconds while the disk is busy. Returns the digest, None when the disk refuses.
        """
        if self.keeps_content is None:
            # Of a store elsewhere this folder is the spool, and files are what is sent to it.
            self.keeps_content = self.store.remote is None
        if len(data) > MOST_IN_JOURNAL or not self.keeps_content:
            return self.store_blob(data)
        digest = digest_of(data)
        if digest not in self._kept:
            if not self.append(records.ContentKept(now(), data)):
                return None
            self._kept.add(digest)
        return digest

    def has_blob(self, digest: str) -> bool:
        """Tell whether bytes of this digest are stored; if they are, they stay until a record names them."""
        try:
            return self.blobs.keep(digest)
        except OSError:
            return False

    def secret_masked(self, kind: str, place: str, count: int) -> None:
        """Record that something that looks like a secret was masked; never what it was."""
        self.append(records.SecretMasked(now(), kind, place, count))

    def secrets_masked(self, secrets: Sequence[MaskedSecret]) -> None:
        """Record what was masked, and tell the user once a run."""
        for secret in secrets:
            self.secret_masked(secret.kind, secret.place, secret.count)
            self._tell_of_secret(secret.kind, secret.place)

    def close(self) -> None:
        """Stop writing; the run goes on if others write it."""
        if not self.is_open:
            return
        # First of all: no record of another thread may come to stand behind the closing one.
        self.is_open = False
        _writers.discard(self)
        if self._forked:
            return
        told = True
        try:
            self._writer.close(records.WriterClosed(now()))
        except OSError:
            told = self._say_last_words()
        if self._lock is not None:
            self._lock.release(remove=told)

    def _open_writer(self) -> JournalWriter:
        writer = new_id()
        lock = ProcessLock(self.store.lock(self.run_id, writer))
        lock.acquire_in_folder(timeout=5.0)
        try:
            journal = JournalWriter(self.store, self.run_id, writer, on_rotate=lambda: [self._opening()])
            try:
                journal.append(self._opening())
            except OSError:
                journal.close()
                self.store.journal(PartName(self.run_id, writer, 0)).unlink(missing_ok=True)
                raise
        except OSError:
            lock.release(remove=True)
            raise
        self._lock = lock
        return journal

    def _opening(self) -> Record:
        return opening_record(self.role, version(), os_host(), _boot_id(), _started(os.getpid()))

    def _after_fork(self) -> None:
        self._writer.forget()
        self._kept = set()
        if self._lock is not None:
            self._lock.forget()
        self._fork_lock = threading.RLock()
        self._mend_lock = threading.RLock()
        self._forked = self._in_child = True

    def _become_child(self) -> None:
        with self._fork_lock:
            if self._forked and self.is_open:
                self.role = "child"
                try:
                    self._writer = self._open_writer()
                except OSError:  # the append that follows meets it, too, and says so
                    self._lock = None
                    self._writer = self._mending(None)
                self._forked = False

    def _tell_of_secret(self, kind: str, place: str) -> None:
        if not self.told_of_secrets:
            self.told_of_secrets = True
            warn_without_line(
                f"Trackbook found what looks like a secret ({kind}, {place}) and masked it before it was stored in "
                f"the run {self.experiment} · {self.name}. `trackbook show` lists all that is masked; "
                "`%track capture secrets off` switches this off."
            )

    # What the disk refuses

    def _refused(self, record: Record, error: OSError) -> None:
        if not self.is_open:
            raise self._has_ended() from None  # by another thread, meanwhile
        if self.role == "editor":
            raise StoreError(self.store.root, f"it can't be written ({error.strerror or error})") from error
        with self._mend_lock:
            self.failed_appends += 1
            self._to_mend().refused(record)
        self._warn_once(type(record).__name__, error)

    def _count_lost(self, what: str, error: OSError) -> None:
        if self.role == "editor":
            raise StoreError(self.store.root, f"it can't be written ({error.strerror or error})") from error
        if self._forked:
            self._become_child()
        with self._mend_lock:
            self._to_mend().count(now())
        self._warn_once(what, error)

    def _to_mend(self) -> MendingWriter:
        if not isinstance(self._writer, MendingWriter):
            self._writer = self._mending(self._writer)
        return self._writer

    def _mending(self, writer: JournalWriter | None) -> MendingWriter:
        return MendingWriter(writer, self._open_writer, self._mended)

    def _mended(self, writer: JournalWriter) -> None:
        with self._mend_lock:
            if isinstance(self._writer, MendingWriter) and not self._writer.lost:
                self._writer = writer

    def _say_last_words(self) -> bool:
        """Tell the reader of the lock file what the journal did not take; True if nothing is left to tell there."""
        words = self._writer.last_words() if isinstance(self._writer, MendingWriter) else {}
        if not words:
            return True
        if self._lock is not None and self._lock.say(**words):
            return False
        if (lost := words.get("lost", [0])[0]) and not self._in_child:
            warn(
                f"Of the run {self.experiment} · {self.name}, {lost:,} records or files could not be stored, and "
                f"{self.store.root} does not know of it.",
                stacklevel=4,
            )
        return True

    def _has_ended(self) -> UsageError:
        return UsageError(
            f"The run {self.experiment} · {self.name} has ended; start another one to track more."
        )

    def _warn_once(self, what: str, error: OSError) -> None:
        if not self._warned:
            self._warned = True
            warn(
                f"Trackbook could not store {what} of the run {self.experiment} · {self.name} "
                f"({error.strerror or error}). Your work goes on; further losses are counted, and "
                "`trackbook doctor` says how many there were.",
                stacklevel=4,
            )


def _without_surrogates(record: Record) -> Record:
    # The text of an exception or a note may hold what UTF-8 does not: its escape is stored.
    def clean(value: Any) -> Any:
        if isinstance(value, str):
            return value.encode("utf-8", "backslashreplace").decode("utf-8")
        if isinstance(value, dict):
            return {clean(key): clean(item) for key, item in value.items()}
        return [clean(item) for item in value] if isinstance(value, list) else value

    return msgspec.convert(clean(msgspec.to_builtins(record)), type(record))


_boot: list[str] = []
_process: dict[int, float] = {}


def _boot_id() -> str:
    if not _boot:
        _boot.append(boot_id())
    return _boot[0]


def _started(pid: int) -> float:
    if pid not in _process:
        _process.clear()
        _process[pid] = process_started(pid) or time.time()
    return _process[pid]


_writers: "weakref.WeakSet[RunWriter]" = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for writer in list(_writers):
        writer._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
