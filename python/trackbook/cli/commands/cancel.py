"""`trackbook cancel`: end jobs early."""

import click

from trackbook.cli.display.jobs import short_job_id
from trackbook.cli.output import say
from trackbook.cli.project import open_project

_WORDS = {
    "cancelled": "is cancelled.",
    "finished": "has finished before.",
    "failed": "has failed before.",
} | {"pruned": "was pruned before."}


@click.command()
@click.argument("jobs", metavar="JOB...", nargs=-1, required=True)
def cancel(jobs: tuple[str, ...]) -> None:
    """Cancel jobs that wait or run. Their runs are marked as aborted."""
    project = open_project()
    for reference in jobs:
        job = project.jobs.cancel(project.jobs.find(reference).id)
        say(f"Job {short_job_id(job)} {_WORDS.get(job.status, 'is being ended.')}")
