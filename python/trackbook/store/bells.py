"""Bells by which processes of one machine wake each other: a change is heard at once, not at the next look.

A bell that can't be hung, or is on another machine, costs time alone: whoever waits looks now and then anyway.
"""

import contextlib
import errno
import os
import select
import threading
from itertools import count
from pathlib import Path

from trackbook.store.locks import os_host

_ENDING = ".bell"
_numbers = count(1)


class Bell:
    """A bell in a folder, hung by who waits. `is_heard` tells whether other processes can ring it."""

    def __init__(self, folder: Path) -> None:
        self._path: Path | None = None
        self._pipe: tuple[int, int] | None = None
        self._event = threading.Event()
        self._hang(folder)

    @property
    def is_heard(self) -> bool:
        """Whether other processes of this machine can ring it."""
        return self._path is not None

    def wait(self, timeout: float) -> bool:
        """Wait until it rings, `timeout` seconds at most; whether it did, now or since the last time."""
        if self._pipe is None:
            rang = self._event.wait(timeout)
            self._event.clear()
            return rang
        try:
            rang = bool(select.select([self._pipe[0]], [], [], max(0.0, timeout))[0])
        except InterruptedError:
            return True
        if rang:
            with contextlib.suppress(BlockingIOError):
                while os.read(self._pipe[0], 4096):
                    pass
        return rang

    def ring(self) -> None:
        """Ring it from within this process; from any thread, and from a signal handler."""
        if self._pipe is None:
            self._event.set()
            return
        with contextlib.suppress(OSError):  # full: it rings already
            os.write(self._pipe[1], b".")

    def close(self) -> None:
        """Take it down."""
        if self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()
        if self._pipe is not None:
            for fd in set(self._pipe):
                os.close(fd)
        self._path = self._pipe = None

    def _hang(self, folder: Path) -> None:
        if not hasattr(os, "mkfifo"):  # Windows
            return
        path = folder / f"{os_host()}-{os.getpid()}-{next(_numbers)}{_ENDING}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            os.mkfifo(path)
            # For writing, too: so it never is at its end, however many have rung and gone.
            fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:  # a file system without such files
            self._pipe = os.pipe()
            for end in self._pipe:
                os.set_blocking(end, False)
            return
        self._path, self._pipe = path, (fd, fd)


def ring_bells(folder: Path) -> None:
    """Ring all bells in a folder that processes of this machine have hung there."""
    if not hasattr(os, "mkfifo"):
        return
    own = f"{os_host()}-"
    try:
        names = [name for name in os.listdir(folder) if name.endswith(_ENDING) and name.startswith(own)]
    except OSError:
        return
    for name in names:
        path = folder / name
        try:
            fd = os.open(path, os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno == errno.ENXIO:  # who hung it is dead
                with contextlib.suppress(OSError):
                    path.unlink()
            continue
        with contextlib.suppress(OSError):
            os.write(fd, b".")
        os.close(fd)
