"""The worker of a sweep, which stays as long as its controller has trials for it."""

from trackbook.errors import InfrastructureError
from trackbook.jobs.headstart import HeadStart
from trackbook.jobs.pool import end_worker, start_sweep_worker, sweep_options
from trackbook.services.queues import open_queue
from trackbook.store.bells import Bell
from trackbook.store.paths import StorePaths

# A worker replaces children that die by itself; if it dies so often, that has another cause.
_MOST_DEATHS = 8


class SweepWorkers:
    """A worker for up to `parallel` trials of a sweep at a time. It ends with this process."""

    def __init__(
        self, store: StorePaths, sweep_id: str, parallel: int, head_start: HeadStart | None = None
    ) -> None:
        self._store, self._sweep_id, self._parallel = store, sweep_id, parallel
        self._bell = Bell(self._store.bells)
        # One that was started before it was known what for.
        self._worker = head_start.take(sweep_options(sweep_id, parallel)) if head_start is not None else None
        self._deaths = 0

    def tend(self, wanted: int) -> None:
        """See to it that somebody works on `wanted` trials. Raises InfrastructureError if workers die at once."""
        if self._worker is not None and self._worker.poll() is not None:
            self._worker = None
            self._deaths += 1
            self._recover()
        if self._worker is not None or not wanted:
            return
        if self._deaths > _MOST_DEATHS:
            log = self._store.jobs / "worker.log"
            raise InfrastructureError(f"Workers end before their jobs do; see {log} for what they said.")
        self._worker = start_sweep_worker(self._store, self._sweep_id, self._parallel)

    def _recover(self) -> None:
        queueing = open_queue(self._store, sweep_id=self._sweep_id)
        try:
            queueing.queue.recover()
        finally:
            queueing.close()

    def wait(self, seconds: float) -> None:
        """Wait until a job has ended, or so many seconds."""
        self._bell.wait(seconds)

    def dismiss(self) -> None:
        """Tell the worker to end; what it runs is aborted."""
        if self._worker is not None and self._worker.poll() is None:
            self._worker.terminate()

    def end(self) -> None:
        """End the worker, and what it runs, and wait until that is done."""
        self._bell.close()
        if self._worker is not None:
            end_worker(self._worker)
