"""`trackbook jobs`: the queue."""

from typing import get_args

import click

from trackbook.cli.display.jobs import jobs_table
from trackbook.cli.options import json_option
from trackbook.cli.output import print_data, print_json, say
from trackbook.cli.project import open_project
from trackbook.domain.job import JobStatus

_SHOWN = 20


@click.command()
@click.option("--status", type=click.Choice(get_args(JobStatus)), help="List those in this state.")
@click.option(
    "--limit", type=click.IntRange(min=1), help=f"List at most so many; by default {_SHOWN}, with --json all."
)
@json_option
def jobs(status: JobStatus | None, limit: int | None, as_json: bool) -> None:
    """List jobs, those submitted last first."""
    found = open_project().jobs.list(status=status, limit=limit or (None if as_json else _SHOWN))
    if as_json:
        print_json(found)
    elif found:
        print_data(jobs_table(found))
    else:
        say("No jobs. `trackbook run NOTEBOOK` makes one.")
