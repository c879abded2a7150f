"""`trackbook doctor`: is the store well?"""

import click

from trackbook.cli.display.checkup import checkup_sections
from trackbook.cli.exits import FINE, INFRASTRUCTURE_FAILED
from trackbook.cli.options import json_option
from trackbook.cli.output import print_data, print_json, say
from trackbook.cli.project import existing_store_here
from trackbook.config import Settings


@click.command()
@json_option
def doctor(as_json: bool) -> int:
    """Look the project's store over.

    Is everything that was recorded there, whole, and in the index? Runs that were kept elsewhere while the store could
    not be written are brought in. Exits with 3 if something is damaged or missing.
    """
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
