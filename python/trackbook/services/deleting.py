"""Deleting runs for good: a record in the project's own journal says so, and the ingester takes all of it away."""

from collections.abc import Sequence

from trackbook.domain.clock import now
from trackbook.domain.job import JOB_ENDED
from trackbook.domain.records import RunDeleted
from trackbook.domain.run import Run
from trackbook.errors import Conflict
from trackbook.services.recorder import RunRecorder
from trackbook.services.runs import Runs
from trackbook.store.details import read_forks
from trackbook.store.jobs import read_job
from trackbook.store.owners import living_owner
from trackbook.store.paths import PROJECT_SUBJECT
from trackbook.store.place import Place


class Deleting:
    """Deletes runs of one store."""

    def __init__(self, place: Place, runs: Runs) -> None:
        self._place, self._runs = place, runs

    def delete(self, references: Sequence[str], *, even_untrashed: bool = False) -> list[Run]:
        """Delete runs with all that is theirs alone; returns them as they were. Blobs go with the next clean-up.

        Children stay, without their parent. The number of a deleted run is never given again. Raises, before anything
        is deleted, NotFound for an unknown run and Conflict for one that can't be deleted: it is not in the trash
        (unless `even_untrashed`), it is being written, its job has not ended, or a run outside these is forked from it.
        """
        chosen = {run.id: run for run in [self._runs.get(reference) for reference in references]}
        for run in chosen.values():
            if not run.trashed and not even_untrashed:
                raise Conflict(f"The run #{run.number} {run.name} is not in the trash; put it there first.")
            if (obstacle := self.obstacle(run, chosen)) is not None:
                raise Conflict(f"The run #{run.number} {run.name} can't be deleted: {obstacle}.")
        writer = RunRecorder.join(self._place.paths, PROJECT_SUBJECT, role="editor")
        try:
            for run in chosen.values():
                writer.append(RunDeleted(now(), run.id, self.job_of(run)))
        finally:
            writer.close()
        self._runs.refresh()
        return list(chosen.values())

    def obstacle(self, run: Run, doomed: "dict[str, Run] | frozenset[str]") -> str | None:
        """Return why a run can't be deleted together with the `doomed` ones; None if it can."""
        if run.status == "running" or living_owner(self._place.paths, run.id) is not None:
            return "it is being written"
        with self._place.database.read() as connection:
            job = read_job(connection, run.source.job_id) if run.source.job_id else None
            forks = [fork for fork in read_forks(connection, run.id) if fork not in doomed]
        if job is not None and job.spec.run_id == run.id and job.status not in JOB_ENDED:
            return "its job has not ended"
        if forks:
            numbers = ", ".join(f"#{self._runs.get(fork).number}" for fork in forks)
            return f"it shares its history with {numbers}, forked from it"
        return None

    def job_of(self, run: Run) -> str | None:
        """Return the job that goes with a run: not one that has made another run since."""
        if run.source.job_id is None:
            return None
        with self._place.database.read() as connection:
            job = read_job(connection, run.source.job_id)
        return job.id if job is not None and job.spec.run_id == run.id else None
