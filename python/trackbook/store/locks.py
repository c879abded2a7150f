"""Locks between processes, and with them the question whether the process that held one still lives.

POSIX record locks are used on purpose: a forked child does not inherit them, so a DataLoader worker can't keep a
dead run alive. Their trap is that closing any handle of the file drops the lock; hence a lock has a file of its
own, and a process never opens a lock file that it holds itself (`_held`).
"""

import contextlib
import json
import os
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

try:
    import fcntl
except ImportError:  # Windows: a byte of the file is locked instead
    fcntl = None  # type: ignore[assignment]

_FOLDER_TRIES = 20
# Bytes of a lock file, taken at once, so that its holder can still write there when the disk is full.
_PLACE = 1024

_held: set[str] = set()
_guard = threading.Lock()


class ProcessLock:
    """An exclusive lock on a file, held until `release` or the end of the process.

    The file says who holds it: pid, host and boot id.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None
        self._pid = 0

    def acquire(self, timeout: float = 0.0) -> bool:
        """Take the lock; False if another process still holds it after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not self._take():
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.01)
        return True

    def acquire_in_folder(self, timeout: float = 0.0) -> bool:
        """Take the lock like `acquire`, in a folder that is made if need be, and may be taken away when empty."""
        for _ in range(_FOLDER_TRIES):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                return self.acquire(timeout)
            except FileNotFoundError:  # an ingester that sealed what was in it was faster
                continue
        return self.acquire(timeout)

    def release(self, *, remove: bool = False) -> None:
        """Give the lock back; with `remove` the file goes too."""
        if self._fd is None or self._pid != os.getpid():
            return
        if remove:
            with contextlib.suppress(OSError):
                self.path.unlink()
        os.close(self._fd)
        self._fd = None
        _held.discard(str(self.path))

    def _take(self) -> bool:
        with _guard:
            if str(self.path) in _held:
                return False
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o644)
            if not _try_lock(fd):
                os.close(fd)
                return False
            _held.add(str(self.path))
            self._fd, self._pid = fd, os.getpid()
        with contextlib.suppress(OSError):  # on a full disk the lock holds all the same
            # A new file is left alone: closing one that was cut to nothing waits for the disk on ext4.
            if os.fstat(fd).st_size:
                os.ftruncate(fd, 0)
            self._write(_identity())
        return True

    def say(self, **words: object) -> bool:
        """Add to what the file says; False if that could not be written.

        Works on a full disk: the file's place there was taken when the lock was.
        """
        if self._fd is None or self._pid != os.getpid():
            return False
        try:
            self._write(_identity() | words)
        except (OSError, ValueError):
            return False
        return True

    def _write(self, text: dict[str, object]) -> None:
        assert self._fd is not None
        line = json.dumps(text).encode().ljust(_PLACE)
        if len(line) > _PLACE:
            raise ValueError("too many words for a lock file")
        os.lseek(self._fd, 0, os.SEEK_SET)
        os.write(self._fd, line)

    def forget(self) -> None:
        """Close the handle in a forked child, where the lock was not inherited."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None
            _held.discard(str(self.path))


def is_held(path: Path) -> bool:
    """Tell whether a living process holds the lock on `path`.

    A lock made on another host, of which nothing can be known here, counts as held.
    """
    with _guard:
        if str(path) in _held:
            return True
        try:
            fd = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            return not _try_lock(fd) or _read_identity(fd)[1] not in (None, os_host())
        finally:
            os.close(fd)


def holder(path: Path) -> tuple[int, str | None]:
    """Return the pid and the host of the process that took the lock last; 0 and None where the file says nothing."""
    with _guard:
        if str(path) in _held:
            return os.getpid(), os_host()
        try:
            fd = os.open(path, os.O_RDONLY)
        except OSError:
            return 0, None
        try:
            return _read_identity(fd)
        finally:
            os.close(fd)


def read_words(path: Path) -> dict[str, Any]:
    """Return what a lock file says, which nobody in this process may hold; nothing of one that can't be read."""
    with _guard:
        if str(path) in _held:
            return {}
        try:
            words = json.loads(path.read_bytes())
        except (OSError, ValueError):
            return {}
    return words if isinstance(words, dict) else {}


def os_host() -> str:
    """Return this machine's name."""
    return os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")


@cache
def boot_id() -> str:
    """Return an id of the present boot of this machine, empty where the system has none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("utf-8").strip()
    except OSError:
        return ""


def process_started(pid: int) -> float:
    """Return when a process started, in clock ticks since boot; 0.0 where the system does not say.

    With the pid it tells one process from a later one with the same number.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace")
        return float(stat.rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0.0


def is_running(pid: int) -> bool:
    """Tell whether a process of this machine runs; False, too, where the system does not say, and for a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii", errors="replace")
        return stat.rpartition(")")[2].split()[0] != "Z"
    except (OSError, IndexError):
        return False


def _renew_guard() -> None:
    # Another thread of the parent may have held it at the moment of the fork.
    global _guard
    _guard = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_guard)


def _identity() -> dict[str, object]:
    return {"pid": os.getpid(), "host": os_host(), "boot_id": boot_id()}


def _read_identity(fd: int) -> tuple[int, str | None]:
    try:
        os.lseek(fd, 0, os.SEEK_SET)
        identity = json.loads(os.read(fd, 4096))
        return int(identity["pid"]), str(identity["host"])
    except (ValueError, KeyError, TypeError):
        return 0, None


def _try_lock(fd: int) -> bool:
    try:
        if fcntl is not None:
            fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:  # pragma: no cover - Windows
            import msvcrt

            # Far behind the text, so that others can still read who holds it.
            os.lseek(fd, 1 << 20, os.SEEK_SET)
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
    except OSError:
        return False
    return True
