"""The SHA-256 of one file, worked out by a process of its own: `python -S -P bytesdigest.py FILE read|map`.

It is run by its path and imports nothing of Trackbook, so that it starts in a fifth of the time, and must not. The
answer is a line of JSON: digest, bytes read, whether the file changed meanwhile, and nothing for rows and columns; or
what went wrong.
"""

import contextlib
import hashlib
import json
import mmap
import os
import stat
import sys
from collections.abc import Iterator

# Within the processor's own cache, so that the shared one is left to the user's work.
BUFFER = 256 * 1024
# A whole number of pages wherever Python runs; of a file of any size no more than this is mapped at a time.
_WINDOW = 32 * 1024 * 1024
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def give_way() -> None:
    """Let all other work go first, from here on."""
    if not hasattr(os, "nice"):
        return
    os.nice(19)
    # Where Linux groups processes by session, niceness counts within a session only; the session has its own. Only a
    # process that leads one may speak for it: else it would be the user's.
    if os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError), open("/proc/self/autogroup", "w", encoding="ascii") as group:
            group.write("19")


def digest_bytes(descriptor: int, size: int, mapped: bool) -> tuple[str, int]:
    """Return the digest of what an open file holds, and how many bytes that were: more than `size` if it grew.

    A file that is `mapped` is read without being copied; if somebody cuts it off meanwhile, this process dies of it.
    """
    sha, total = hashlib.sha256(), 0
    if mapped:
        for part in _mapped(descriptor, size):
            sha.update(part)
            total += len(part)
        os.lseek(descriptor, total, os.SEEK_SET)
    buffer = memoryview(bytearray(BUFFER))
    with open(descriptor, "rb", buffering=0, closefd=False) as file:
        # A file that grows all the time would never end: what comes behind its size tells only that it changed.
        while total <= size and (count := file.readinto(buffer)):
            sha.update(buffer[:count])
            total += count
    return sha.hexdigest(), total


def _mapped(descriptor: int, size: int) -> Iterator[memoryview]:
    """Yield a file's bytes up to `size`, or as far as its file system lets it be mapped."""
    for start in range(0, size, _WINDOW):
        try:
            window = mmap.mmap(descriptor, min(_WINDOW, size - start), access=mmap.ACCESS_READ, offset=start)
        except (OSError, ValueError):  # some cannot; or it has been cut off
            return
        with window:
            if hasattr(window, "madvise") and hasattr(mmap, "MADV_SEQUENTIAL"):
                window.madvise(mmap.MADV_SEQUENTIAL)
            view = memoryview(window)
            yield view
            view.release()


def _state(status: os.stat_result) -> tuple[int, ...]:
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns


def _main(path: str, way: str) -> None:
    answer: object
    try:
        # A pipe that took the file's place must not be waited for.
        descriptor = os.open(path, _FLAGS)
        status = os.fstat(descriptor)
        if stat.S_ISREG(status.st_mode):
            digest, total = digest_bytes(descriptor, status.st_size, way == "map")
            changed = _state(os.fstat(descriptor)) != _state(status) or total != status.st_size
            answer = [digest, total, changed, None, None]
        else:
            answer = f"{path} is no regular file"
    except OSError as error:
        answer = error.strerror or str(error)
    os.write(sys.stdout.fileno(), json.dumps(answer).encode())
    os._exit(0)  # nothing is left to tidy up that would be worth the time


if __name__ == "__main__":
    give_way()
    _main(*sys.argv[1:])
