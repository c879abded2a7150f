"""Warns of jobs that run at the same time and write the same file: what it holds then is a matter of chance."""

import logging
from pathlib import PurePath

from trackbook.domain.job import Job
from trackbook.services.job_writes import WRITES, read_writes
from trackbook.services.queue import JobQueue

_MOST_NAMED = 3


class Collisions:
    """What a running job writes, held against the others'. Each of two that collide is warned by its own."""

    def __init__(self, queue: JobQueue, job: Job) -> None:
        self._queue, self._job = queue, job
        self._told: set[str] = set()

    def look(self) -> None:
        """Add a note to the job's run for each other job with which it has collided since the last look."""
        own = read_writes(self._queue.folder_of(self._job))
        if not own:
            return
        for other in self._queue.beside(self._job):
            if other.id in self._told or not (self._queue.folder_of(other) / WRITES).exists():
                continue
            both = sorted(own & read_writes(self._queue.folder_of(other)))
            if both:
                self._told.add(other.id)
                text = _describe(other, both)
                self._queue.warn(self._job, text)
                logging.getLogger(__name__).warning("Job %s: %s", self._job.id[-8:], text)


def _describe(other: Job, paths: list[str]) -> str:
    named = ", ".join(paths[:_MOST_NAMED]) + (" ..." if len(paths) > _MOST_NAMED else "")
    name = PurePath(other.spec.path).name
    return (
        f"Job {other.id[-8:]} ({name}), which ran at the same time, wrote {named}, too: what is there now is that of "
        "whichever came last. Write to run.output_dir, or make the path a parameter."
    )
