"""Opening a store's queue and jobs, wherever the store is: in a folder, in a database, or behind a server."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from trackbook.config import Settings
from trackbook.errors import StoreError
from trackbook.services.catchup import catch_up
from trackbook.services.ingester import ensure_ingester, is_served
from trackbook.services.jobs import Jobs
from trackbook.services.opening import open_place
from trackbook.services.queue import JobQueue
from trackbook.services.workers import Workers
from trackbook.store.distant_blobs import DistantBlobs
from trackbook.store.paths import StorePaths
from trackbook.store.place import Place

# For so long a run's records are carried to a store elsewhere before its job's outcome is said.
_SENDING_SECONDS = 600.0
_LOOK_EVERY = 0.1


@dataclass(frozen=True)
class Queueing:
    """A store's jobs, and its queue as a worker sees it.

    `place` is None where the store is behind a server. `close` ends the connections.
    """

    jobs: Jobs
    queue: JobQueue
    workers: Workers
    place: Place | None
    close: Callable[[], None]

    def deliver(self) -> None:
        """See to it that what was recorded on this machine is where others read it, content first.

        A job's outcome must not be known before: its worker's machine may be gone then. Behind a server, the queue does
        so by itself. Raises StoreError where it can't be done.
        """
        place = self.place
        if place is None:
            return
        blobs = place.blobs
        deadline = time.monotonic() + _SENDING_SECONDS
        if place.shared and not catch_up(place, timeout=_SENDING_SECONDS):
            raise StoreError(place.paths.remote, "what the job recorded could not be sent there in time")
        # Where content may lag behind the records, the ingester sends it; two processes must not.
        while isinstance(blobs, DistantBlobs) and blobs.may_lag and next(blobs.waiting(), None) is not None:
            if time.monotonic() > deadline:
                raise StoreError(place.paths.remote, "the job's files could not be sent there in time")
            ensure_ingester(place.paths)
            time.sleep(_LOOK_EVERY)


def open_queue(
    store: StorePaths,
    *,
    sweep_id: str | None = None,
    job_ids: Sequence[str] | None = None,
    worker: str | None = None,
    supervisor: int | None = None,
    memory: int | None = None,
    capacity: int = 1,
    settings: Settings | None = None,
) -> Queueing:
    """Open the queue of a store, or of the one for which `store` is the spool; the arguments are those of `JobQueue`.

    Behind a server nobody shares `memory` out.

    Raises StoreError if it can't be opened.
    """
    if not is_served(store.remote):
        place = open_place(store, settings)
        queue = JobQueue(
            place,
            sweep_id=sweep_id,
            job_ids=job_ids,
            worker=worker,
            supervisor=supervisor,
            memory=memory,
            capacity=capacity,
        )
        return Queueing(Jobs(place), queue, Workers(place), place, place.close)
    from trackbook.services.remote.connection import Connection
    from trackbook.services.remote.jobs import RemoteJobs
    from trackbook.services.remote.queue import RemoteQueue
    from trackbook.services.remote.workers import RemoteWorkers

    settings = settings or Settings.load()
    connection = Connection(store.remote or "", settings.token)
    remote = RemoteQueue(
        store, connection, sweep_id=sweep_id, job_ids=job_ids, worker=worker, supervisor=supervisor
    )
    workers = RemoteWorkers(connection.another())
    return Queueing(RemoteJobs(store, connection), remote, workers, None, connection.close)
