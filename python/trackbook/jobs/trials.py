"""The trials of a sweep as its controller sees them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from trackbook.domain.job import JOB_ENDED, Job, JobStatus
from trackbook.domain.run import Run
from trackbook.domain.sweep import SweepSpec, objective_values, swept_params


@dataclass(slots=True)
class TrialState:
    """One trial. `run` is its run as the index has it, once that has ended; `last` the objective's last value.

    `is_settled` once all is known of it; `is_again` once it was known before, and is tried once more.
    """

    number: int
    params: dict[str, Any]
    job: Job | None = None
    run: Run | None = None
    last: float | None = None
    points: int = 0
    prune_reason: str | None = None
    is_settled: bool = False
    is_again: bool = False

    @property
    def status(self) -> JobStatus:
        """The state of its job; one that is to be tried again waits."""
        return self.job.status if self.job is not None else "queued"

    @property
    def is_open(self) -> bool:
        """Whether its job is there, and has not ended."""
        return self.job is not None and self.job.status not in JOB_ENDED

    @property
    def started(self) -> datetime | None:
        """When it began."""
        return self.job.started if self.job is not None else None

    @property
    def duration(self) -> float | None:
        """How many seconds it took; None while it has not ended."""
        job = self.job
        return (job.ended - job.started).total_seconds() if job and job.started and job.ended else None

    def values(self, spec: SweepSpec) -> list[float | None]:
        """Return the last value of each objective."""
        return objective_values(spec, self.run)


@dataclass(slots=True)
class SweepProgress:
    """A sweep that is being worked off, for who shows it: the same object each time, told anew.

    `trials` holds those that were begun, by number; `best` the numbers of the best; `seconds` since it was begun.
    """

    sweep_id: str
    spec: SweepSpec
    trials: dict[int, TrialState] = field(default_factory=dict)
    best: list[int] = field(default_factory=list)
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    def count(self, status: JobStatus) -> int:
        """Return how many trials are in a state."""
        return sum(trial.status == status for trial in self.trials.values())


def known_trials(spec: SweepSpec, jobs: Mapping[int, Job]) -> dict[int, TrialState]:
    """Return the trials of which there are jobs."""
    return {
        number: TrialState(number, swept_params(spec.space, job), job) for number, job in sorted(jobs.items())
    }
