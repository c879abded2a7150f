"""Options and arguments that several commands share."""

from collections.abc import Callable, Sequence
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

params_file_option = click.option(
    "-f",
    "--params-file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Take values of parameters from a YAML, JSON or TOML file; others given here go before them.",
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


class ManyWords(click.Command):
    """A command of which some options, `many`, take all words up to the next option: `--columns number lr`."""

    def __init__(self, *arguments: Any, many: Sequence[str] = (), **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._many = many

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat such an option before each of its words, as the parser expects it."""
        words: list[str] = []
        option, taken = "", 0
        for word in args:
            if word in self._many:
                option, taken = word, 0
                words.append(word)
            elif word.startswith("-"):
                option = ""
                words.append(word)
            else:
                words += [option, word] if option and taken else [word]
                taken += 1
        return super().parse_args(ctx, words)
