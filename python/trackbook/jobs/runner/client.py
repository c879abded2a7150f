"""A runner as its client sees it: requests and what comes back, over one socket and the pipes that it prints to."""

import asyncio
import contextlib
import os
import socket
from typing import Any

from trackbook.errors import KernelError
from trackbook.jobs.dialogue import Dialogue, Exchange, Message
from trackbook.jobs.runner.wire import Connection, Frame
from trackbook.jobs.session import open_session

_AT_A_TIME = 1 << 18
_TURNS = 32


class RunnerClient:
    """Sends a runner requests. `language_info` says what its kernel speaks."""

    def __init__(
        self, connection: Connection, pipes: dict[int, str], log: int, language_info: dict[str, Any]
    ) -> None:
        self.connection, self.pipes, self.log = connection, pipes, log
        self.language_info = language_info
        self.session = open_session()
        self.request_metadata: dict[str, Any] = {}

    def execute(self, code: str, **options: Any) -> str:
        """Have code executed as `JobKernelClient.execute` does; returns the request's id."""
        content = {
            "code": code,
            "silent": options.get("silent", False),
            "store_history": options.get("store_history", True),
            "user_expressions": options.get("user_expressions") or {},
            "allow_stdin": False,
            "stop_on_error": options.get("stop_on_error", True),
        }
        return self.send("shell", "execute_request", content, self.request_metadata)

    def send(
        self, channel: Any, kind: str, content: dict[str, Any], metadata: dict[str, Any] | None = None
    ) -> str:
        """Send any request; returns its id."""
        message = self.session.msg(kind, content, metadata=metadata or {})
        with contextlib.suppress(OSError):  # it has died, which its watch tells
            self.connection.send(channel, self.session.serialize(message))
        return str(message["header"]["msg_id"])

    def stop_channels(self) -> None:
        """Close the socket and the pipes."""
        self.connection.close()
        for descriptor in self.pipes:
            with contextlib.suppress(OSError):
                os.close(descriptor)
        self.pipes = {}


class RunnerDialogue(Dialogue):
    """The dialogue with a runner; `ask_control` is for requests about its process.

    What is in a pipe was written after everything that the socket holds: the runner sends nothing before the pipes
    are empty. So the order in which a cell shows things is kept.
    """

    def __init__(self, client: RunnerClient) -> None:
        self._runner = client
        self._controls: dict[str, asyncio.Future[Message]] = {}
        self._is_closed = False
        super().__init__(client)

    async def ask_control(self, kind: str, content: dict[str, Any], timeout: float) -> dict[str, Any]:
        """Send a request about the process and return the answer; raises KernelError if none comes in time."""
        future: asyncio.Future[Message] = self._loop.create_future()
        self._controls[self._runner.send("control", f"{kind}_request", content)] = future
        try:
            answer = await asyncio.wait_for(future, timeout)
        except TimeoutError:
            raise KernelError(f"The runner did not answer to {kind!r} within {timeout:g} seconds.") from None
        return dict(answer["content"])

    async def close(self) -> None:
        """Read no more."""
        if not self._is_closed:
            self._ready()  # what it showed at its very end
            self._is_closed = True
            for source in self._sources():
                self._loop.remove_reader(source)

    def _start_reading(self) -> list[asyncio.Task[None]]:
        for source in self._sources():
            self._loop.add_reader(source, self._ready)
        return []

    def _sources(self) -> list[int]:
        return [self._runner.connection.socket.fileno(), *self._runner.pipes]

    def _ready(self) -> None:
        if self._is_closed:
            return
        if self._read_frames():
            self._read_pipes()

    def _read_frames(self) -> bool:
        """Read what the socket holds; True if that was all."""
        for _ in range(_TURNS):
            try:
                frames = self._runner.connection.receive(socket.MSG_DONTWAIT)
            except (BlockingIOError, InterruptedError):
                return True
            except OSError:
                frames = None
            if frames is None:
                self._loop.remove_reader(self._runner.connection.socket)
                return True
            for frame in frames:
                self._take(frame)
        return False

    def _take(self, frame: Frame) -> None:
        channel, parts = frame
        if channel == "stream":
            self._print(parts[0].decode(), parts[1].decode(), parts[2])
            return
        session = self._runner.session
        try:
            message = session.deserialize(session.feed_identities(parts)[1])
        except Exception as error:  # a message that can't be read ends the cell, not the worker
            self.fail(error)
            return
        identity = message["parent_header"].get("msg_id", "")
        if channel == "control":
            future = self._controls.pop(identity, None)
            if future is not None and not future.done():
                future.set_result(message)
        elif (exchange := self._exchanges.get(identity)) is not None:
            (self._shown if channel == "iopub" else self._replied)(exchange, message)

    def _print(self, name: str, identity: str, data: bytes) -> None:
        exchange = self._exchanges.get(identity) or self._present
        if exchange is not None:
            self._shown(exchange, _stream(name, identity, data.decode("utf-8", "replace")))

    def _read_pipes(self) -> None:
        for descriptor, name in list(self._runner.pipes.items()):
            data = read_pipe(descriptor)
            if data is None:
                self._loop.remove_reader(descriptor)
                self._runner.pipes.pop(descriptor)
                os.close(descriptor)
            elif data:
                # In the log, too, as an ordinary kernel has it: it is all that is left where the worker dies as well.
                with contextlib.suppress(OSError):
                    os.write(self._runner.log, data)
                self._print(name, self._identity_of(self._present), data)

    def _identity_of(self, present: Exchange | None) -> str:
        return next((key for key, exchange in self._exchanges.items() if exchange is present), "")


def read_pipe(descriptor: int) -> bytes | None:
    """Return what a pipe holds, at most a quarter of a megabyte; None at its end."""
    try:
        return os.read(descriptor, _AT_A_TIME) or None
    except (BlockingIOError, InterruptedError):
        return b""
    except OSError:
        return None


def _stream(name: str, identity: str, text: str) -> Message:
    return {
        "header": {"msg_type": "stream"},
        "msg_type": "stream",
        "parent_header": {"msg_id": identity},
        "metadata": {},
        "content": {"name": name, "text": text},
        "buffers": [],
    }


def make_pair() -> tuple[socket.socket, socket.socket]:
    """Return the client's end of a connection, and the runner's."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
