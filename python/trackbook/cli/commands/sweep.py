"""`trackbook sweep`: a job for each combination of values."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from trackbook.cli.display.jobs import describe_params
from trackbook.cli.display.progress import JobProgress
from trackbook.cli.display.runs import trials_table
from trackbook.cli.notebook_options import NotebookCommand
from trackbook.cli.options import (
    JobPlace,
    executor_options,
    experiment_option,
    json_option,
    kernel_option,
    limit_options,
    notebook_argument,
    param_option,
    params_file_option,
    snapshots_option,
    timeout_option,
)
from trackbook.cli.output import print_data, print_json, say
from trackbook.cli.project import RESULTS_WITHIN, find_run, open_notebook_project, surrounding_run
from trackbook.cli.values import read_values
from trackbook.domain.formatting import one_line
from trackbook.domain.job import Job
from trackbook.domain.limits import Limits
from trackbook.domain.ranking import goal_metric, key_goal, sort_by_metric
from trackbook.domain.run import Run
from trackbook.notebook.parameters import find_parameters
from trackbook.notebook.read import read_notebook


@click.command(cls=NotebookCommand)
@notebook_argument
@click.option(
    "-s",
    "--sweep",
    "sweeps",
    metavar="NAME=VALUES",
    multiple=True,
    required=True,
    help="Values of a parameter between commas, or as a JSON array. May be repeated.",
)
@param_option
@params_file_option
@click.option(
    "-j",
    "--jobs",
    "parallel",
    type=click.IntRange(min=1),
    help="Work so many jobs at a time; by default 1, with --scheduler as many as the cluster takes.",
)
@click.option("--sort", metavar="METRIC", help="Sort by this metric; by default by the one with a goal.")
@experiment_option
@timeout_option
@limit_options
@executor_options
@kernel_option
@snapshots_option
@json_option
def sweep(
    notebook: Path,
    sweeps: tuple[str, ...],
    params: tuple[str, ...],
    params_file: Path | None,
    parallel: int | None,
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
    """Run a notebook for each combination of values.

    Each parameter of the notebook is an option, too, for a value that all runs get. Prints the runs with the best one
    first. Exits with 1 if some trial failed; the others are not affected by it.
    """
    from trackbook.jobs.executors import open_executor

    known = find_parameters(read_notebook(notebook), notebook)
    values, swept = read_values(known, params, params_file, sweeps)
    project = open_notebook_project(notebook)
    with open_executor(
        project.store, place.executor, parallel=parallel, scheduler=place.scheduler, on_notice=say
    ) as run_jobs:
        jobs = project.jobs.submit(
            notebook,
            values,
            swept,
            experiment=experiment,
            timeout=timeout,
            limits=limits,
            kernel=kernel,
            parent_id=surrounding_run(),
            snapshots=snapshots,
            executor=place.executor,
            files=files,
        )
        with JobProgress(notebook.name, list(swept)) as progress:
            outcomes = run_jobs(jobs, on_progress=progress.update)
    project.runs.refresh(timeout=RESULTS_WITHIN)
    found = {job.spec.run_id: find_run(project, job.spec.run_id) for job in outcomes.jobs}
    runs = [run for run in found.values() if run is not None]
    metric = sort or goal_metric(runs)
    ordered = sort_by_metric(runs, metric) if metric else runs
    if as_json:
        print_json(ordered)
    elif ordered:
        print_data(trials_table(ordered, list(swept), metric))
    say(_describe_order(runs, metric), "dim")
    for job in outcomes.jobs:
        if job.status == "failed":
            say(_describe_failure(job, found[job.spec.run_id], swept), "red")
    if cancelled := sum(job.status == "cancelled" for job in outcomes.jobs):
        say(f"Cancelled: {cancelled} of {len(jobs)} jobs.")
    return outcomes.exit_code


def _describe_order(runs: Sequence[Run], metric: str | None) -> str:
    count = f"{len(runs)} {'run' if len(runs) == 1 else 'runs'}"
    if metric is None:
        return f"{count}. Which one is best? Say `%track goal METRIC max` in the notebook, or --sort METRIC here."
    if not any(metric in run.metrics for run in runs):
        return f"{count}, none of which has a metric {metric!r}."
    return f"{count} by {metric}, the {'lowest' if key_goal(runs, metric) == 'min' else 'highest'} first."


def _describe_failure(job: Job, run: Run | None, swept: Iterable[str]) -> str:
    number = f"#{run.number} " if run is not None else ""
    values = describe_params({key: job.spec.params[key] for key in swept})
    if job.error is None:
        return f"{number}{values}: failed"
    where = f"cell {job.error.cell}: " if job.error.cell is not None else ""
    return f"{number}{values}: {where}{job.error.ename}: {one_line(job.error.evalue, 200)}"
