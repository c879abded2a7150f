"""Receiving: what the writers of other machines send becomes the same journals and blobs in a served store.

Bytes are taken by their position, so that whatever is sent again is recognised, and counts once.
"""

import contextlib
import json
import os
import re
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from trackbook.domain.ids import is_id, new_id
from trackbook.domain.records import Record, WriterClosed, WriterOpened
from trackbook.errors import JournalConflict, NotFound, StoreError, UsageError
from trackbook.services.ingester import ensure_ingester
from trackbook.store import parts as index
from trackbook.store.blobs import BlobStore
from trackbook.store.journal import Entry, is_frame, scan
from trackbook.store.paths import PartName
from trackbook.store.place import Place
from trackbook.store.receiving import receiving
from trackbook.store.segments import parse_segment

MAX_PART = 10**9
_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
# What a project's or a job's own journal says, and what a sweep runs, is for the store's own processes to say.
_KEPT_FOR_THE_STORE = {"number", "delete", "job", "job-end", "job-try", "sweep"}
_SECONDS_BETWEEN_STARTS = 5.0


class JournalState(NamedTuple):
    """How far the store has a journal, in bytes, and whether nothing more is taken into it."""

    size: int
    closed: bool


class Writer(NamedTuple):
    """A process on another machine that writes a run."""

    subject: str
    writer: str


class Receiving:
    """Takes journals and blobs from other machines into one store. Safe to use from several threads."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._store, self._database = place.paths, place.database
        self._lock = threading.Lock()
        self._whole: dict[PartName, int] = {}
        self._next_start = 0.0

    def states(self, names: Sequence[PartName]) -> list[JournalState]:
        """Return how far the store has each of some journals."""
        for name in names:
            _check_name(name)
        with self._lock, receiving(self._store):
            sizes = [self._file_size(name) for name in names]
            # After the sizes: a journal that is no file any more is closed in the index since before.
            closed = self._closed({name.subject for name in names})
            return [self._state(name, size, closed) for name, size in zip(names, sizes, strict=True)]

    def append(self, name: PartName, position: int, data: bytes, *, damaged: bool = False) -> int:
        """Add what a writer's journal holds from byte `position` on; returns how far the store has it now.

        What the store has already is compared, and left out. Raises JournalConflict where bytes before `position` are
        lacking, or are others, and where the journal is closed; UsageError for what is no sequence of whole records,
        unless the sender says that some are `damaged` there, too.
        """
        _check_name(name)
        records = _check_frames(data, damaged)
        with self._lock, receiving(self._store):
            size = self._file_size(name)
            state = self._state(name, size, self._closed({name.subject}))
            if state.closed:
                if position + len(data) <= state.size:
                    return state.size
                raise JournalConflict("Nothing is added to a journal that is closed.", *state)
            if position > state.size:
                raise JournalConflict(f"The bytes before {position:,} are lacking.", *state)
            known = data[: state.size - position]
            if known and known != _read(self._store.journal(name), position, len(known)):
                raise JournalConflict(f"The bytes from {position:,} on are others.", *state)
            fresh = data[len(known) :]
            if fresh:
                self._keep_alive(name, _opening(records))
                self._write(name, state.size, fresh, sync=_closes(records))
            if _closes(records):
                self._let_go(Writer(name.subject, name.writer))
        self._see_to_reading()
        return state.size + len(fresh)

    def note_writers(self, living: Iterable[Writer], ended: Iterable[Writer]) -> None:
        """Hear which writers live, and which have ended: a run whose owner ended without a word is over then."""
        living, ended = list(living), list(ended)
        for writer in (*living, *ended):
            _check_name(PartName(writer.subject, writer.writer, 0))
        for writer in living:
            with contextlib.suppress(
                FileNotFoundError
            ):  # it is made with the first bytes, and goes with the last
                os.utime(self._store.lock(*writer))
        for writer in ended:
            self._let_go(writer)
        self._see_to_reading()

    def missing(self, digests: Iterable[str]) -> list[str]:
        """Return those of the blobs that the store lacks, each once. Raises UsageError for what is no digest."""
        return [
            digest for digest in dict.fromkeys(digests) if not self._place.blobs.has(check_digest(digest))
        ]

    def blob(self, digest: str) -> Path:
        """Return the file that holds a blob; raises NotFound without one."""
        if not _DIGEST.match(digest):
            raise NotFound("blob", digest)
        return self._place.blobs.file(digest)

    def new_draft(self) -> Path:
        """Return the path of a file into which a blob can be received."""
        folder = self._store.root / "uploads"
        folder.mkdir(exist_ok=True)
        return folder / new_id()

    def keep_blob(self, digest: str, draft: Path, found: str) -> None:
        """Keep a received file as a blob; raises UsageError if its bytes have another digest (`found`)."""
        if found != check_digest(digest):
            raise UsageError(
                f"The bytes of the blob {digest[:12]}… have another digest, {found[:12]}…: send it again."
            )
        BlobStore(self._store.blobs).adopt(draft, digest)

    def _file_size(self, name: PartName) -> int | None:
        """Return the size of a journal file, cut back to its last whole record after this server was killed."""
        path = self._store.journal(name)
        try:
            size = path.stat().st_size
            if size != self._whole.get(name):
                entries = list(scan(path.read_bytes()))
                size = entries[-1].end if entries else 0
                os.truncate(path, size)
                self._whole[name] = size
        except FileNotFoundError:
            return None
        return size

    def _state(self, name: PartName, size: int | None, closed: dict[PartName, int]) -> JournalState:
        if name in closed:
            self._whole.pop(name, None)
            return JournalState(closed[name], True)
        if size is None and (sealed := self._place.parts.read_segment(name)) is not None:
            # The index was deleted, and is being made anew.
            return JournalState(parse_segment(self._store.segment(name), sealed).length, True)
        return JournalState(size or 0, False)

    def _closed(self, subjects: set[str]) -> dict[PartName, int]:
        found: dict[PartName, int] = {}
        for some in index.slices(sorted(subjects)):
            with self._database.read() as connection:
                found |= index.closed_lengths(connection, some)
        return found

    def _keep_alive(self, name: PartName, opening: WriterOpened | None) -> None:
        """Touch the lock file that stands for a writer on another machine, before its journal grows.

        It never names this machine, even where both have the same name: its writer is no process here.
        """
        path = self._store.lock(name.subject, name.writer)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            host = opening.host if opening is not None else ""
            pid, boot = (opening.pid, opening.boot_id) if opening is not None else (0, "")
            draft = path.with_name(f"{path.name}-{new_id()}")
            draft.write_text(
                json.dumps({"pid": pid, "host": f"remote:{host}", "boot_id": boot}), encoding="utf-8"
            )
            draft.replace(path)
        os.utime(path)

    def _let_go(self, writer: Writer) -> None:
        self._store.lock(*writer).unlink(missing_ok=True)

    def _write(self, name: PartName, size: int, data: bytes, *, sync: bool) -> None:
        path = self._store.journal(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            if sync:  # the sender throws its own copy away
                os.fsync(descriptor)
        except OSError as error:
            os.ftruncate(descriptor, size)
            raise StoreError(self._store.root, f"it can't be written ({error.strerror or error})") from error
        finally:
            os.close(descriptor)
        self._whole[name] = size + len(data)

    def _see_to_reading(self) -> None:
        if time.monotonic() >= self._next_start:
            self._next_start = time.monotonic() + _SECONDS_BETWEEN_STARTS
            ensure_ingester(self._store)


def check_digest(text: str) -> str:
    """Return `text` if it is a digest; raises UsageError if not."""
    if not _DIGEST.match(text):
        raise UsageError(f"{text[:80]!r} is no SHA-256 digest in hex.")
    return text


def _check_name(name: PartName) -> None:
    # Ids become paths. The project's own journal has no id, and is not for others to write.
    for kind, text in (("run", name.subject), ("writer", name.writer)):
        if not is_id(text):
            raise NotFound(kind, text)
    if not 0 <= name.part < MAX_PART:
        raise NotFound("journal", name.stem)


def _check_frames(data: bytes, damaged: bool) -> list[Record]:
    records: list[Record] = []
    end = 0
    for item in scan(data):
        end = item.end
        if isinstance(item, Entry):
            records.append(item.record)
        elif not damaged and not is_frame(data, item.position, item.end):
            raise UsageError(f"Byte {item.position:,} of what was sent begins no record: {item.reason}.")
    if not data or end != len(data):
        raise UsageError("A journal is sent as whole records, one at least.")
    for record in records:
        if (tag := type(record).__struct_config__.tag) in _KEPT_FOR_THE_STORE:
            raise UsageError(f"A record {tag!r} is not for a run's writer to send.")
    return records


def _opening(records: Sequence[Record]) -> WriterOpened | None:
    return next((record for record in records if isinstance(record, WriterOpened)), None)


def _closes(records: Sequence[Record]) -> bool:
    return any(isinstance(record, WriterClosed) for record in records[-1:])


def _read(path: Path, position: int, length: int) -> bytes:
    with path.open("rb") as file:
        file.seek(position)
        return file.read(length)
