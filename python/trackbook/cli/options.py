"""Options and arguments that several commands share."""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import click

from trackbook.domain.job import RETRIED_BY_DEFAULT, RETRY_DELAY, ExecutorName, FailureCause
from trackbook.domain.limits import MOST_RETRIES, Limits, parse_causes, parse_memory
from trackbook.errors import UsageError


class JobPlace(NamedTuple):
    """Where jobs run: the executor, and the Dask scheduler that was named."""

    executor: ExecutorName
    scheduler: str | None


class Parsed(click.ParamType[Any]):
    """A type whose texts a function reads, and refuses with a UsageError that says what to write."""

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name, self._parse = name, parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return what the text stands for."""
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except UsageError as error:
            self.fail(str(error), param, ctx)


SIZE = Parsed("size", parse_memory)

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

share_prefix_option = click.option(
    "--share-prefix",
    is_flag=True,
    default=None,
    help="Run the cells on which the swept values have no effect once for all trials, which go on from there.",
)


def limit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of `Limits`, which it gets as `limits`."""

    @functools.wraps(command)
    def limited(
        *arguments: Any,
        cell_timeout: float | None,
        memory: int | None,
        retries: int,
        retry_delay: float,
        retry_on: list[FailureCause] | None,
        **more: Any,
    ) -> Any:
        causes = RETRIED_BY_DEFAULT if retry_on is None else retry_on
        return command(*arguments, limits=Limits(cell_timeout, memory, retries, retry_delay, causes), **more)

    options = (
        click.option(
            "--cell-timeout",
            metavar="SECONDS",
            type=click.FloatRange(min=0, min_open=True),
            help="End a notebook of which a cell runs longer than this; a cell may set its own limit.",
        ),
        click.option(
            "--memory",
            metavar="SIZE",
            type=SIZE,
            help="End a notebook whose kernel and processes use more than this, such as 2GB.",
        ),
        click.option(
            "--retries",
            metavar="N",
            type=click.IntRange(0, MOST_RETRIES),
            default=0,
            help="Begin again so many times at most after a failure that is not the notebook's.",
        ),
        click.option(
            "--retry-delay",
            metavar="SECONDS",
            type=click.FloatRange(min=0),
            default=RETRY_DELAY,
            help="Wait so long before the first retry, and twice as long each time; by default 10.",
        ),
        click.option(
            "--retry-on",
            metavar="CAUSES",
            type=Parsed("causes", parse_causes),
            help="Begin again after these, between commas: failed, timed_out, memory, died, not_started, lost; by "
            "default died,not_started,lost.",
        ),
    )
    decorated: Callable[..., Any] = limited
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


kernel_option = click.option(
    "--kernel", metavar="NAME", help="Run in this kernel instead of the one that the notebook names."
)


snapshots_option = click.option(
    "--snapshots/--no-snapshots",
    default=None,
    help="Keep copies of the process between cells, so that `trackbook resume` goes on from the failed one; by default "
    "as pyproject.toml says.",
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


def executor_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Say where jobs run, which the command gets as `place`."""

    @functools.wraps(command)
    def placed(*arguments: Any, executor: ExecutorName | None, scheduler: str | None, **more: Any) -> Any:
        chosen = executor or ("dask" if scheduler else "local")
        if chosen == "local" and scheduler:
            raise UsageError("--scheduler names a Dask cluster: leave out --executor local.")
        return command(*arguments, place=JobPlace(chosen, scheduler), **more)

    decorated: Callable[..., Any] = placed
    for option in (
        click.option(
            "--scheduler",
            metavar="ADDRESS",
            help="Run on this Dask cluster: tcp://HOST:PORT, a scheduler file, or MODULE:FUNCTION that returns a "
            "client; by default one of this machine's own.",
        ),
        click.option(
            "--executor",
            type=click.Choice(["local", "dask"]),
            help="Run on this machine, as by default, or on a Dask cluster.",
        ),
    ):
        decorated = option(decorated)
    return decorated


files_option = click.option(
    "--files",
    metavar="PATTERN",
    multiple=True,
    help="Send these files along, relative to the notebook, such as 'data/*.csv', to machines that have "
    "not got its folder. May be repeated.",
)
