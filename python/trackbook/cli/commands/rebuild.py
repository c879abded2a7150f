"""`trackbook rebuild`: the index anew."""

import click

from trackbook.cli.output import message_console, say
from trackbook.cli.project import existing_store_here


@click.command()
def rebuild() -> None:
    """Make the index anew.

    It is read again from what was recorded, and has the same answers. Nothing is lost by it.
    """
    from trackbook.services.catchup import rebuild as rebuild_index

    store = existing_store_here("trackbook rebuild")
    with message_console().status("Reading everything that was recorded…"):
        rebuild_index(store).close()
    say(f"The index of {store.project} is new.")
