"""`trackbook sync`: what waits on this machine, and having it sent."""

import click

from trackbook.cli.display.waiting import waiting_table
from trackbook.cli.exits import FINE, INFRASTRUCTURE_FAILED
from trackbook.cli.options import json_option
from trackbook.cli.output import message_console, print_data, print_json, say
from trackbook.cli.project import existing_store
from trackbook.errors import AccessDenied
from trackbook.services.sync import Waiting, look
from trackbook.services.sync import sync as bring

_PATIENCE = 60.0


@click.command()
@click.option(
    "--wait",
    "seconds",
    metavar="SECONDS",
    type=click.FloatRange(min=0),
    default=_PATIENCE,
    help=f"Wait so long until all is sent; by default {_PATIENCE:.0f}. With 0 only look.",
)
@json_option
def sync(seconds: float, as_json: bool) -> int:
    """Send what waits on this machine to its store.

    Shows what waits, run by run, and waits until it is there. Exits with 3 if it is not by then.
    """
    store = existing_store()
    waiting = look(store)
    refused: AccessDenied | None = None
    if not as_json and not waiting.is_empty:
        print_data(waiting_table(waiting))
    if seconds > 0:
        with message_console().status("Sending…"):
            try:
                bring(store, seconds)
            except AccessDenied as error:
                refused = error
    left = look(store)
    if as_json:
        print_json({"sent": left.is_empty, **_document(left)})
    if left.is_empty:
        say(f"Everything is in the store {left.store}.", "green")
        return FINE
    count = sum(run.records for run in left.runs)
    reason = refused.reason if refused is not None else left.error
    say(f"{count:,} records wait for the store {left.store}{f': {reason}' if reason else '.'}", "red")
    return INFRASTRUCTURE_FAILED


def _document(waiting: Waiting) -> dict[str, object]:
    return {"store": waiting.store, "error": waiting.error, "runs": waiting.runs}
