"""The group of all commands, and the one place where an error becomes a message and an exit code."""

import os
import sys
import traceback
from collections.abc import Sequence

import click

from trackbook.cli.commands.cancel import cancel
from trackbook.cli.commands.clean import clean
from trackbook.cli.commands.compare import compare
from trackbook.cli.commands.debug import debug
from trackbook.cli.commands.delete import delete
from trackbook.cli.commands.disable import disable
from trackbook.cli.commands.doctor import doctor
from trackbook.cli.commands.edit import edit
from trackbook.cli.commands.enable import enable
from trackbook.cli.commands.export import export
from trackbook.cli.commands.gc import gc
from trackbook.cli.commands.import_runs import import_runs
from trackbook.cli.commands.inspect import inspect_command
from trackbook.cli.commands.jobs import jobs
from trackbook.cli.commands.kernel import kernel
from trackbook.cli.commands.lint import lint
from trackbook.cli.commands.parameters import parameters
from trackbook.cli.commands.rebuild import rebuild
from trackbook.cli.commands.reproduce import reproduce
from trackbook.cli.commands.restore import restore
from trackbook.cli.commands.resume import resume
from trackbook.cli.commands.run import run_notebook
from trackbook.cli.commands.runs import runs
from trackbook.cli.commands.serve import serve
from trackbook.cli.commands.show import show
from trackbook.cli.commands.sweep import sweep
from trackbook.cli.commands.sweeps import sweeps
from trackbook.cli.commands.sync import sync
from trackbook.cli.commands.test import test
from trackbook.cli.commands.token import token
from trackbook.cli.commands.trash import trash
from trackbook.cli.commands.worker import worker
from trackbook.cli.exits import CANCELLED, FINE, WRONG_USAGE, exit_code
from trackbook.cli.output import say
from trackbook.errors import MissingExtra, TrackbookError
from trackbook.version import version

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _OrderedGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which a newcomer meets them."""
        return list(self.commands)


@click.group(cls=_OrderedGroup, context_settings=_SETTINGS)
@click.version_option(version(), prog_name="trackbook", message="%(prog)s %(version)s")
def cli() -> None:
    """Record, compare and repeat what notebooks do.

    The project is the nearest folder, from the working directory upwards, that holds `.trackbook`;
    TRACKBOOK_STORE names another store. A RUN is a number such as 42 or '#42', or the beginning of an id.

    Exit codes: 0 fine, 1 your notebook failed, 2 wrong usage, 3 the kernel or the store failed, 130 cancelled.
    """


for _command in (
    run_notebook, sweep, sweeps, inspect_command, parameters, lint, clean, test, reproduce, resume, debug, runs, show,
    edit, compare, jobs, cancel, worker, trash, restore, delete, gc, export, import_runs, doctor, rebuild, serve, token,
    sync, enable, disable, kernel,
):  # fmt: skip
    cli.add_command(_command)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments` (by default the process's) name and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A console that lacks a symbol shows another one in its place; that is no reason to fail.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        result = cli.main(arguments, prog_name="trackbook", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else FINE
    except click.exceptions.Exit as ending:
        return ending.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        say("Cancelled.")
        return CANCELLED
    except BrokenPipeError:
        # Whoever read the output has enough, as `head` has. Python would complain once more while it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
    except ModuleNotFoundError as error:
        # In an environment with the light install click and rich may be there on others' account.
        if (error.name or "trackbook").partition(".")[0] == "trackbook":
            return _report_defect(error)
        say(f"Error: {MissingExtra('This command')} ({error.name} is not installed)", "red")
        return WRONG_USAGE
    except (TrackbookError, OSError) as error:
        say(f"Error: {error}", "red")
        return exit_code(error)
    except Exception as error:
        return _report_defect(error)


def _report_defect(error: Exception) -> int:
    traceback.print_exception(error)
    say("Error: This is a defect of Trackbook; please report it with the lines above.", "red")
    return exit_code(error)
