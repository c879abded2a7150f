"""The handle on an execution that goes on: how it is stopped from outside, and how it came out."""

import threading
from typing import Protocol

from trackbook.domain.execution import Outcome


class ExecutionAborted(Exception):
    """The execution was ended from outside."""


class Stoppable(Protocol):
    """What can be aborted from any thread."""

    def abort(self) -> None:
        """Have it end soon, as aborted."""


class Control:
    """Joins an executor with the engine that papermill calls. `outcome` is None until the execution has ended."""

    def __init__(self) -> None:
        self.outcome: Outcome | None = None
        self._running: Stoppable | None = None
        self._aborted = threading.Event()

    def bind(self, running: Stoppable) -> None:
        """Say what is to be aborted; it is, at once, if `abort` was called before."""
        self._running = running
        if self._aborted.is_set():
            running.abort()

    def abort(self) -> None:
        """Have the execution end soon, now or when it begins."""
        self._aborted.set()
        if self._running is not None:
            self._running.abort()
