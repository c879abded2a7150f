"""`trackbook doctor`: is the store well? And with a run: what makes it hard to repeat?"""

import click

from trackbook.cli.display.checkup import checkup_sections
from trackbook.cli.display.reproduction import diagnosis_sections
from trackbook.cli.exits import FINE, INFRASTRUCTURE_FAILED, WORK_FAILED
from trackbook.cli.options import json_option
from trackbook.cli.output import print_data, print_json, say
from trackbook.cli.project import existing_store_here, open_project
from trackbook.config import Settings


@click.command()
@click.argument("reference", metavar="[RUN]", required=False)
@json_option
def doctor(reference: str | None, as_json: bool) -> int:
    """Look the project's store over, or a run.

    Of the store: is everything that was recorded there, whole, and in the index? Runs that were kept elsewhere
    while the store could not be written are brought in. Exits with 3 if something is damaged or missing.

    Of a RUN: what makes it hard to repeat, and what to do about it. Exits with 1 if something will stop it or
    change its results for certain.
    """
    if reference is not None:
        return _diagnose(reference, as_json)
    from trackbook.services.checkup import examine_store
    from trackbook.services.shelter import shelter_of

    store = existing_store_here("trackbook doctor")
    checkup = examine_store(store, shelter_of(Settings.load().spool_folder, store.root))
    if as_json:
        print_json({"healthy": checkup.healthy, "checkup": checkup})
    else:
        print_data(*checkup_sections(checkup))
    if checkup.healthy:
        say("All is well.", "green")
        return FINE
    say("Something that was recorded is damaged or missing; all else can be used.", "red")
    return INFRASTRUCTURE_FAILED


def _diagnose(reference: str, as_json: bool) -> int:
    diagnosis = open_project().diagnosing.of(reference)
    counts = diagnosis.counts
    if as_json:
        print_json({"run_id": diagnosis.run_id, "counts": counts, "obstacles": diagnosis.obstacles})
    elif diagnosis.obstacles:
        print_data(*diagnosis_sections(diagnosis))
    if not as_json and not counts["error"] and not counts["warning"]:
        say("Nothing stands in the way of repeating this run.", "green")
    return WORK_FAILED if counts["error"] else FINE
