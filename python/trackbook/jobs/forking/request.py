"""Asking a forking server for a child, and the child as its requester sees it: much as subprocess.Popen."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Sequence
from typing import IO, Any

from trackbook.jobs.forking.wire import Incoming, send

# No process ends with it: the server died before it could tell how the child ended.
UNKNOWN_END = -1000
# Seconds for a server that is stopped, or very busy, to tell how a child ended that has.
_STATUS_PATIENCE = 10.0

File = int | IO[Any] | None


class ForkedProcess:
    """A child of a forking server. `returncode` is None while it runs, negative for a signal, as with Popen.

    It is UNKNOWN_END if the server died before the child did: the child's end is seen then, its exit code is not.
    """

    # Of Popen; what a child prints goes to the files that it was given.
    stdin = stdout = stderr = None

    def __init__(self, pid: int, descriptor: int, connection: socket.socket, message: Incoming) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._descriptor, self._connection, self._message = descriptor, connection, message
        self._lock = threading.RLock()
        self._ended_since: float | None = None

    def __repr__(self) -> str:
        return f"<ForkedProcess {self.pid}: {'running' if self.returncode is None else self.returncode}>"

    def poll(self) -> int | None:
        """Return the exit code, or None while the child runs. Never waits."""
        with self._lock:
            if self.returncode is None:
                self._read_status()
            return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the child's end and return its exit code. Raises subprocess.TimeoutExpired after `timeout` s."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired([f"process {self.pid}"], timeout or 0.0)
            self._await_change(left)
        return code

    async def until_change(self, timeout: float) -> None:
        """Wait until the child has ended, its server has, or `timeout` seconds have passed."""
        import asyncio

        loop = asyncio.get_running_loop()
        with self._lock:
            if self._descriptor < 0 or self.poll() is not None:
                return
            told = self._connection.fileno()
        changed: asyncio.Future[None] = loop.create_future()
        loop.add_reader(told, lambda: None if changed.done() else changed.set_result(None))
        try:
            await asyncio.wait((changed,), timeout=timeout)
        finally:
            loop.remove_reader(told)

    def send_signal(self, number: int) -> None:
        """Send a signal to the child; nothing happens once it has ended."""
        with self._lock:
            if self.poll() is None:
                with contextlib.suppress(ProcessLookupError):  # it ends just now
                    signal.pidfd_send_signal(self._descriptor, number)

    def terminate(self) -> None:
        """Ask the child to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the child at once."""
        self.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """Take no more notice of the child, which goes on. Without this it is done once its end was seen."""
        with self._lock:
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1
                self._connection.close()

    def __del__(self) -> None:
        # A requester that forgets a child leaves no descriptor behind.
        if getattr(self, "_lock", None) is not None:
            self.close()

    def _read_status(self) -> None:
        if self._descriptor < 0:
            self.returncode = UNKNOWN_END
            return
        served = True
        while served and self._message.body is None:
            try:
                served = self._message.receive(self._connection)
            except BlockingIOError:
                break
            except (OSError, ValueError):
                served = False
        if self._message.body is not None:
            code = self._message.body.get("code")
            self._end(UNKNOWN_END if code is None else int(code))
        elif self._has_ended():
            now = time.monotonic()
            self._ended_since = self._ended_since or now
            if not served or now - self._ended_since > _STATUS_PATIENCE:
                self._end(UNKNOWN_END)

    def _end(self, code: int) -> None:
        self.returncode = code
        self.close()

    def _has_ended(self) -> bool:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        return bool(poll.poll(0))

    def _await_change(self, timeout: float | None) -> None:
        with self._lock:
            if self._descriptor < 0:
                return
            poll = select.poll()
            # The server tells the end; of a child that has lost its server only the process itself can be watched.
            poll.register(self._connection, select.POLLIN)
            hung_up = _is_readable(self._connection)
            if hung_up:
                poll.unregister(self._connection)
                poll.register(self._descriptor, select.POLLIN)
            wait = 1.0 if timeout is None else min(timeout, 1.0)
        poll.poll(wait * 1000)


def request_fork(
    path: str,
    request: dict[str, Any],
    stdout: File = None,
    stderr: File = None,
    *,
    descriptors: Sequence[int] = (),
    timeout: float = 30.0,
) -> ForkedProcess:
    """Have the forking server at `path` fork a child for `request`, whose values JSON can say.

    `stdout` and `stderr` are the child's, by default this process's; `descriptors` are further open files for it.
    Raises OSError if there is no server, it can't fork or does not answer in `timeout` seconds: there is no child then.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout)
        connection.connect(path)
        files = [_number(stdout, 1), _number(stderr, 2), *descriptors]
        send(connection, {"do": "fork", "values": request}, files)
        answer = _receive(connection)
        assert answer.body is not None
        if "pid" not in answer.body or not answer.descriptors:
            answer.close()
            raise OSError(str(answer.body.get("error", "The forking server gave no child.")))
        with contextlib.suppress(OSError):  # the server may have died by now; the child is there
            connection.send(b"+")  # without a receipt the child is ended
    except BaseException:
        connection.close()
        raise
    connection.setblocking(False)
    descriptor = answer.descriptors.pop()
    answer.close()
    return ForkedProcess(int(answer.body["pid"]), descriptor, connection, answer.rest())


def retire_server(path: str, timeout: float = 5.0) -> None:
    """Have the forking server at `path` take no more requests, and end with its last child. Raises OSError."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        connection.connect(path)
        send(connection, {"do": "retire"})
        connection.recv(1)


def _receive(connection: socket.socket) -> Incoming:
    message = Incoming()
    try:
        while message.body is None:
            if not message.receive(connection):
                raise ConnectionError("The forking server ended before it answered.")
    except BaseException:
        message.close()
        raise
    return message


def _number(file: File, default: int) -> int:
    if file is None:
        return default
    if isinstance(file, int):
        return file
    with contextlib.suppress(AttributeError, ValueError):
        file.flush()
    return file.fileno()


def _is_readable(connection: socket.socket) -> bool:
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))
