"""Has jobs taken up that nobody works on: their worker died, or ended before the server was started again."""

import contextlib
import time

from trackbook.config import jobs_in
from trackbook.jobs.pool import ensure_workers
from trackbook.jobs.warm.folder import present_folder
from trackbook.jobs.warm.offering import offer_templates
from trackbook.services.context import Services
from trackbook.services.queue import JobQueue

SECONDS_BETWEEN_LOOKS = 5.0


class WorkerKeeper:
    """Starts a standing worker for a queue that stands still."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._queue = JobQueue(services.place)
        self._next_look = 0.0
        self._stood_still = False
        # Workers come and go as there are jobs; what they import is kept as long as the server is there.
        with contextlib.suppress(OSError):
            offer_templates(services.store, present_folder())

    def look(self) -> None:
        """Start a worker where jobs have waited since the last look while none ran; cheap enough for any moment."""
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + SECONDS_BETWEEN_LOOKS
        self._queue.recover()
        # Where one runs, its worker goes on with the next: perhaps that of a command line, which wants no help.
        jobs = self._services.jobs
        stands_still = bool(jobs.list("queued", 1)) and not jobs.list("running", 1)
        if stands_still and self._stood_still:
            ensure_workers(self._services.store, jobs_in(self._services.store.project))
        self._stood_still = stands_still
