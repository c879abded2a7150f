"""`trackbook sweeps`: list sweeps, and show one."""

import click

from trackbook.cli.display.sweeps import sweep_parts, sweeps_table
from trackbook.cli.options import json_option
from trackbook.cli.output import print_data, print_json, say
from trackbook.cli.project import open_project

_SHOWN = 20


@click.group(invoke_without_command=True)
@click.option(
    "--limit", type=click.IntRange(min=1), help=f"List at most so many; by default {_SHOWN}, with --json all."
)
@json_option
@click.pass_context
def sweeps(context: click.Context, limit: int | None, as_json: bool) -> None:
    """List sweeps, those begun last first, or show one."""
    if context.invoked_subcommand is not None:
        return
    found = open_project().sweeps.list(limit or (None if as_json else _SHOWN))
    if as_json:
        print_json(found)
    elif found:
        print_data(sweeps_table(found))
    else:
        say("No sweeps. `trackbook sweep NOTEBOOK -s NAME=VALUES` begins one.")


@sweeps.command()
@click.argument("sweep", metavar="SWEEP")
@json_option
def show(sweep: str, as_json: bool) -> None:
    """Show a sweep: its trials, the best ones, and how much each parameter decides.

    SWEEP is the number or id of its run, or "last".
    """
    from trackbook.jobs.importance import importance_of

    project = open_project()
    found = project.sweeps.get(project.sweeps.find(sweep))
    found = project.sweeps.get(found.id, importance_of(project, found))
    if as_json:
        print_json(found)
    else:
        print_data(*sweep_parts(found))


@sweeps.command()
@click.argument("sweep", metavar="SWEEP")
def cancel(sweep: str) -> None:
    """Have a sweep end: what waits never begins, what runs is interrupted. It can be resumed."""
    project = open_project()
    found = project.sweeps.get(project.sweeps.find(sweep))
    if found.status not in ("queued", "running", "lost"):
        say(f"The sweep #{found.number} has ended before ({found.status}).")
        return
    project.sweeps.request_end(found.id)
    say(
        f"The sweep #{found.number} is being ended; `trackbook sweep --resume {found.number}` goes on with it."
    )
