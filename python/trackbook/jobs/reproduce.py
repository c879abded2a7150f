"""Repeating a run as a job that somebody waits for."""

from msgspec import Struct

from trackbook.domain.environment import Environment
from trackbook.domain.job import Job
from trackbook.domain.reproduction import Reproduction, ReproductionOptions
from trackbook.errors import UsageError
from trackbook.jobs.environments import environment_name
from trackbook.jobs.pool import OnProgress, Outcomes, run_jobs
from trackbook.jobs.repetitions import TELLING
from trackbook.services.context import Services


class Repeated(Struct, frozen=True):
    """How a repetition came out: its job, and the verdict; None where it was cancelled, or could not be judged."""

    job: Job
    reproduction: Reproduction | None
    interrupted: bool


def submit_reproduction(
    services: Services, reference: str, options: ReproductionOptions, *, timeout: float | None = None
) -> Job:
    """Queue a job that repeats a run, in a built environment if asked for. Raises as `Reproducing.submit`."""
    kernel = environment_name(recorded_environment(services, reference)) if options.environment else None
    return services.reproducing.submit(reference, options, timeout=timeout, kernel=kernel)


def recorded_environment(services: Services, reference: str) -> Environment:
    """Return the environment that a run recorded; raises UsageError where its packages are not known."""
    detail = services.runs.detail(reference)
    if detail.environment is None or not detail.environment.packages:
        raise UsageError(
            f"The packages of run #{detail.run.number} are not recorded, so they can't be installed. "
            "Repeat it without --env."
        )
    return detail.environment


def wait_for_reproduction(services: Services, job: Job, on_progress: OnProgress | None = None) -> Repeated:
    """Run a queued repetition, wait for it, and return its verdict. Raises InfrastructureError if no worker starts."""
    outcomes: Outcomes = run_jobs(services.store, [job], on_progress=on_progress)
    services.runs.refresh(timeout=60.0)
    (ended,) = outcomes.jobs
    assert job.spec.reproduction is not None
    reproduction = services.runs.detail(job.spec.reproduction.run_id).reproduction
    if reproduction is None or reproduction.run_id != job.spec.run_id:
        # Its worker could not judge it; what is wrong there is better said here.
        tells = (ended.cause or ended.status) in TELLING
        reproduction = services.reproducing.conclude(ended) if tells else None
    return Repeated(ended, reproduction, outcomes.interrupted)
