"""Artifacts that are stored beside the work, because their user does not want to wait for them."""

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from trackbook.services.warning import warn

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor


class Uploads:
    """Stores one after the other, in a thread of its own. What fails there warns, since nobody could catch it."""

    def __init__(self) -> None:
        self._pool: ThreadPoolExecutor | None = None
        self._waiting: list[Future[Any]] = []
        self._pid = os.getpid()

    def add(self, store: Callable[[], object]) -> None:
        """Call `store` soon; in a forked process, which has not this thread, at once."""
        if self._pid != os.getpid():
            store()
            return
        if self._pool is None:
            from concurrent.futures import ThreadPoolExecutor

            self._pool = ThreadPoolExecutor(1, thread_name_prefix="trackbook-artifacts")
        try:
            self._waiting.append(self._pool.submit(_attempt, store))
        except RuntimeError:  # the interpreter is ending, and takes no new work
            store()

    def wait(self) -> None:
        """Wait until all is stored."""
        if self._pid == os.getpid():
            while self._waiting:
                self._waiting[0].result()
                del self._waiting[0]


def _attempt(store: Callable[[], object]) -> None:
    try:
        store()
    except Exception as error:
        warn(f"Trackbook did not store an artifact: {error}", stacklevel=4)
