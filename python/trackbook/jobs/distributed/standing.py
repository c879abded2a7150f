"""A worker that stands in the foreground and has a Dask cluster run what is queued for one."""

import time
from collections.abc import Callable

from trackbook.domain.job import JOB_ENDED, Job
from trackbook.jobs.distributed.cluster import Cluster
from trackbook.jobs.distributed.crew import DaskCrew
from trackbook.services.queues import open_queue
from trackbook.store.paths import StorePaths

OnEvent = Callable[[str, str], None]
_LOOK_EVERY = 0.5
_PATIENCE = 30.0


class StandingCrew:
    """Hands whatever waits for a Dask cluster to one, `parallel` jobs at a time; None leaves it to the cluster.

    It ends when nothing has waited for `idle` seconds; with None it stands until it is told to end. A sibling of
    `StandingWorker`. Raises StoreError where the workers that are there can't work on the store.
    """

    def __init__(
        self,
        store: StorePaths,
        cluster: Cluster,
        *,
        parallel: int | None = None,
        idle: float | None = None,
        on_notice: Callable[[str], None] = lambda sentence: None,
    ) -> None:
        self._idle = idle
        self._queueing = open_queue(store)
        self._known: dict[str, Job] = {}
        self._drains = False
        self._stopped_at: float | None = None
        try:
            self._crew = DaskCrew(store, cluster, parallel=parallel, on_notice=on_notice)
        except BaseException:
            self._queueing.close()
            raise

    def follow(self, tell: OnEvent) -> int:
        """Call `tell` with "began" or "ended" and a job's id as it happens; returns 0 at the end.

        Ctrl-C leaves this with KeyboardInterrupt; it may be called again then. Raises InfrastructureError when the
        scheduler is gone.
        """
        quiet_since = time.monotonic()
        while True:
            if self._look(tell):
                quiet_since = time.monotonic()
            elif self._drains or (self._idle is not None and time.monotonic() - quiet_since > self._idle):
                return 0
            if self._stopped_at is not None and time.monotonic() - self._stopped_at > _PATIENCE:
                return 0
            time.sleep(_LOOK_EVERY)

    def drain(self) -> None:
        """Have it end once the jobs that run have ended: those that wait stay queued."""
        self._drains = True
        self._crew.hold({job.id for job in self._known.values() if job.status == "running"})

    def stop(self) -> None:
        """Have it cancel what runs, and end."""
        self.drain()
        self._stopped_at = time.monotonic()
        for job in self._known.values():
            if job.status == "running":
                self._queueing.jobs.cancel(job.id)

    def close(self) -> None:
        """Take back what has not begun."""
        self._crew.close()
        self._queueing.close()

    def _look(self, tell: OnEvent) -> bool:
        """Look how the jobs are; True while some are at work, or are to be."""
        jobs = self._queueing.jobs
        if not self._drains:
            waiting = jobs.list(status="queued", limit=None)
            # The trials of a sweep have workers of their own, but for late ones.
            trials = {job.id for job in waiting if job.spec.trial is not None and not job.spec.trial.late}
            queued = [job for job in waiting if job.spec.executor == "dask" and job.id not in trials]
            fresh = [job for job in reversed(queued) if job.id not in self._known]
            self._known |= {job.id: job for job in fresh}
            self._crew.add(fresh)
        present = jobs.get_many(list(self._known))
        self._crew.tend(present)
        for job in present:
            before = self._known[job.id]
            if job.status != before.status and before.status == "queued" and job.attempt:
                tell("began", job.id)
            if job.status in JOB_ENDED:
                tell("ended", job.id)
                del self._known[job.id]
            else:
                self._known[job.id] = job
        at_work = [job for job in self._known.values() if job.status == "running"]
        return bool(at_work if self._drains else self._known)
