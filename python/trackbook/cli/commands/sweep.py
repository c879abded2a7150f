"""`trackbook sweep`: a notebook tried with many values of its parameters."""

import contextlib
from pathlib import Path

import click
from click.core import ParameterSource

from trackbook.cli.notebook_options import NotebookCommand
from trackbook.cli.options import (
    JobPlace,
    Parsed,
    executor_options,
    experiment_option,
    files_option,
    json_option,
    kernel_option,
    limit_options,
    param_option,
    params_file_option,
    share_prefix_option,
    snapshots_option,
    timeout_option,
)
from trackbook.cli.project import (
    locate_folder_store,
    open_notebook_project,
    open_project,
    surrounding_run,
)
from trackbook.domain.limits import Limits
from trackbook.domain.sweep import (
    DEFAULT_TRIALS,
    PRUNERS,
    SAMPLERS,
    Objective,
    Pruner,
    Sampler,
    parse_objective,
    parse_pruner,
)
from trackbook.errors import UsageError
from trackbook.jobs.headstart import HeadStart, is_usual
from trackbook.services.sweep_files import SweepPlan, read_sweep_file

# What may be said anew of a sweep that goes on.
_OF_RESUMED = frozenset(
    ("resume", "trials", "parallel", "max_time", "max_failures", "sort", "scheduler", "as_json")
)


@click.command(cls=NotebookCommand)
@click.argument(
    "notebook", metavar="[NOTEBOOK]", required=False, type=click.Path(path_type=Path, dir_okay=False)
)
@click.option(
    "-s",
    "--sweep",
    "sweeps",
    metavar="NAME[=VALUES]",
    multiple=True,
    help="What a parameter may be: values between commas or as a JSON array; a range such as 0.001..0.1, with :log or "
    ":step=N behind it; without VALUES all that its type allows. May be repeated.",
)
@click.option(
    "--sweep-file",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Take the whole sweep from a YAML, JSON or TOML file; options given here go before it.",
)
@param_option
@params_file_option
@click.option(
    "--sampler",
    type=click.Choice(SAMPLERS),
    help="Who chooses values: by default grid for lists of values, tpe where there is a range.",
)
@click.option(
    "--trials", metavar="N", type=int, help=f"Try so many; by default all of a grid, else {DEFAULT_TRIALS}."
)
@click.option(
    "--seed", metavar="N", type=int, help="Choose by this seed, the same values each time; by default 0."
)
@click.option(
    "--objective",
    "objectives",
    metavar="METRIC[:max|:min]",
    multiple=True,
    type=Parsed("objective", parse_objective),
    help="Judge by this metric, by default by the one with a goal. Several make a Pareto front.",
)
@click.option(
    "--pruner",
    metavar="NAME[:OPTION=N,...]",
    type=Parsed("pruner", parse_pruner),
    help=f"Stop trials that promise little: {', '.join(PRUNERS)}.",
)
@click.option(
    "-j", "--jobs", "parallel", metavar="N", type=int, help="Work so many trials at a time; by default 1."
)
@click.option(
    "--max-time",
    metavar="SECONDS",
    type=click.FloatRange(min=0, min_open=True),
    help="End the whole sweep after so long.",
)
@click.option(
    "--max-failures", metavar="N", type=click.IntRange(min=1), help="End it after so many failed trials."
)
@click.option(
    "--resume",
    metavar="SWEEP",
    help="Go on with a sweep that was interrupted: its number, its id, or last. With --trials it gets more.",
)
@share_prefix_option
@click.option("--sort", metavar="METRIC", help="Sort by this metric; by default by the objective.")
@experiment_option
@timeout_option
@limit_options
@executor_options
@files_option
@kernel_option
@snapshots_option
@json_option
def sweep(
    notebook: Path | None,
    sweeps: tuple[str, ...],
    sweep_file: Path | None,
    params: tuple[str, ...],
    params_file: Path | None,
    sampler: Sampler | None,
    trials: int | None,
    seed: int | None,
    objectives: tuple[Objective, ...],
    pruner: Pruner | None,
    parallel: int | None,
    max_time: float | None,
    max_failures: int | None,
    resume: str | None,
    share_prefix: bool | None,
    sort: str | None,
    experiment: str | None,
    timeout: float | None,
    limits: Limits,
    place: JobPlace,
    files: tuple[str, ...],
    kernel: str | None,
    snapshots: bool | None,
    as_json: bool,
) -> int:
    """Run a notebook with many values of its parameters, in search of the best.

    Each parameter of the notebook is an option, too, for a value that all trials get. The sweep is a run, of which the
    trials are children. Prints the trials with the best one first. Exits with 1 if some trial failed; the others are
    not affected by it.
    """
    with contextlib.ExitStack() as stack:
        if resume is not None:
            check_resumable(click.get_current_context())
            project = open_project()
            sweep_id = project.sweeps.find(resume)
            head_start = None
            spec = project.sweeps.extend(
                sweep_id, trials=trials, parallel=parallel, max_time=max_time, max_failures=max_failures
            )
        else:
            plan = read_sweep_file(sweep_file) if sweep_file is not None else SweepPlan()
            if notebook is None and plan.notebook is None:
                raise UsageError("Name the notebook: trackbook sweep NOTEBOOK -s lr=0.01,0.1.")
            path = notebook or Path(plan.notebook or "")
            # First of all: what the notebook imports is imported beside what is imported and done here.
            head_start = (
                stack.enter_context(
                    HeadStart(
                        locate_folder_store(path.absolute().parent),
                        parallel or plan.jobs or 1,
                        path if is_usual(kernel or plan.kernel) and not snapshots else None,
                        shares=bool(plan.share_prefix if share_prefix is None else share_prefix),
                    )
                )
                if place.executor == "local" and path.is_file()
                else None
            )
            # Late, as all that is heavy.
            from trackbook.cli.sweep_plans import plan_sweep
            from trackbook.cli.sweep_work import announce

            project = open_notebook_project(path)
            sweep_id = None
            spec = plan_sweep(
                project,
                path,
                plan,
                sweeps,
                params,
                params_file,
                limits,
                sampler=sampler,
                trials=trials,
                seed=seed,
                objectives=list(objectives) or None,
                pruner=pruner,
                parallel=parallel,
                max_time=max_time,
                max_failures=max_failures,
                experiment=experiment,
                timeout=timeout,
                kernel=kernel,
                share_prefix=share_prefix,
                parent_id=surrounding_run(),
                executor=place.executor,
                files=files,
                snapshots=snapshots,
            )
            announce(spec, path, named=trials is not None or plan.trials is not None)
        from trackbook.cli.sweep_work import work_off

        return work_off(
            project, spec, sweep_id, sort, as_json, scheduler=place.scheduler, head_start=head_start
        )


def check_resumable(context: click.Context) -> None:
    """Raise UsageError where more is said than can be of a sweep that was begun."""
    given = [
        param
        for param in context.command.params
        if param.name not in _OF_RESUMED
        and context.get_parameter_source(param.name or "") is ParameterSource.COMMANDLINE
    ]
    if given:
        names = ", ".join(
            param.opts[-1] if isinstance(param, click.Option) else "NOTEBOOK" for param in given
        )
        raise UsageError(f"--resume goes on with the sweep as it was begun: leave {names} out.")
