"""Where a runner's cells print: Python's streams as messages, and what else writes to the descriptors 1 and 2.

Those are pipes that the client reads. Before anything is sent as a message, what was written to them has to be read:
so the two keep their order.
"""

import contextlib
import fcntl
import io
import os
import termios
import time
from collections.abc import Callable
from typing import Any

from trackbook.jobs.runner.wire import Connection

_WAIT = 0.0002
_LONGEST_WAIT = 2.0  # seconds; a client that reads no more is gone, or stands
_PIPE_BYTES = bytearray(4)


class PipeBarrier:
    """Waits until the client has read what was written to the descriptors 1 and 2."""

    def __init__(self) -> None:
        self.has_pipes = True

    def wait(self) -> None:
        """Return once both pipes are empty, at the latest after two seconds."""
        if not self.has_pipes or not _waiting():
            return
        deadline = time.monotonic() + _LONGEST_WAIT
        while _waiting():
            if time.monotonic() > deadline:
                self.has_pipes = False  # once is enough: each later message would wait as long
                return
            time.sleep(_WAIT)


def _waiting() -> bool:
    for descriptor in (1, 2):
        buffer = bytearray(_PIPE_BYTES)
        with contextlib.suppress(OSError):
            fcntl.ioctl(descriptor, termios.FIONREAD, buffer)
            if any(buffer):
                return True
    return False


class RunnerStream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` of a runner: each text is sent as it is written, so that no death loses it."""

    def __init__(
        self, name: str, connection: Connection, barrier: PipeBarrier, parent: Callable[[], Any]
    ) -> None:
        self.name = name
        self._descriptor = 1 if name == "stdout" else 2
        self._barrier, self._parent = barrier, parent
        self._name = name.encode()
        self.attach(connection)

    # TextIOBase has them as read-only properties; both are attributes of ipykernel's streams.
    encoding = "UTF-8"
    errors = "replace"

    def attach(self, connection: Connection) -> None:
        """Send to `connection` from now on; this process is its owner."""
        self._connection, self._owner = connection, os.getpid()

    def write(self, text: str) -> int:
        """Show a text. Raises TypeError for anything else."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        if not text:
            return 0
        data = text.encode("utf-8", "replace")
        if os.getpid() != self._owner:
            # A process that the cell has forked: its words come over the pipe, whole lines at best.
            with contextlib.suppress(OSError):
                os.write(self._descriptor, data)
            return len(text)
        self._barrier.wait()
        header = self._parent().get("header") or {}
        with contextlib.suppress(OSError):  # nobody listens any more; the signal of that ends this process
            self._connection.send("stream", [self._name, str(header.get("msg_id", "")).encode(), data])
        return len(text)

    def writelines(self, lines: Any) -> None:
        """Show texts one behind the other."""
        self.write("".join(lines))

    def flush(self) -> None:
        """Do nothing: nothing is held back."""

    def writable(self) -> bool:
        """Tell that it can be written to."""
        return True

    def isatty(self) -> bool:
        """Tell that it is no terminal."""
        return False

    def fileno(self) -> int:
        """Return the descriptor below, for subprocesses: what they write there is shown, too."""
        return self._descriptor
