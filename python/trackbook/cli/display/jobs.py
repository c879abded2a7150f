"""Jobs and the parameters of notebooks as tables."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from rich.table import Table

from trackbook.cli.display.symbols import status_text
from trackbook.cli.display.tables import make_table, to_column
from trackbook.domain.formatting import format_duration, format_relative, format_value, one_line
from trackbook.domain.job import AttemptOutcome, Job, JobAttempt
from trackbook.domain.parameter import Parameter, expectation

OUTCOME_WORDS: dict[AttemptOutcome | None, str] = {
    "finished": "finished",
    "cancelled": "cancelled",
    "pruned": "pruned",
    "failed": "a cell raised",
    "timed_out": "the time ran out",
    "memory": "over the memory limit",
    "died": "the kernel died",
    "not_started": "the kernel did not start",
    "lost": "its worker was lost",
}


def jobs_table(jobs: Sequence[Job]) -> Table:
    """Return jobs as a table, a row a job."""
    causes = [cause_text(job) for job in jobs]
    tries = [
        f"{job.attempt}/{max(job.attempt, job.spec.retries + 1)}" if job.attempt > 1 else "" for job in jobs
    ]
    progress = [f"{job.cell}/{job.cells}" if job.status == "running" and job.cells else "" for job in jobs]
    places = [str(job.position) if job.position else "" for job in jobs]
    waits = [one_line(job.waiting or "", 160) for job in jobs]
    values = [one_line(describe_params(job.spec.params), 100) for job in jobs]
    return make_table(
        [
            to_column("Job", [short_job_id(job) for job in jobs]),
            to_column("Status", [status_text(job.status) for job in jobs]),
            *([to_column("Cause", causes, rank=1)] if any(causes) else []),
            *([to_column("Attempt", tries, justify="right", rank=2)] if any(tries) else []),
            *([to_column("Next", places, justify="right", rank=2)] if any(places) else []),
            *([to_column("Cells", progress, justify="right", rank=1)] if any(progress) else []),
            to_column("Notebook", [PurePath(job.spec.path).name for job in jobs], rank=3),
            to_column("Parameters", values, rank=4, shrinks=True),
            *([to_column("Waits for", waits, rank=3, shrinks=True)] if any(waits) else []),
            to_column("Time", [format_duration(job_duration(job)) for job in jobs], justify="right", rank=2),
            to_column("Submitted", [format_relative(job.submitted) for job in jobs], justify="right", rank=2),
        ]
    )


def parameters_table(parameters: Sequence[Parameter]) -> Table:
    """Return what a notebook's parameters cell declares as a table."""
    return make_table(
        [
            to_column("Parameter", [one_line(parameter.name, 40) for parameter in parameters]),
            to_column("Takes", [one_line(expectation(parameter), 40) for parameter in parameters]),
            to_column("Default", [_default(parameter) for parameter in parameters], justify="right"),
            to_column(
                "Help", [one_line(parameter.help, 200) for parameter in parameters], rank=1, shrinks=True
            ),
        ]
    )


def describe_attempt(job: Job, attempt: JobAttempt) -> str:
    """Return on one line how an attempt failed after which the job is begun again."""
    most = max(attempt.number + 1, job.spec.retries + 1)
    why = OUTCOME_WORDS[attempt.outcome]
    said = f": {one_line(attempt.error.evalue, 200)}" if attempt.error is not None else ""
    return f"Attempt {attempt.number} of {most}: {why}{said} It is begun again."


def cause_text(job: Job) -> str:
    """Return what kind of failure a job's is, in words; empty for a job that has not failed, or whose cell raised."""
    return OUTCOME_WORDS[job.cause] if job.cause not in (None, "failed") else ""


def describe_params(params: Mapping[str, Any]) -> str:
    """Return parameters on one line: `lr=0.1, depth=8`."""
    return ", ".join(f"{key}={format_value(value)}" for key, value in params.items())


def short_job_id(job: Job) -> str:
    """Return the end of a job's id, which is enough to name the job; jobs of a sweep have the same beginning."""
    return job.id[-8:]


def job_duration(job: Job) -> float | None:
    """Return how many seconds a job took; None while it has not ended."""
    return (job.ended - job.started).total_seconds() if job.started and job.ended else None


def _default(parameter: Parameter) -> str:
    if parameter.format == "secret":
        return "hidden"
    # Without a literal there is no default to show: the notebook computes it.
    return (
        "computed"
        if parameter.type == "any" and parameter.default is None
        else one_line(format_value(parameter.default), 40)
    )
