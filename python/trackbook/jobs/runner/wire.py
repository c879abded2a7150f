"""What a runner and its client send each other over one stream socket: messages in the order in which they were made.

A frame is its length, the channel, and the parts of a Jupyter message as msgpack; text that a cell prints has a channel
of its own, since there is much of it: the stream's name, the request's id, the text.
"""

import socket
import threading
from typing import Literal

import msgspec

Channel = Literal["shell", "iopub", "control", "stream"]
Frame = tuple[Channel, list[bytes]]

_CHANNELS: tuple[Channel, ...] = ("shell", "iopub", "control", "stream")
_NUMBERS = {channel: bytes([number]) for number, channel in enumerate(_CHANNELS)}
_HEAD = 5  # four bytes for the length of what follows, one for the channel
_LARGEST = 2**32 - 1
_AT_A_TIME = 1 << 20
_encode = msgspec.msgpack.encode
_decoder = msgspec.msgpack.Decoder(list[bytes])


def pack(channel: Channel, parts: list[bytes]) -> bytes:
    """Return a frame as bytes. Raises ValueError for one that is larger than 4 GiB."""
    body = _encode(parts)
    if len(body) >= _LARGEST:
        raise ValueError(f"A message of {len(body)} bytes is more than a cell can show.")
    return (len(body) + 1).to_bytes(4, "little") + _NUMBERS[channel] + body


class FrameReader:
    """Takes bytes as they come and gives back the frames that are whole."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[Frame]:
        """Add bytes; return the frames that they complete."""
        rest = self._rest
        rest += data
        frames: list[Frame] = []
        start = 0
        with memoryview(rest) as view:
            while len(rest) - start >= _HEAD:
                end = start + 4 + int.from_bytes(view[start : start + 4], "little")
                if len(rest) < end:
                    break
                frames.append((_CHANNELS[view[start + 4]], _decoder.decode(view[start + _HEAD : end])))
                start = end
        del rest[:start]
        return frames


class Connection:
    """One end of the socket. Any thread may send; one reads."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._reader = FrameReader()
        self._lock = threading.Lock()
        self._held = b""

    def send(self, channel: Channel, parts: list[bytes]) -> None:
        """Send a frame whole. Raises OSError when nobody is there any more."""
        data = pack(channel, parts)
        with self._lock:
            data, self._held = self._held + data, b""
            self.socket.sendall(data)

    def hold(self, channel: Channel, parts: list[bytes]) -> None:
        """Have a frame go out with the next one: to wake the other side costs more than the frame itself."""
        data = pack(channel, parts)
        with self._lock:
            self._held += data

    def release(self) -> None:
        """Send what is held, if anything is. Raises OSError."""
        with self._lock:
            data, self._held = self._held, b""
            if data:
                self.socket.sendall(data)

    def receive(self, flags: int = 0) -> list[Frame] | None:
        """Return the frames that have come whole; waits for bytes, not for a frame. None at the end."""
        data = self.socket.recv(_AT_A_TIME, flags)
        return self._reader.feed(data) if data else None

    def renew_lock(self) -> None:
        """Make the lock anew in a forked child, in which nobody would ever release it."""
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close this end."""
        self.socket.close()
