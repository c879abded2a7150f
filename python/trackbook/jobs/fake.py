"""An executor without kernels, for tests of what surrounds one."""

import threading
from collections.abc import Callable

from trackbook.domain.execution import Execution, Observer, Outcome


class FakeExecutor:
    """Plays executions instead of running them.

    `play` gets each execution, the observer, and an event that is set by `cancel`; by default all are finished.
    `executions` holds what was asked for.
    """

    def __init__(self, play: Callable[[Execution, Observer, threading.Event], Outcome] | None = None) -> None:
        self.executions: list[Execution] = []
        self._play = play or (lambda execution, observer, cancelled: Outcome("finished"))
        self._cancelled = threading.Event()

    def run(self, execution: Execution, observer: Observer) -> Outcome:
        """Play one execution."""
        self._cancelled = threading.Event()
        self.executions.append(execution)
        return self._play(execution, observer, self._cancelled)

    def cancel(self) -> None:
        """Set the event that the present play watches."""
        self._cancelled.set()
