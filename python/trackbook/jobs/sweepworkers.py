"""The worker processes of a sweep, which stay as long as its controller has something for them."""

import os
import subprocess
import time

from trackbook.errors import InfrastructureError
from trackbook.jobs.pool import log_path, start_worker
from trackbook.services.opening import open_place
from trackbook.services.queue import JobQueue
from trackbook.store.paths import StorePaths

_PATIENCE = 20.0
# What a worker's death costs is made up for; if so many die one after the other, that has another cause.
_MOST_DEATHS = 8


class SweepWorkers:
    """Workers for up to `parallel` trials of a sweep at a time. They end with this process."""

    def __init__(self, store: StorePaths, sweep_id: str, parallel: int) -> None:
        self._store, self._sweep_id, self._parallel = store, sweep_id, parallel
        self._workers: list[subprocess.Popen[bytes]] = []
        self._deaths = 0

    def tend(self, wanted: int) -> None:
        """See to it that somebody works on `wanted` trials. Raises InfrastructureError if workers die at once."""
        ended = [worker for worker in self._workers if worker.poll() is not None]
        if ended:
            self._workers = [worker for worker in self._workers if worker.poll() is None]
            self._deaths += sum(worker.returncode != 0 for worker in ended)
            place = open_place(self._store)
            try:
                JobQueue(place, sweep_id=self._sweep_id).recover()
            finally:
                place.close()
        while len(self._workers) < min(wanted, self._parallel):
            if self._deaths > _MOST_DEATHS:
                raise InfrastructureError(
                    f"Workers end before their jobs do; see {log_path(self._store)} for what they said."
                )
            options = ["--sweep", self._sweep_id, "--parallel", str(self._parallel)]
            self._workers.append(start_worker(self._store, [*options, "--parent", str(os.getpid())]))

    def wait(self, seconds: float) -> None:
        """Wait so many seconds."""
        time.sleep(seconds)

    def end(self) -> None:
        """End the workers, and what they run."""
        for worker in self._workers:
            if worker.poll() is None:
                worker.terminate()
        for worker in self._workers:
            try:
                worker.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
