"""Jobs on a Dask cluster that are waited for; a sibling of `trackbook.jobs.pool`."""

import time
from collections.abc import Callable, Sequence

from trackbook.domain.job import JOB_ENDED, Job
from trackbook.jobs.distributed.cluster import Cluster
from trackbook.jobs.distributed.crew import DaskCrew
from trackbook.jobs.pool import OnProgress, Outcomes
from trackbook.services.jobs import Jobs
from trackbook.services.queues import open_queue
from trackbook.store.paths import StorePaths

_LOOK_EVERY = 0.1
_LOOK_FAR_EVERY = 0.3
_PATIENCE = 30.0  # seconds for cancelled jobs to end


def run_jobs_on_dask(
    store: StorePaths,
    jobs: Sequence[Job],
    cluster: Cluster,
    *,
    parallel: int | None = None,
    on_progress: OnProgress | None = None,
    on_notice: Callable[[str], None] = lambda sentence: None,
) -> Outcomes:
    """Run submitted jobs on a Dask cluster and wait for all of them; as `run_jobs`.

    At most `parallel` are with the cluster at a time; None leaves it to the cluster. `on_notice` gets sentences for
    people. Raises StoreError where the workers can't work on the store, InfrastructureError when the scheduler is gone;
    jobs that have not ended are cancelled then.
    """
    queueing = open_queue(store)
    ids = [job.id for job in jobs]
    try:
        waiting = _Waiting(queueing.jobs, ids, _LOOK_FAR_EVERY if store.remote else _LOOK_EVERY, on_progress)
        crew: DaskCrew | None = None
        interrupted = False
        try:
            crew = DaskCrew(store, cluster, parallel=parallel, on_notice=on_notice)
            crew.add(jobs)
            waiting.wait(crew.tend)
        except KeyboardInterrupt:
            interrupted = True
            waiting.cancel(crew.tend if crew is not None else lambda present: None)
        except Exception:
            waiting.cancel(lambda present: None, patience=0.0)
            raise
        finally:
            if crew is not None:
                crew.close()
        return Outcomes(queueing.jobs.get_many(ids), interrupted)
    finally:
        queueing.close()


class _Waiting:
    """Waits for jobs, and tells how they are."""

    def __init__(self, jobs: Jobs, ids: list[str], every: float, on_progress: OnProgress | None) -> None:
        self._jobs, self._ids, self._every = jobs, ids, every
        self._on_progress = on_progress or (lambda present: None)
        self._seen: list[Job] = []

    def wait(self, tend: Callable[[Sequence[Job]], None], patience: float | None = None) -> None:
        """Wait until all have ended, or for `patience` seconds; `tend` is called with how they are."""
        deadline = None if patience is None else time.monotonic() + patience
        while True:
            looked = time.monotonic()
            present = self._jobs.get_many(self._ids)
            if present != self._seen:
                self._seen = present
                self._on_progress(present)
            tend(present)
            if all(job.status in JOB_ENDED for job in present):
                return
            if deadline is not None and time.monotonic() > deadline:
                return
            time.sleep(max(self._every, 5 * (time.monotonic() - looked)))

    def cancel(self, tend: Callable[[Sequence[Job]], None], patience: float = _PATIENCE) -> None:
        """Have all end that have not, and wait for that."""
        for job in self._jobs.get_many(self._ids):
            if job.status not in JOB_ENDED:
                self._jobs.cancel(job.id)
        self.wait(tend, patience)
