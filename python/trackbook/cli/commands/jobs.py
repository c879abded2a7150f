"""`trackbook jobs`: the queue."""

from typing import TYPE_CHECKING, get_args

import click

from trackbook.cli.display.joblog import JobTeller
from trackbook.cli.display.jobs import jobs_table, short_job_id
from trackbook.cli.exits import FINE, WORK_FAILED
from trackbook.cli.options import json_option
from trackbook.cli.output import print_data, print_json, say
from trackbook.cli.project import open_project
from trackbook.domain.job import JOB_ENDED, Job, JobStatus
from trackbook.errors import UsageError

if TYPE_CHECKING:
    from trackbook.services.jobs import Jobs

_SHOWN = 20
_LOOK_EVERY = 0.5


@click.group(invoke_without_command=True)
@click.option("--status", type=click.Choice(get_args(JobStatus)), help="List those in this state.")
@click.option(
    "--limit", type=click.IntRange(min=1), help=f"List at most so many; by default {_SHOWN}, with --json all."
)
@json_option
@click.pass_context
def jobs(context: click.Context, status: JobStatus | None, limit: int | None, as_json: bool) -> None:
    """List jobs, those submitted last first."""
    if context.invoked_subcommand is not None:
        if status is not None or limit is not None or as_json:
            raise click.UsageError(
                "--status, --limit and --json are for the list, without another word behind."
            )
        return
    found = open_project().jobs.list(status=status, limit=limit or (None if as_json else _SHOWN))
    if as_json:
        print_json(found)
    elif found:
        print_data(jobs_table(found))
    else:
        say("No jobs. `trackbook run NOTEBOOK` makes one.")


@jobs.command()
@click.argument("job", metavar="JOB")
@click.option("--follow", "-f", is_flag=True, help="Go on until the job has ended, and print what comes.")
def logs(job: str, follow: bool) -> int:
    """Print what a job has shown so far, cell by cell, and what its kernel itself has printed.

    With --follow it exits as `trackbook run` does: with 1 if the job failed.
    """
    from trackbook.store.bells import Bell

    project = open_project()
    teller = JobTeller(project, project.jobs.find(job).id)
    bell = Bell(project.store.bells)
    try:
        while True:
            has_ended = teller.tell()
            if has_ended or not follow:
                break
            bell.wait(_LOOK_EVERY)
    finally:
        bell.close()
    return WORK_FAILED if follow and project.jobs.get(teller.job_id).status == "failed" else FINE


@jobs.command()
@click.argument("references", metavar="JOB...", nargs=-1)
@click.option("--all", "of_all", is_flag=True, help="Cancel all jobs that wait or run.")
def cancel(references: tuple[str, ...], of_all: bool) -> None:
    """Cancel jobs that wait or run. Their runs are marked as aborted."""
    project = open_project()
    if of_all == bool(references):
        raise click.UsageError("Name the jobs, or give --all.")
    if of_all:
        # Those that wait first: a worker whose job is cancelled would take up the next.
        found = [job for status in ("queued", "running") for job in project.jobs.list(status, None)]
    else:
        found = [project.jobs.find(reference) for reference in references]
    for job in found:
        after = project.jobs.cancel(job.id)
        word = {
            "cancelled": "is cancelled.",
            "finished": "has finished before.",
            "failed": "has failed before.",
        }
        say(f"Job {short_job_id(job)} {word.get(after.status, 'is being ended.')}")
    if not found:
        say("No job waits or runs.")


@jobs.command()
@click.argument("references", metavar="JOB...", nargs=-1)
@click.option(
    "--failed", is_flag=True, help="All that failed in the last sweep, or without one in the last day."
)
@json_option
def retry(references: tuple[str, ...], failed: bool, as_json: bool) -> None:
    """Queue jobs that ended once more, with the same notebook and parameters; returns at once.

    Each becomes a new job with a run of its own. Jobs that were tried again already are no more among the failed.
    """
    from trackbook.config import jobs_in
    from trackbook.jobs.pool import ensure_workers

    project = open_project()
    if failed == bool(references):
        raise click.UsageError("Name the jobs, or give --failed.")
    found = _failed(project.jobs) if failed else [project.jobs.find(reference) for reference in references]
    for job in found:  # before any is queued
        if job.status not in JOB_ENDED:
            raise UsageError(f"Job {short_job_id(job)} has not ended: it is {job.status}.")
    made: list[Job] = [project.jobs.retry(job.id) for job in found]
    if made:
        ensure_workers(project.store, jobs_in(project.store.project))
    if as_json:
        print_json(made)
        return
    for job, again in zip(found, made, strict=True):
        say(f"Job {short_job_id(job)} is queued again as {short_job_id(again)}.")
    if not made:
        say("No failed job is left to be tried again.")


def _failed(service: "Jobs") -> list[Job]:
    newest = service.list(limit=1)
    if newest and newest[0].spec.sweep_id is not None:
        return service.failed(sweep_id=newest[0].spec.sweep_id)
    return service.failed()
