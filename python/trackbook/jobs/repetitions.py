"""What a worker does around a job that repeats a run: the environment before, the verdict behind."""

import logging
from functools import cached_property
from typing import TYPE_CHECKING

from trackbook.domain.job import AttemptOutcome, Job
from trackbook.store.place import Place

if TYPE_CHECKING:
    from trackbook.services.context import Services


# A kernel that did not start, and a worker that was lost, say nothing of the results.
TELLING: frozenset[str] = frozenset(("finished", "failed", "timed_out", "memory", "died"))


class Repetitions:
    """Prepares and concludes jobs that repeat runs; others pass untouched."""

    def __init__(self, place: Place) -> None:
        self._place = place

    @cached_property
    def _services(self) -> "Services":
        from trackbook.services.context import Services  # seldom needed, and a worker starts often

        return Services(self._place)

    def prepare(self, job: Job) -> None:
        """Build the environment that a job needs, unless it is there. Raises InfrastructureError if that can't be."""
        options = job.spec.reproduction
        if options is None or not options.environment:
            return
        from trackbook.jobs.environments import build_environment, environment_name

        environment = self._services.runs.detail(options.run_id).environment
        if environment is not None and job.spec.kernel == environment_name(environment):
            build_environment(environment)

    def conclude(self, job: Job, outcome: AttemptOutcome) -> None:
        """Judge a repetition that has ended. What goes wrong there is told in the log: the job itself has ended."""
        if job.spec.reproduction is None or outcome not in TELLING:
            return
        try:
            self._services.reproducing.conclude(job)
        except Exception:  # the job's own outcome must not be lost with it
            text = "The repetition of run %s could not be judged."
            logging.getLogger(__name__).exception(text, job.spec.reproduction.run_id)
