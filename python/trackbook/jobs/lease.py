"""What a worker does beside a running job: it keeps the lease, tells the progress, and hears of a cancellation."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from trackbook.domain.cell import CellStatus
from trackbook.domain.job import Job
from trackbook.errors import AccessDenied, StoreError, TrackbookError
from trackbook.jobs.collisions import Collisions
from trackbook.services.queue import RENEW, JobQueue

_LOOK_EVERY = 0.25
_COLLIDE_EVERY = 1.0


class JobLease:
    """An observer of a job's execution, with a thread of its own while it is entered.

    `on_cancel` is called from that thread, again and again, once the job is to end; `is_wanted` is asked whether it
    still is wanted. `is_lost` tells that another worker has taken the job over, as nobody had heard of this one.
    """

    def __init__(
        self,
        queue: JobQueue,
        job: Job,
        on_cancel: Callable[[], None],
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        self._queue, self._job = queue, job
        self._on_cancel, self._is_wanted = on_cancel, is_wanted
        self._ended = threading.Event()
        self._progress: tuple[int, int] | None = None
        self._shown: dict[str, Any] | None = None
        self.is_lost = False
        self._collisions = Collisions(queue, job)
        self._thread = threading.Thread(target=self._watch, name="trackbook-lease", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        if not self.is_lost:
            with contextlib.suppress(TrackbookError, OSError):
                self._collisions.look()

    def kernel_ready(self, tracks: bool) -> None:
        """Hear that the kernel answers."""

    def cell_started(self, position: int, total: int, cell: dict[str, Any]) -> None:
        """Hear that a cell begins."""
        self._progress = (position, total)

    def cell_finished(self, cell: dict[str, Any], status: CellStatus, duration: float) -> None:
        """Hear that a cell has ended."""

    def cell_shown(self, cell: dict[str, Any]) -> None:
        """Hear what the cell that runs has shown so far; `outputs` are such that they can be stored."""
        self._shown = cell

    def _tell_shown(self) -> None:
        shown, self._shown = self._shown, None
        if shown is not None:
            self._queue.note_shown(self._job, shown.get("id"), shown["outputs"], shown["truncated"])

    def _watch(self) -> None:
        told: tuple[int, int] | None = None
        renewed = looked = time.monotonic()
        while not self._ended.wait(_LOOK_EVERY):
            try:
                if (progress := self._progress) is not None and progress != told:
                    self._queue.note_progress(self._job, *progress)
                    told = progress
                self._tell_shown()
                if time.monotonic() - renewed > RENEW:
                    self.is_lost = not self._queue.keep(self._job) or self.is_lost
                    renewed = time.monotonic()
                if time.monotonic() - looked > _COLLIDE_EVERY:
                    self._collisions.look()
                    looked = time.monotonic()
                # Said again as long as the job lasts: it may not have come to what can be cancelled yet.
                if self.is_lost or not self._is_wanted() or self._queue.is_cancel_requested(self._job):
                    self._on_cancel()
            except (
                StoreError,
                AccessDenied,
            ):  # an index that is locked or made anew; the lock keeps the job ours
                continue
            except Exception:  # a server's fault, or a file's: without the lease the job would be run twice
                logging.getLogger(__name__).warning("The lease could not be looked after.", exc_info=True)
