"""The group of all commands, and the one place where an error becomes a message and an exit code."""

import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

import click

from trackbook.cli.exits import CANCELLED, FINE, WRONG_USAGE, exit_code
from trackbook.cli.output import say
from trackbook.errors import MissingExtra, TrackbookError

_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
# Each command's function, which lies in the module of the command's name, or in one named before a colon; in the order
# in which a newcomer meets them. To import them all takes longer than most of them do.
_COMMANDS = {
    "run": "run_notebook", "sweep": "sweep", "sweeps": "sweeps", "inspect": "inspect_command",
    "parameters": "parameters", "lint": "lint", "clean": "clean", "test": "test", "reproduce": "reproduce",
    "resume": "resume", "debug": "debug", "runs": "runs", "show": "show", "edit": "edit", "compare": "compare",
    "jobs": "jobs", "cancel": "cancel", "worker": "worker", "trash": "trash", "restore": "restore",
    "delete": "delete", "gc": "gc", "export": "export", "import": "import_runs:import_runs",
    "doctor": "doctor", "rebuild": "rebuild", "serve": "serve", "token": "token", "sync": "sync",
    "enable": "enable", "disable": "disable", "kernel": "kernel",
}  # fmt: skip


class LazyGroup(click.Group):
    """The group of all commands, each of which is imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which a newcomer meets them."""
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name; None if there is none."""
        if cmd_name not in _COMMANDS:
            return None
        module, _, function = _COMMANDS[cmd_name].rpartition(":")
        found = import_module(f"trackbook.cli.commands.{module or cmd_name}")
        command: click.Command = getattr(found, function)
        return command


def _print_version(context: click.Context, _: click.Parameter, is_wanted: bool) -> None:
    if is_wanted and not context.resilient_parsing:
        from trackbook.version import version

        click.echo(f"trackbook {version()}")
        context.exit()


@click.group(cls=LazyGroup, context_settings=_SETTINGS)
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=_print_version,
    help="Show the version and exit.",
)
def cli() -> None:
    """Record, compare and repeat what notebooks do.

    The project is the nearest folder, from the working directory upwards, that holds `.trackbook`;
    TRACKBOOK_STORE names another store. A RUN is a number such as 42 or '#42', the beginning of
    an id, or "last".

    Exit codes: 0 fine, 1 your notebook failed, 2 wrong usage, 3 the kernel or the store failed, 130 cancelled.
    """


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
