"""The trials of a sweep on a Dask cluster, for a controller that adds some as others end."""

import time

from trackbook.domain.job import JOB_ENDED, Job, is_late
from trackbook.jobs.distributed.crew import DaskCrew
from trackbook.services.queues import open_queue
from trackbook.store.paths import StorePaths

_LOOK_EVERY = 0.1
_LOOK_FAR_EVERY = 0.3


class DaskTrials:
    """Has a crew work on whatever jobs of a sweep are queued."""

    def __init__(self, store: StorePaths, sweep_id: str, crew: DaskCrew) -> None:
        self._sweep_id, self._crew = sweep_id, crew
        self._queueing = open_queue(store)
        self._known: dict[str, Job] = {}
        self._every = _LOOK_FAR_EVERY if store.remote else _LOOK_EVERY
        self._next_look = 0.0

    def tend(self, wanted: int) -> None:
        """Hand out what waits, and see to what was handed out; `wanted` trials have not ended.

        Raises InfrastructureError when the scheduler is gone.
        """
        if time.monotonic() < self._next_look:
            return
        jobs = self._queueing.jobs
        queued = jobs.list(status="queued", limit=None, sweep_id=self._sweep_id) if wanted else []
        fresh = [job for job in reversed(queued) if job.id not in self._known and not is_late(job)]
        self._known |= {job.id: job for job in fresh}
        present = jobs.get_many(list(self._known))
        self._crew.add(fresh)
        self._crew.tend(present)
        for job in present:
            if job.status in JOB_ENDED:
                del self._known[job.id]
        self._next_look = time.monotonic() + self._every

    def wait(self, seconds: float) -> None:
        """Wait until something may have changed, so many seconds at most."""
        time.sleep(seconds)

    def dismiss(self) -> None:
        """Nothing: who has no trial to run is at rest."""

    def end(self) -> None:
        """Take back what has not begun."""
        self._crew.close()
        self._queueing.close()
