"""What a data file holds: its SHA-256, its rows and columns, and whether it was written to meanwhile."""

import contextlib
import io
import os
import stat
import sys
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from trackbook.domain.data import Column

# While the interpreter is busy elsewhere, each step waits for its turn: long steps keep up with SHA-256.
_CHUNK = 8 * 1024 * 1024
# From this size on, in bytes, a process of its own costs less than it spares.
_BIG = 64 * 1024 * 1024
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
    path: str,
    expected: FileState | None = None,
    rest: Callable[[], None] | None = None,
    *,
    is_database: bool = False,
) -> FileFacts:
    """Read a regular file and return what it holds; `rest` is called between chunks.

    `expected` is the file's state when the user read it: another one means that it changed. A version that this
    process has read before is not read again. A database, and a file that this process holds open, is read by another
    process: by closing a file a process gives up all its locks on it, SQLite's among them. So is a big file: here each
    step would wait for the interpreter, and the user's work for each step. Raises OSError for a file that can't be read
    or is no regular one.
    """
    status = os.stat(path)
    state = state_of(status)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(f"{path} is no regular file")
    if (facts := _known.get((path, state))) is not None:
        _known.move_to_end((path, state))
    elif is_database or looks_like_database(path) or _is_held(state):
        facts = _digest_elsewhere(path, rest, is_private=True)
    elif state.size >= _BIG:
        try:
            facts = _digest_elsewhere(path, rest)
        except (
            OSError
        ):  # no further process can be started here, or the file can't be read: then this says so
            facts = _digest_here(path, rest)
    else:
        facts = _digest_here(path, rest)
    return facts if expected is None or expected == state else facts._replace(changed=True)


def looks_like_database(path: str) -> bool:
    """Tell whether a file's name says that SQLite or DuckDB may hold locks on it."""
    return (
        path.lower().removesuffix("-wal").removesuffix("-shm").removesuffix("-journal").endswith(_DATABASES)
    )


def _digest_here(
    path: str, rest: Callable[[], None] | None = None, chunk_size: int | None = None
) -> FileFacts:
    # A pipe that took the file's place must not be waited for.
    file = open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _BINARY), "rb", buffering=0)  # noqa: SIM115
    try:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(f"{path} is no regular file")
        state = state_of(status)
        is_settled = time.time() - status.st_mtime > _CLOCK_STEP
        facts = _read(file, path, state.size, rest, chunk_size or _CHUNK)
        if state_of(os.fstat(file.fileno())) != state or facts.size != state.size:
            return facts._replace(changed=True, rows=None, columns=None)
    finally:
        _let_go(file)
    if path.endswith((".parquet", ".pq")):
        rows, columns = _footer(path)
        if state_of(os.stat(path)) == state:
            facts = facts._replace(rows=rows, columns=columns)
    if is_settled:
        _remember(path, state, facts)
    return facts


def _remember(path: str, state: FileState, facts: FileFacts) -> None:
    _known[path, state] = facts
    if len(_known) > _KNOWN_FILES:
        _known.popitem(last=False)


_BINARY = getattr(os, "O_BINARY", 0)
_known: OrderedDict[tuple[str, FileState], FileFacts] = OrderedDict()


# A process's locks on a file end once it closes the file, by whichever descriptor.

_DATABASES = (
    *(".db", ".db3", ".sqlite", ".sqlite3", ".sqlitedb", ".sl3", ".s3db", ".gpkg", ".mbtiles"),
    *(".duckdb", ".ddb"),
)
_MAGIC = b"SQLite format 3\0"
_HELD_FOR = 0.02  # seconds for which the files that are open are taken to be the same
_held: tuple[float, Counter[tuple[int, int]]] = (0.0, Counter())
_kept: list[io.FileIO] = []


def _held_files() -> Counter[tuple[int, int]]:
    # Elsewhere than on Linux and macOS files are not held open like this, or nobody says which.
    found: Counter[tuple[int, int]] = Counter()
    with contextlib.suppress(OSError):
        for name in os.listdir("/dev/fd") if os.name == "posix" else ():
            with contextlib.suppress(OSError, ValueError):
                status = os.fstat(int(name))
                found[status.st_dev, status.st_ino] += 1
    return found


def _is_held(state: FileState) -> bool:
    global _held
    now = time.monotonic()
    if now - _held[0] > _HELD_FOR:
        _held = (now, _held_files())
    return (state.device, state.inode) in _held[1]


def _let_go(file: io.FileIO) -> None:
    # SQLite may have opened it since, under a name that does not tell: then it stays open as long.
    _kept.append(file)
    with contextlib.suppress(OSError):
        file.seek(0)
        if len(_kept) == 1 and file.read(len(_MAGIC)) != _MAGIC:
            _kept.remove(file)
            file.close()
            return
    held = _held_files()
    for kept in list(_kept):
        with contextlib.suppress(OSError):
            status = os.fstat(kept.fileno())
            if held[status.st_dev, status.st_ino] > 1:
                continue
        _kept.remove(kept)
        kept.close()


_SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "bytesdigest.py")
_TABLES = (".csv", ".tsv", ".parquet", ".pq")
# Rows and columns are known by modules that take their time to be imported.
_TABLE_ELSEWHERE = """
import json, os, sys
sys.path[:] = json.loads(sys.argv[2])
import msgspec
from trackbook.capture.bytesdigest import BUFFER, give_way
from trackbook.capture.datafile import _digest_here
give_way()
try:
    answer = _digest_here(sys.argv[1], chunk_size=BUFFER)
except OSError as error:
    answer = error.strerror or str(error)
sys.stdout.buffer.write(msgspec.json.encode(answer))
"""


# Seconds; each look takes the interpreter from the user's work. The end is seen at once.
_LOOK_EVERY = 0.5


def _digest_elsewhere(path: str, rest: Callable[[], None] | None, is_private: bool = False) -> FileFacts:
    """Have another process read a file; one that is private to this process's databases is never mapped."""
    import json
    import subprocess

    import msgspec

    if path.lower().endswith(_TABLES):
        arguments = ["-c", _TABLE_ELSEWHERE, path, json.dumps([part for part in sys.path if part])]
    else:
        # Neither the modules of the environment nor those beside the script: `secrets` is one of them.
        arguments = ["-S", "-P", _SCRIPT, path, "read" if is_private else "map"]
    before = os.stat(path)
    child = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=os.sep,
        start_new_session=True,  # an interrupt is meant for the user's work
        creationflags=getattr(subprocess, "IDLE_PRIORITY_CLASS", 0),
    )
    answer = None
    while answer is None:
        try:
            answer = child.communicate(timeout=_LOOK_EVERY)[0]
        except subprocess.TimeoutExpired:
            if rest is not None:
                rest()
    if child.returncode != 0:
        raise OSError(f"it can't be read beside the work: a process for it ended with {child.returncode}")
    facts = msgspec.json.decode(answer, type=FileFacts | str)
    if isinstance(facts, str):
        raise OSError(facts)
    if facts.changed or state_of(os.stat(path)) != state_of(before):
        return facts._replace(changed=True)
    if time.time() - before.st_mtime > _CLOCK_STEP:
        _remember(path, state_of(before), facts)
    return facts


def _read(
    file: io.FileIO, path: str, size: int, rest: Callable[[], None] | None, chunk_size: int
) -> FileFacts:
    # All that is needed only here is imported in the background.
    import hashlib

    from trackbook.capture.csvfile import RowCounter, is_csv, read_header

    sha, total = hashlib.sha256(), 0
    buffer = memoryview(bytearray(max(1, min(chunk_size, size + 1))))
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
