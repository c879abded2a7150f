"""`trackbook sweep`: a notebook tried with many values of its parameters."""

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from trackbook.cli.display.jobs import describe_params
from trackbook.cli.display.runs import trials_table
from trackbook.cli.display.sharing import describe_sharing
from trackbook.cli.display.sweeping import SweepView, describe_result
from trackbook.cli.display.symbols import BEST
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
from trackbook.cli.output import message_console, print_data, print_json, say
from trackbook.cli.project import (
    RESULTS_WITHIN,
    locate_folder_store,
    open_notebook_project,
    open_project,
    surrounding_run,
)
from trackbook.cli.sweep_plans import plan_sweep
from trackbook.domain.formatting import one_line
from trackbook.domain.job import Job
from trackbook.domain.limits import Limits
from trackbook.domain.ranking import goal_metric, key_goal, sort_by_metric
from trackbook.domain.run import Run
from trackbook.domain.space import grid_size
from trackbook.domain.sweep import (
    DEFAULT_TRIALS,
    PRUNERS,
    SAMPLERS,
    Objective,
    Pruner,
    Sampler,
    SweepSpec,
    best_runs,
    objective_values,
    parse_objective,
    parse_pruner,
    swept_params,
)
from trackbook.errors import UsageError
from trackbook.jobs.headstart import HeadStart, is_usual
from trackbook.notebook.clean import clean_notebook
from trackbook.notebook.read import read_notebook
from trackbook.services.sweep_files import SweepPlan, read_sweep_file

if TYPE_CHECKING:
    from trackbook.services.context import Services

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
            # First of all: the worker imports what it needs while this process does.
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
            say(describe_sweep(spec, named=trials is not None or plan.trials is not None), "dim")
            if spec.job.share_prefix:
                # Late, as all that is heavy: the head start comes first.
                from trackbook.services.sharing import first_values, tell_sharing

                sharing = tell_sharing(
                    clean_notebook(read_notebook(path)),
                    spec.job.params | first_values(spec.space),
                    list(spec.space),
                )
                for line in describe_sharing(sharing):
                    say(line, "dim")
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


def work_off(
    project: "Services",
    spec: SweepSpec,
    sweep_id: str | None,
    sort: str | None,
    as_json: bool,
    *,
    scheduler: str | None = None,
    head_start: HeadStart | None = None,
) -> int:
    """Work a sweep off, and print how it came out; returns the exit code.

    One without an id is added once there is who runs its trials. `scheduler` is that of a Dask cluster.
    """
    from trackbook.jobs.executors import open_trial_workers
    from trackbook.jobs.sweeping import run_sweep

    with (
        open_trial_workers(
            project.store,
            spec.job.executor,
            parallel=spec.parallel,
            scheduler=scheduler,
            on_notice=say,
        ) as workers_of,
        SweepView(Path(spec.job.path).name) as view,
    ):
        sweep_id = sweep_id or project.sweeps.add(spec)
        outcome = run_sweep(
            project.store,
            sweep_id,
            on_progress=view.update,
            workers=workers_of(sweep_id),
            head_start=head_start,
        )
    project.runs.refresh(timeout=RESULTS_WITHIN)
    spec = project.sweeps.spec(sweep_id)
    found = project.sweeps.runs_of(outcome.jobs)
    runs = [found[job.spec.run_id] for job in outcome.jobs if job.spec.run_id in found]
    metric = sort or (spec.objectives[0].metric if spec.objectives else goal_metric(runs))
    goals = {objective.metric: objective.direction for objective in spec.objectives if objective.direction}
    ordered = sort_by_metric(runs, metric, goals.get(metric)) if metric else runs
    is_judged = sort is None and len(goals) == len(spec.objectives) > 0
    best = best_runs(spec, runs) if is_judged else []
    ordered.sort(key=lambda run: run.id not in best)
    if as_json:
        print_json(ordered)
    elif ordered:
        print_data(trials_table(ordered, list(spec.space), metric, goals, best if is_judged else None))
    front = len(best) if len(spec.objectives) > 1 else 0
    if runs:
        say(_describe_order(runs, metric, goals.get(metric or ""), front), "dim")
    if best and not as_json and message_console().is_terminal and len(ordered) > message_console().height - 6:
        # It has gone out of sight.
        first = ordered[0]
        params = {name: first.params[name] for name in spec.space if name in first.params}
        say(f"{BEST} #{first.number}  {describe_result(spec, params, objective_values(spec, first))}")
    for job in outcome.jobs:
        if job.status == "failed":
            say(_describe_failure(job, found.get(job.spec.run_id), spec), "red")
    if outcome.reason is not None:
        say(outcome.reason, "red" if outcome.status == "failed" else "")
    if outcome.interrupted:
        number = project.runs.get(sweep_id).number
        ended = sum(job.status != "cancelled" for job in outcome.jobs)
        say(f"{ended} of {spec.trials} trials have ended; `trackbook sweep --resume {number}` goes on.")
    return outcome.exit_code


def describe_sweep(spec: SweepSpec, *, named: bool) -> str:
    """Return what a sweep is about to try; `named` tells that somebody said how many trials there are to be."""
    size = grid_size(spec.space)
    count = f"{spec.trials:,} {'trial' if spec.trials == 1 else 'trials'}"
    if spec.sampler == "grid" and size is not None and size > spec.trials:
        return f"The grid has {size:,} combinations; {spec.trials:,} of them are drawn."
    hint = "" if named or spec.sampler == "grid" else "; --trials says how many"
    return f"{count} by {spec.sampler}{hint}."


def _describe_order(runs: Sequence[Run], metric: str | None, direction: str | None, front: int) -> str:
    count = f"{len(runs)} {'run' if len(runs) == 1 else 'runs'}"
    if metric is None:
        return f"{count}. Which one is best? Say `%track goal METRIC max` in the notebook, or --sort METRIC here."
    if not any(metric in run.metrics for run in runs):
        return f"{count}, none of which has a metric {metric!r}."
    first = f"{front} of them on the Pareto front, which come first; " if front else ""
    way = direction or key_goal(runs, metric)
    return f"{count} by {metric}, {first}the {'lowest' if way == 'min' else 'highest'} first."


def _describe_failure(job: Job, run: Run | None, spec: SweepSpec) -> str:
    number = f"#{run.number} " if run is not None else ""
    values: Mapping[str, object] = swept_params(spec.space, job)
    if job.error is None:
        return f"{number}{describe_params(values)}: failed"
    where = f"cell {job.error.cell}: " if job.error.cell is not None else ""
    return f"{number}{describe_params(values)}: {where}{job.error.ename}: {one_line(job.error.evalue, 200)}"
