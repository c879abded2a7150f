"""`trackbook gc`: take away what nobody needs."""

import click

from trackbook.cli.display.cleanup import cleanup_sections
from trackbook.cli.options import json_option
from trackbook.cli.output import message_console, print_data, print_json, say
from trackbook.cli.project import open_project
from trackbook.domain.formatting import format_bytes

_HOUR = 3600.0


@click.command()
@click.option("--yes", is_flag=True, help="Do it; without this nothing is changed.")
@click.option(
    "--grace",
    metavar="HOURS",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="Spare what was stored within the last HOURS: its record may be on the way.",
)
@json_option
def gc(yes: bool, grace: float, as_json: bool) -> None:
    """Show what can go, and take it away.

    That is what no run names any more, and the runs that the rules in the store's retention.toml delete.
    """
    project = open_project()
    with message_console().status("Looking at what the runs need…"):
        cleanup = (project.cleaning.clean if yes else project.cleaning.preview)(grace * _HOUR)
    if as_json:
        print_json(cleanup)
        return
    print_data(*cleanup_sections(cleanup))
    if not cleanup.freed:
        say("Nothing is to be taken away.")
    elif cleanup.done:
        say(f"{format_bytes(cleanup.bytes)} are free.", "green")
    else:
        say(f"{format_bytes(cleanup.bytes)} can go: trackbook gc --yes")
