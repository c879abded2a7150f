"""`trackbook disable`: takes back what `trackbook enable` did."""

import click

from trackbook.cli.options import startup_options
from trackbook.cli.output import say
from trackbook.services import startup


@click.command()
@startup_options
def disable(profile: str, environment: bool) -> None:
    """Take back what `trackbook enable` did.

    Sessions that begin from now on load Trackbook only where `%load_ext trackbook` says so.
    """
    state = startup.disable(profile, environment=environment)
    if state.is_on:
        say(f"Trackbook is off in sessions that begin from now on; {state.path} is removed.")
    else:
        say(f"It was not switched on: there is no {state.path} of Trackbook's.")
