"""What a data file holds: its SHA-256, its rows and columns, and whether it was written to meanwhile."""

import io
import os
import stat
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from trackbook.domain.data import Column

# While the interpreter is busy elsewhere, each step waits for its turn: long steps keep up with SHA-256.
_CHUNK = 8 * 1024 * 1024
_KNOWN_FILES = 100_000
# A file system's clock has steps: a file that was written just now may be written again within the same step.
_CLOCK_STEP = 0.1


class FileState(NamedTuple):
    """What changes when a file is written to or replaced; the time is in nanoseconds, the size in bytes."""

    device: int
    inode: int
    size: int
    modified: int


class FileFacts(NamedTuple):
    """What a file was found to hold; `changed` tells that it was written to while it was read."""

    digest: str
    size: int
    changed: bool
    rows: int | None
    columns: list[Column] | None


def state_of(status: os.stat_result) -> FileState:
    """Return what identifies a version of a file without reading it."""
    return FileState(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def digest_file(
    path: str, expected: FileState | None = None, rest: Callable[[], None] | None = None
) -> FileFacts:
    """Read a regular file and return what it holds; `rest` is called between chunks.

    `expected` is the file's state when the user read it: another one means that it changed. A version that this
    process has read before is not read again. Raises OSError for a file that can't be read or is no regular one.
    """
    # A pipe that took the file's place must not be waited for.
    with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY), "rb", buffering=0) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{path} is no regular file")
        state = state_of(status)
        changed = expected is not None and state != expected
        if (known := _known.get((path, state))) is not None:
            _known.move_to_end((path, state))
            return known._replace(changed=changed)
        is_settled = time.time() - status.st_mtime > _CLOCK_STEP
        facts = _read(file, path, state.size, rest)
        if state_of(os.fstat(file.fileno())) != state or facts.size != state.size:
            return facts._replace(changed=True, rows=None, columns=None)
    if path.endswith((".parquet", ".pq")):
        rows, columns = _footer(path)
        if state_of(os.stat(path)) == state:
            facts = facts._replace(rows=rows, columns=columns)
    if is_settled:
        _known[path, state] = facts
        if len(_known) > _KNOWN_FILES:
            _known.popitem(last=False)
    return facts._replace(changed=changed)


_BINARY = getattr(os, "O_BINARY", 0)
_known: OrderedDict[tuple[str, FileState], FileFacts] = OrderedDict()


def _read(file: io.FileIO, path: str, size: int, rest: Callable[[], None] | None) -> FileFacts:
    # All that is needed only here is imported in the background.
    import hashlib

    from trackbook.capture.csvfile import RowCounter, is_csv, read_header

    sha, total = hashlib.sha256(), 0
    buffer = memoryview(bytearray(max(1, min(_CHUNK, size + 1))))
    counter, columns = None, None
    # A file that grows all the time would never end: what comes behind its size tells only that it changed.
    while total <= size and (count := file.readinto(buffer)):
        chunk = buffer[:count]
        sha.update(chunk)
        if total == 0 and is_csv(path):
            header = read_header(
                bytes(chunk[: 256 * 1024]), path, is_whole=count <= 256 * 1024 and count >= size
            )
            if header is not None:
                columns, counter = header.columns, RowCounter(header.lines, size)
        if counter is not None:
            counter.add(chunk)
        total += count
        if rest is not None:
            rest()
    rows = counter.rows() if counter is not None else None
    return FileFacts(sha.hexdigest(), total, False, rows, columns)


def _footer(path: str) -> tuple[int | None, list[Column] | None]:
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        return None, None
    try:
        metadata = parquet.read_metadata(path)
        schema = metadata.schema.to_arrow_schema()
        return metadata.num_rows, [Column(field.name, str(field.type)) for field in schema]
    except Exception:  # a file with this ending that is no Parquet is a file all the same
        return None, None
