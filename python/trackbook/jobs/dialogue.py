"""The dialogue with a kernel: requests, and what comes back for each of them, late messages included.

One reader a channel lives as long as the kernel, where nbclient makes three tasks a cell; and what a thread prints
after its cell has ended still comes to that cell.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

_AT_A_TIME = 64
Message = dict[str, Any]


class Exchange:
    """One request: `reply` has the kernel's answer, `idle` is done once all that it showed has come."""

    def __init__(self, loop: asyncio.AbstractEventLoop, take: Callable[[Message], None] | None) -> None:
        self.reply: asyncio.Future[Message] = loop.create_future()
        self.idle: asyncio.Future[None] = loop.create_future()
        self.take = take

    def fail(self, error: Exception) -> None:
        """End the wait for the answer with an error."""
        for future in (self.reply, self.idle):
            if not future.done():
                future.set_exception(error)
                future.exception()  # nobody may be waiting for it


class Dialogue:
    """Sends requests and hands out what comes back. Lives in one event loop."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._loop = asyncio.get_running_loop()
        self._exchanges: dict[str, Exchange] = {}
        self._present: Exchange | None = None
        self._broken: Exception | None = None
        self._readers = self._start_reading()

    def _start_reading(self) -> list[asyncio.Task[None]]:
        return [
            self._loop.create_task(self._read(self._client.iopub_channel, self._shown)),
            self._loop.create_task(self._read(self._client.shell_channel, self._replied)),
        ]

    def ask(
        self,
        code: str,
        metadata: dict[str, Any] | None = None,
        take: Callable[[Message], None] | None = None,
        **options: Any,
    ) -> Exchange:
        """Have the kernel execute `code`; `take` gets each message that it publishes for this, also later."""
        self._client.request_metadata = metadata or {}
        exchange = self._present = Exchange(self._loop, take)
        self._exchanges[self._client.execute(code, **options)] = exchange
        if self._broken is not None:
            exchange.fail(self._broken)
        return exchange

    def fail(self, error: Exception, *, lasting: bool = False) -> None:
        """End the wait for the present answer with an error, with `lasting` also that for all later ones."""
        if lasting:
            self._broken = error
        if self._present is not None:
            self._present.fail(error)

    async def close(self) -> None:
        """Read no more."""
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)

    async def _read(self, channel: Any, handle: Callable[[Exchange, Message], None]) -> None:
        session, socket = channel.session, channel.socket
        count = 0
        while True:
            frames = await socket.recv_multipart()
            count += 1
            if count % _AT_A_TIME == 0:
                # A message that is there already is received without a pause: others must have their turn, too.
                await asyncio.sleep(0)
            try:
                message = session.deserialize(session.feed_identities(frames)[1])
                exchange = self._exchanges.get(message["parent_header"].get("msg_id", ""))
            except Exception as error:
                if self._present is not None:
                    self._present.fail(error)
                continue
            if exchange is not None:
                handle(exchange, message)

    def _shown(self, exchange: Exchange, message: Message) -> None:
        if exchange.take is not None:
            try:
                exchange.take(message)
            except Exception as error:
                exchange.fail(error)
        if message["msg_type"] == "status" and message["content"].get("execution_state") == "idle":
            with contextlib.suppress(asyncio.InvalidStateError):
                exchange.idle.set_result(None)

    def _replied(self, exchange: Exchange, message: Message) -> None:
        if message["msg_type"] == "execute_reply" and not exchange.reply.done():
            exchange.reply.set_result(message)
