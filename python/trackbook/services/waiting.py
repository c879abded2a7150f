"""Why a job waits: how many come before it, and what else keeps it from being begun."""

from datetime import timedelta

import msgspec

from trackbook.domain.clock import now, to_datetime
from trackbook.domain.formatting import format_bytes
from trackbook.domain.job import Job, WorkerInfo
from trackbook.services.memory_share import expected_memory
from trackbook.services.workers import Workers
from trackbook.store import jobs as table
from trackbook.store.database import Connection
from trackbook.store.place import Place

# A worker that was started for a job just submitted may not have said yet that it is there.
_PATIENCE = timedelta(seconds=10)


class Waiting:
    """Tells of jobs that wait when it is their turn, and what they wait for."""

    def __init__(self, place: Place) -> None:
        self._database, self._workers = place.database, Workers(place)

    def explain(self, jobs: list[Job]) -> list[Job]:
        """Return the jobs, with `position` and `waiting` of those that wait."""
        waiting = [job for job in jobs if job.status == "queued"]
        if not waiting:
            return jobs
        workers = [worker for worker in self._workers.list() if worker.standing]
        with self._database.read() as connection:
            if len(waiting) == 1:
                places = {waiting[0].id: table.position(connection, waiting[0])}
            else:
                places = table.positions(connection)
            reasons = {job.id: self._reason(connection, job, workers) for job in waiting}
        return [
            msgspec.structs.replace(job, position=places.get(job.id), waiting=reasons[job.id])
            if job.id in reasons
            else job
            for job in jobs
        ]

    def _reason(self, connection: Connection, job: Job, workers: list[WorkerInfo]) -> str | None:
        moment = to_datetime(now())
        if job.not_before is not None and job.not_before > moment:
            at = job.not_before.astimezone()
            return f"Attempt {job.attempt} failed; the next one begins at {at:%H:%M:%S} at the earliest."
        if not workers:
            if moment - job.submitted < _PATIENCE or job.spec.sweep_id is not None:
                return None
            return "No worker is there; `trackbook worker` starts one."
        if any(worker.memory is None for worker in workers):
            return None
        expected = expected_memory(connection, job.spec)
        most = max(worker.memory or 0 for worker in workers)
        if expected is None:
            return None
        if job.spec.memory is not None and expected > most:
            return (
                f"Its limit is {format_bytes(expected)} of memory, and no worker has more than {format_bytes(most)}; "
                "start one with more, or submit it with a lower limit."
            )
        needed = min(expected, most)
        free = max(self._free(connection, worker) for worker in workers)
        if needed > free:
            return f"It may need {format_bytes(needed)} of memory; {format_bytes(free)} are free."
        return None

    def _free(self, connection: Connection, worker: WorkerInfo) -> int:
        return max(0, (worker.memory or 0) - table.reserved_memory(connection, f"{worker.id}/"))
