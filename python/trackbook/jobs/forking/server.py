"""The forking server: a process of one thread that forks a child for each request, and tells how that ended."""

import contextlib
import gc
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from typing import Any, NamedTuple

from trackbook.jobs.forking.wire import Incoming, send

_BACKLOG = 128
_PATIENCE = 10.0  # seconds for a request to arrive in full
_LOOK_EVERY = 1.0


class ForkRequest(NamedTuple):
    """What a child was forked for: the requester's values, its process, and open files beside stdout and stderr."""

    values: dict[str, Any]
    requester: int
    descriptors: list[int]


def listen(path: str) -> socket.socket:
    """Return a socket that listens at `path`; who sees the path can connect to it at once. Raises OSError."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    draft = f"{path}.{os.getpid()}"
    try:
        listener.bind(draft)
        listener.listen(_BACKLOG)
        os.rename(draft, path)  # noqa: PTH104  # a path of a socket, which is a text
    except OSError:
        listener.close()
        with contextlib.suppress(OSError):
            os.unlink(draft)  # noqa: PTH108
        raise
    return listener


def serve_forks(
    path: str,
    handle: Callable[[ForkRequest], int | None],
    *,
    owner: int | None = None,
    idle: float | None = None,
    listener: socket.socket | None = None,
) -> None:
    """Listen at `path` and fork a child for each request; in the child, leave with what `handle` returns.

    A child is the first process of a session of its own, its stdin is empty, its stdout and stderr are the requester's.
    It leaves by SystemExit through the caller, as a program that comes to its end, with the exit code of `handle`.
    In the server this returns once `idle` seconds have passed without request and child, or once its children have
    ended after process `owner` has, or after it was asked to retire: not only its owner may wait for them. The path is
    taken away when it takes no more requests.
    Raises OSError if it can't listen, RuntimeError if this process has other threads.
    """
    import threading

    if threading.active_count() > 1:
        raise RuntimeError(f"A process that forks has one thread; this one has {threading.active_count()}.")
    server = _Server(path, listener or listen(path), owner, idle)
    try:
        request = server.run()
    finally:
        server.close()
    if request is not None:
        sys.exit(handle(request))


class _Child:
    def __init__(self, pid: int, descriptor: int, connection: socket.socket) -> None:
        self.pid, self.descriptor, self.connection = pid, descriptor, connection
        self.is_asked = False  # whether its requester knows it


class _Waiting:
    def __init__(self) -> None:
        self.message = Incoming()
        self.since = time.monotonic()


class _Server:
    def __init__(self, path: str, listener: socket.socket, owner: int | None, idle: float | None) -> None:
        self._path, self._listener, self._idle = path, listener, idle
        self._pid = os.getpid()
        self._inode = os.stat(path).st_ino  # noqa: PTH116
        self._selector = selectors.PollSelector()  # has no descriptor, which children would inherit
        self._waiting: dict[socket.socket, _Waiting] = {}
        self._children: dict[int, _Child] = {}
        self._retired = False
        self._quiet_since = time.monotonic()
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ, self._accept)
        self._owner: int | None = None
        if owner is not None:
            try:
                self._owner = os.pidfd_open(owner)
            except ProcessLookupError:
                self._retire()
            else:
                self._selector.register(self._owner, selectors.EVENT_READ, self._owner_ended)

    def run(self) -> ForkRequest | None:
        """Serve; returns a request in the child that was forked for it, None in the server once it is to end."""
        while not self._is_to_end():
            for key, _ in self._selector.select(_LOOK_EVERY):
                if self._selector.get_map().get(key.fd) is not key:  # closed for what came just before
                    continue
                request = key.data(key.fileobj)
                if request is not None:
                    return request  # type: ignore[no-any-return]  # what is registered returns a request or None
            self._drop_slow()
        return None

    def close(self) -> None:
        """Close what is the server's own; its path goes only with the server itself."""
        is_server = os.getpid() == self._pid
        if is_server:
            self._take_path_away()
        self._selector.close()
        self._listener.close()
        for connection, waiting in self._waiting.items():
            connection.close()
            waiting.message.close()
        for child in self._children.values():
            child.connection.close()
            os.close(child.descriptor)
        if self._owner is not None:
            os.close(self._owner)
        self._waiting, self._children, self._owner = {}, {}, None

    def _is_to_end(self) -> bool:
        if self._children or self._waiting:
            self._quiet_since = time.monotonic()
            return False
        return self._retired or (self._idle is not None and time.monotonic() - self._quiet_since > self._idle)

    def _owner_ended(self, owner: int) -> None:
        self._selector.unregister(owner)
        if not self._retired:
            self._retire()

    def _accept(self, _: Any) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:  # it hung up again, or no descriptor is left
            return
        connection.setblocking(False)
        if _peer(connection)[1] != os.getuid():
            connection.close()
            return
        self._waiting[connection] = _Waiting()
        self._selector.register(connection, selectors.EVENT_READ, self._read)

    def _read(self, connection: socket.socket) -> ForkRequest | None:
        message = self._waiting[connection].message
        try:
            goes_on = message.receive(connection)
        except BlockingIOError:
            return None
        except (OSError, ValueError):
            goes_on = False
        if goes_on and message.body is None:
            return None
        self._selector.unregister(connection)
        del self._waiting[connection]
        if message.body is not None and goes_on:
            return self._answer(connection, message)
        message.close()
        connection.close()
        return None

    def _answer(self, connection: socket.socket, message: Incoming) -> ForkRequest | None:
        body = message.body or {}
        if body.get("do") == "fork" and len(message.descriptors) >= 2 and not _has_hung_up(connection):
            return self._fork(connection, message, body)
        if body.get("do") == "retire":
            self._retire()
        message.close()
        connection.close()
        return None

    def _fork(self, connection: socket.socket, message: Incoming, body: dict[str, Any]) -> ForkRequest | None:
        requester = _peer(connection)[0]
        try:
            pid = os.fork()
        except OSError as error:
            with contextlib.suppress(OSError):
                send(connection, {"error": f"No process could be forked: {error}"})
            message.close()
            connection.close()
            return None
        if pid == 0:
            connection.close()
            self.close()
            return _enter_child(message, body, requester)
        message.close()
        descriptor = os.pidfd_open(pid)  # nobody but this process takes the child's end
        child = _Child(pid, descriptor, connection)
        self._children[pid] = child
        self._selector.register(descriptor, selectors.EVENT_READ, lambda _: self._reap(child))
        self._selector.register(connection, selectors.EVENT_READ, lambda _: self._take_receipt(child))
        with contextlib.suppress(OSError):
            send(connection, {"pid": pid}, [descriptor])
        return None

    def _take_receipt(self, child: _Child) -> None:
        """Hear from the requester that it knows its child; one that gave up before that has nobody who would end it."""
        try:
            is_known = bool(child.connection.recv(1))
        except BlockingIOError:
            return
        except OSError:
            is_known = False
        self._selector.unregister(child.connection)
        child.is_asked = True
        if not is_known:
            signal.pidfd_send_signal(child.descriptor, signal.SIGKILL)

    def _reap(self, child: _Child) -> None:
        try:
            _, status = os.waitpid(child.pid, os.WNOHANG)
            told: dict[str, int | None] = {"code": os.waitstatus_to_exitcode(status)}
        except ChildProcessError:  # somebody else in this process has taken it
            told = {"code": None}
        self._selector.unregister(child.descriptor)
        if not child.is_asked:  # its requester's receipt is on its way
            self._selector.unregister(child.connection)
        os.close(child.descriptor)
        del self._children[child.pid]
        with contextlib.suppress(OSError):
            send(child.connection, told)
        child.connection.close()

    def _retire(self) -> None:
        self._retired = True
        self._take_path_away()
        with contextlib.suppress(KeyError):
            self._selector.unregister(self._listener)
        self._listener.close()

    def _take_path_away(self) -> None:
        # Another server may listen at this path by now.
        with contextlib.suppress(OSError):
            if os.stat(self._path).st_ino == self._inode:  # noqa: PTH116
                os.unlink(self._path)  # noqa: PTH108

    def _drop_slow(self) -> None:
        now = time.monotonic()
        for connection, waiting in list(self._waiting.items()):
            if now - waiting.since > _PATIENCE:
                self._selector.unregister(connection)
                del self._waiting[connection]
                waiting.message.close()
                connection.close()


def _enter_child(message: Incoming, body: dict[str, Any], requester: int) -> ForkRequest:
    os.setsid()
    with contextlib.suppress(OSError, ValueError):  # what waits in a buffer is not the child's
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    stdout, stderr, *others = message.descriptors
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    for descriptor in (stdout, stderr):
        os.close(descriptor)
    gc.enable()
    return ForkRequest(body.get("values") or {}, requester, others)


def _peer(connection: socket.socket) -> tuple[int, int]:
    """Return the id of the process at the other end, and of its user."""
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    pid, uid = (int.from_bytes(data[start : start + 4], sys.byteorder) for start in (0, 4))
    return pid, uid


def _has_hung_up(connection: socket.socket) -> bool:
    try:
        return not connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return False
    except OSError:
        return True
