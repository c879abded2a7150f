"""What forking servers and those who ask them say to each other: JSON with a length before it, and open files."""

import array
import json
import os
import socket
import sys
from typing import Any

MAX_DESCRIPTORS = 32
_LENGTH = 4
_MAX_BODY = 64_000_000


class Incoming:
    """A message that arrives piece by piece. `body` is None until it is whole; `descriptors` came with it."""

    def __init__(self) -> None:
        self.body: dict[str, Any] | None = None
        self.descriptors: list[int] = []
        self._data = bytearray()

    def receive(self, connection: socket.socket) -> bool:
        """Take what there is; False once the other side has hung up. Raises OSError, or ValueError for nonsense."""
        room = socket.CMSG_LEN(MAX_DESCRIPTORS * array.array("i").itemsize)
        data, ancillary, _, _ = connection.recvmsg(65536, room, socket.MSG_CMSG_CLOEXEC)
        for level, kind, payload in ancillary:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                found = array.array("i")
                found.frombytes(payload[: len(payload) - len(payload) % found.itemsize])
                self.descriptors += found
        if not data:
            return False
        self._data += data
        if len(self._data) >= _LENGTH:
            length = int.from_bytes(self._data[:_LENGTH])
            if length > _MAX_BODY:
                raise ValueError(f"a message of {length} bytes")
            if len(self._data) >= _LENGTH + length:
                self.body = json.loads(self._data[_LENGTH : _LENGTH + length])
                del self._data[: _LENGTH + length]
        return True

    def rest(self) -> "Incoming":
        """Return the next message, whose beginning may have come together with this one."""
        following = Incoming()
        following._data = self._data
        if len(self._data) >= _LENGTH and len(self._data) >= _LENGTH + int.from_bytes(self._data[:_LENGTH]):
            end = _LENGTH + int.from_bytes(self._data[:_LENGTH])
            following.body = json.loads(self._data[_LENGTH:end])
            del following._data[:end]
        return following

    def close(self) -> None:
        """Close the descriptors that came."""
        while self.descriptors:
            os.close(self.descriptors.pop())


def send(connection: socket.socket, body: dict[str, Any], descriptors: list[int] | None = None) -> None:
    """Send a message. Raises OSError."""
    data = json.dumps(body).encode()
    data = len(data).to_bytes(_LENGTH) + data
    if descriptors:
        sent = socket.send_fds(connection, [data], descriptors)
        data = data[sent:]
    if (
        data
    ):  # sending nothing would fail, too, where the other side has read it all, answered and hung up by now
        connection.sendall(data)


def can_fork() -> bool:
    """Tell whether forking servers work on this system: Linux, with descriptors of processes."""
    if sys.platform != "linux" or not hasattr(os, "pidfd_open"):
        return False
    try:
        os.close(os.pidfd_open(os.getpid()))
    except OSError:  # a kernel, or a sandbox, that does not know them
        return False
    return True
