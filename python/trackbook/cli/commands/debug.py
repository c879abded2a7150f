"""`trackbook debug`: a kernel in the state in which a run failed."""

import importlib.util
import subprocess
import sys

import click

from trackbook.cli.exits import FINE, WORK_FAILED
from trackbook.cli.options import json_option, run_argument
from trackbook.cli.output import print_data, print_json, say
from trackbook.cli.project import open_project
from trackbook.domain.formatting import one_line
from trackbook.domain.resumption import CellPlace
from trackbook.errors import UsageError

_HOURS = 4.0


@click.command()
@run_argument
@click.option("--console", is_flag=True, help="Open a console here at once; the kernel ends with it.")
@click.option(
    "--all",
    "everything",
    is_flag=True,
    help="Run all cells before the failed one, not those alone that it needs.",
)
@click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    default=_HOURS * 3600,
    help="End the kernel after so many seconds; by default 4 hours.",
)
@json_option
def debug(reference: str, console: bool, everything: bool, timeout: float, as_json: bool) -> int:
    """Open a kernel in the state in which a run failed.

    It stands before the failed cell: taken up from a snapshot, or with the cells run again that the failed one needs.
    Attach a console, or a notebook, to it. Nothing that happens there is recorded. It ends with Ctrl-C.
    """
    from trackbook.jobs.debugging import DebugKernel

    if console and importlib.util.find_spec("jupyter_console") is None:
        raise UsageError("--console needs Jupyter's console: pip install jupyter-console")
    plan = open_project().resumptions.debug_plan(reference, everything=everything)
    with DebugKernel(plan, _say_cell) as kernel:
        if kernel.failure is not None:
            say(f"{kernel.failure.rstrip('.')}. The kernel stands there.", "yellow")
        else:
            say(f"The kernel stands before cell {plan.place.number} of #{plan.number}: {plan.place.source}")
        if console:
            command = [sys.executable, "-m", "jupyter_console", "--existing", str(kernel.connection_file)]
            return FINE if subprocess.run(command, check=False).returncode == 0 else WORK_FAILED
        if as_json:
            print_json(
                {"connection_file": str(kernel.connection_file), "cell": plan.place, "ran": len(plan.cells)}
            )
        else:
            print_data(f"jupyter console --existing {kernel.connection_file}")
        say("Ctrl-C ends it.", "dim")
        try:
            if not kernel.wait(timeout):
                say("Its time is over.")
        except KeyboardInterrupt:
            say("Ended.")
    return FINE


def _say_cell(place: CellPlace) -> None:
    say(f"Cell {place.number}: {one_line(place.source, 80)}", "dim")
