"""`trackbook enable`: Trackbook in every IPython session and kernel."""

import click

from trackbook.cli.options import startup_options
from trackbook.cli.output import print_data, say
from trackbook.services import startup


@click.command()
@startup_options
@click.option("--auto", is_flag=True, help="Record notebooks by themselves, from their parameters cell on.")
@click.option("--status", is_flag=True, help="Only say whether it is switched on, and by which file.")
def enable(profile: str, environment: bool, auto: bool, status: bool) -> None:
    """Load Trackbook in every IPython session and kernel.

    It is what `%load_ext trackbook` does, without the line: %track is there from the start, and cells are recorded as
    soon as a run is open. With --auto a notebook with a cell tagged `parameters` opens a run of its own there, as
    `%track auto` does. Sessions in environments that lack Trackbook are as they were.
    """
    state = startup.startup_state(profile, environment=environment)
    if status:
        print_data(f"{'on' if state.is_on else 'off'}  {state.path}")
    elif state.is_on:
        startup.enable(
            profile, environment=environment, auto=auto
        )  # with or without --auto as it is said now
        say(f"It is switched on already, by {state.path}.")
    else:
        state = startup.enable(profile, environment=environment, auto=auto)
        say(f"Trackbook is on in sessions that begin from now on, by {state.path}.")
        say("`trackbook disable` takes that back.")
