"""An event loop that can be forked: what it waits for is kept in the process, not in the kernel as with epoll."""

import asyncio
import contextlib
import selectors
import signal
from typing import Any


class ForkableLoop(asyncio.SelectorEventLoop):
    """A loop over poll(2). After a fork the child calls `renew` before it runs the loop again."""

    def __init__(self) -> None:
        super().__init__(selectors.PollSelector())
        self._wake_by_signals()

    def renew(self) -> None:
        """Give a forked child a pipe of its own to be woken by; with the inherited one it would wake its parent."""
        inner: Any = self
        with contextlib.suppress(ValueError, OSError):
            signal.set_wakeup_fd(-1)
        inner._close_self_pipe()
        inner._make_self_pipe()
        self._wake_by_signals()

    def _wake_by_signals(self) -> None:
        # An interrupt has to end a wait: without this the loop would sleep on until its next timer.
        inner: Any = self
        with contextlib.suppress(ValueError):  # not in the main thread
            signal.set_wakeup_fd(inner._csock.fileno(), warn_on_full_buffer=False)

    def open_tasks(self) -> int:
        """Return how many tasks wait to go on."""
        return sum(not task.done() for task in asyncio.all_tasks(self))
