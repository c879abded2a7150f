"""The journal: an append-only file of framed records, and the reader that forgives a torn end.

Frame: marker (2 bytes) | format (1) | reserved (1) | length (4, little endian) | CRC-32 of the payload (4) |
payload (msgpack). A reader that meets bytes that are no whole frame looks for the next marker whose frame holds;
what it skipped is reported. An unfinished frame at the very end is a write in progress, or one torn by a crash.
"""

import contextlib
import errno
import os
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, NoReturn

import msgspec

from trackbook.domain import records
from trackbook.domain.clock import now
from trackbook.domain.records import Record
from trackbook.store.paths import PartName, StorePaths

MARKER = b"\xf7T"
_HEADER = struct.Struct("<2sBBII")
HEADER_SIZE = _HEADER.size
MAX_RECORD = 64 * 1024 * 1024
ROTATE_AT = 8 * 1024 * 1024

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Record).decode
_pack_header = _HEADER.pack
_crc32 = zlib.crc32


class Entry(NamedTuple):
    """A record and where it stands: `position` is its first byte, `end` the byte behind it."""

    position: int
    end: int
    record: Record


class Damage(NamedTuple):
    """Bytes of a journal that are no record, or one that this version can't read."""

    position: int
    end: int
    reason: str


@dataclass(slots=True)
class JournalWriter:
    """Appends records to the journal files of one writer; a new file begins when one grows long.

    Raises OSError when a record could not be stored; the file is then cut back to its last whole record.
    Safe to call from several threads, and from a signal handler. `on_rotate` returns the first records of each
    further file.
    """

    paths: StorePaths
    subject: str
    writer: str
    part: int = 0
    rotate_at: int = ROTATE_AT
    on_rotate: Callable[[], list[Record]] | None = None
    _fd: int = -1
    _size: int = 0
    _rotating: bool = False
    # Reentrant: a handler of SIGTERM may log, or end the run, in the middle of an append of the same thread.
    _lock: threading.RLock = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        path = self._path(self.part)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._fd = _open_to_append(path)
        self._size = os.fstat(self._fd).st_size

    def append(self, record: Record) -> None:
        """Append one record; when this returns, it survives the death of the process."""
        payload = _encode(record)
        frame = _pack_header(MARKER, records.FORMAT, 0, len(payload), _crc32(payload)) + payload
        with self._lock:
            if (written := os.write(self._fd, frame)) != len(frame):
                self._cut_back(written)
            self._size += len(frame)
            if self._size > self.rotate_at and not self._rotating:
                self._rotate()

    def close(self, last: Record | None = None) -> None:
        """Append a last record, if there is one, and close the file; nothing can be appended after.

        The file is closed even when the last record can't be stored, which raises OSError.
        """
        with self._lock:
            try:
                if last is not None and self._fd >= 0:
                    self.append(last)
            finally:
                self._close()

    def forget(self) -> None:
        """Close the inherited handle in a forked child, whose parent may hold the lock just now."""
        self._lock = threading.RLock()
        self._close()

    def _close(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _path(self, part: int) -> Path:
        return self.paths.journal(PartName(self.subject, self.writer, part))

    def _cut_back(self, written: int) -> NoReturn:
        # Only what is known to be the torn record: a Ctrl-C between a write and its count leaves `_size` behind, and
        # cutting there would take away a record that was acknowledged. What is left standing readers step over.
        size = os.fstat(self._fd).st_size
        if size == self._size + written:
            with contextlib.suppress(OSError):
                os.ftruncate(self._fd, self._size)
        self._size = os.fstat(self._fd).st_size
        raise OSError(errno.ENOSPC, "the disk is full")

    def _rotate(self) -> None:
        # The further file appears with its first records in it, or not at all: once it is there, the old one counts
        # as finished, and a file that does not say who writes it would not end the run of a process that dies.
        path = self._path(self.part + 1)
        draft = path.with_suffix(".draft")
        first = b"".join(
            _frame(record) for record in (self.on_rotate() if self.on_rotate is not None else ())
        )
        self._rotating = True
        try:
            fd = _open_to_append(draft)
        except OSError:  # go on in the long file; the next append tries again
            self._rotating = False
            return
        try:
            os.ftruncate(fd, 0)
            if os.write(fd, first) == len(first):
                os.rename(draft, path)
        except OSError:
            pass
        finally:  # after a Ctrl-C, too
            if path.exists():
                old, self._fd, self._size, self.part = self._fd, fd, len(first), self.part + 1
                os.close(old)
            else:
                os.close(fd)
                with contextlib.suppress(OSError):
                    draft.unlink()
            self._rotating = False


def _frame(record: Record) -> bytes:
    payload = _encode(record)
    return _pack_header(MARKER, records.FORMAT, 0, len(payload), _crc32(payload)) + payload


def _open_to_append(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)


def frame(record: Record) -> bytes:
    """Return a record as it stands in a journal."""
    payload = _encode(record)
    return _pack_header(MARKER, records.FORMAT, 0, len(payload), _crc32(payload)) + payload


def read_entries(path: Path, start: int = 0) -> Iterator[Entry | Damage]:
    """Yield the records of a journal file from byte `start` on, and what is damaged in between.

    Ends before an unfinished frame at the end of the file. Raises FileNotFoundError if there is no such file.
    """
    with open(path, "rb") as file:
        file.seek(start)
        data = file.read()
    yield from scan(data, start)


def scan(data: bytes, offset: int = 0) -> Iterator[Entry | Damage]:
    """Yield the records in `data`, whose first byte stands at `offset` of its file."""
    at, size = 0, len(data)
    while at < size:
        end = _frame_end(data, at)
        if end == _UNFINISHED:
            if (found := _next_frame(data, at + 1)) is None:
                return
            yield Damage(offset + at, offset + found, "a record that was never finished")
            at = found
        elif end == _BROKEN:
            found_or_none = _next_frame(data, at + 1)
            if found_or_none is None and not _worth_reporting(data, at):
                return
            found = size if found_or_none is None else found_or_none
            yield Damage(offset + at, offset + found, "bytes that fail their checksum")
            at = found
        else:
            yield _read_frame(data, at, end, offset)
            at = end


def is_frame(data: bytes, at: int, end: int) -> bool:
    """Tell whether the bytes from `at` to `end` are one whole frame, whatever the record in it says."""
    return _frame_end(data, at) == end


def read_records(path: Path, start: int = 0) -> Iterator[Record]:
    """Yield the whole records of a journal file, leaving damaged ones out."""
    for entry in read_entries(path, start):
        if isinstance(entry, Entry):
            yield entry.record


_UNFINISHED = -1
_BROKEN = -2


def _frame_end(data: bytes, at: int) -> int:
    if len(data) - at < HEADER_SIZE:
        return _UNFINISHED if MARKER.startswith(data[at : at + 2]) or data[at : at + 2] == MARKER else _BROKEN
    marker, _, _, length, checksum = _HEADER.unpack_from(data, at)
    if marker != MARKER or length > MAX_RECORD:
        return _BROKEN
    end = at + HEADER_SIZE + int(length)
    if end > len(data):
        return _UNFINISHED
    return end if _crc32(memoryview(data)[at + HEADER_SIZE : end]) == checksum else _BROKEN


def _next_frame(data: bytes, start: int) -> int | None:
    at = data.find(MARKER, start)
    while at >= 0:
        if _frame_end(data, at) >= 0:
            return at
        at = data.find(MARKER, at + 1)
    return None


def _worth_reporting(data: bytes, at: int) -> bool:
    # A broken frame with nothing behind it is a torn write, unless the frame is whole and only its sum is wrong.
    return len(data) - at >= HEADER_SIZE


def _read_frame(data: bytes, at: int, end: int, offset: int) -> Entry | Damage:
    written_format = data[at + 2]
    if written_format != records.FORMAT:
        reason = f"a record of format {written_format}, which this version of Trackbook does not know"
        return Damage(offset + at, offset + end, reason)
    try:
        record = _decode(memoryview(data)[at + HEADER_SIZE : end])
    except msgspec.MsgspecError as error:
        return Damage(offset + at, offset + end, f"a record that this version can't read ({error})")
    return Entry(offset + at, offset + end, record)


def host_of(path: Path) -> str | None:
    """Return the name of the machine that wrote a journal file; None if it does not say."""
    for record in read_records(path):
        return record.host if isinstance(record, records.WriterOpened) else None
    return None


def opening_record(role: records.WriterRole, version: str, host: str, boot_id: str, started: float) -> Record:
    """Return the first record of a journal file of this process."""
    return records.WriterOpened(now(), role, os.getpid(), started, host, boot_id, version)
