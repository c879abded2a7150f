"""Options and arguments that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for scripts.")

run_argument = click.argument("reference", metavar="RUN")

notebook_argument = click.argument(
    "notebook", metavar="NOTEBOOK", type=click.Path(path_type=Path, dir_okay=False)
)

param_option = click.option(
    "-p",
    "--param",
    "params",
    metavar="NAME=VALUE",
    multiple=True,
    help="Give a parameter another value than the notebook's own. May be repeated.",
)

experiment_option = click.option(
    "--experiment",
    metavar="NAME",
    help="The experiment; by default the one that the notebook starts, else its name.",
)

timeout_option = click.option(
    "--timeout",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    help="End a notebook that runs longer than this.",
)

kernel_option = click.option(
    "--kernel", metavar="NAME", help="Run in this kernel instead of the one that the notebook names."
)


def startup_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Say which sessions are meant: those of a profile of this user, or those of this environment."""
    for option in (
        click.option(
            "--environment", is_flag=True, help="Only in this Python environment, and for all who use it."
        ),
        click.option(
            "--profile",
            metavar="NAME",
            default="default",
            help="In another profile than IPython's default one.",
        ),
    ):
        command = option(command)
    return command
