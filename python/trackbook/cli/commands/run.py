"""`trackbook run`: one job, waited for."""

from pathlib import Path

import click

from trackbook.cli.notebook_options import NotebookCommand
from trackbook.cli.options import (
    JobPlace,
    executor_options,
    experiment_option,
    files_option,
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
from trackbook.cli.project import (
    RESULTS_WITHIN,
    find_run,
    locate_folder_store,
    open_notebook_project,
    surrounding_run,
)
from trackbook.cli.values import read_values
from trackbook.domain.limits import Limits
from trackbook.notebook.parameters import find_parameters
from trackbook.notebook.read import read_notebook


@click.command("run", cls=NotebookCommand)
@notebook_argument
@param_option
@params_file_option
@experiment_option
@timeout_option
@limit_options
@executor_options
@files_option
@kernel_option
@snapshots_option
@json_option
def run_notebook(
    notebook: Path,
    params: tuple[str, ...],
    params_file: Path | None,
    experiment: str | None,
    timeout: float | None,
    limits: Limits,
    place: JobPlace,
    files: tuple[str, ...],
    kernel: str | None,
    snapshots: bool | None,
    as_json: bool,
) -> int:
    """Run a notebook as a job and wait for it.

    Each parameter of the notebook is an option, too: `trackbook run NOTEBOOK --help` lists them. The notebook's file is
    only read; the executed one is an artifact of the run. Exits with 1 if a cell raised.
    """
    from trackbook.jobs.executors import open_executor
    from trackbook.jobs.headstart import is_usual

    values, _ = read_values(find_parameters(read_notebook(notebook), notebook), params, params_file)
    store = locate_folder_store(notebook.absolute().parent)
    known = notebook if is_usual(kernel) and not snapshots else None
    with open_executor(
        store, place.executor, scheduler=place.scheduler, on_notice=say, notebook=known
    ) as run_jobs:
        # Late, as all that draws: what the notebook imports is imported meanwhile.
        from trackbook.cli.display.detail import error_text, metrics_grid, run_heading
        from trackbook.cli.display.progress import JobProgress

        project = open_notebook_project(notebook)
        jobs = project.jobs.submit(
            notebook,
            values,
            experiment=experiment,
            timeout=timeout,
            limits=limits,
            kernel=kernel,
            parent_id=surrounding_run(),
            snapshots=snapshots,
            executor=place.executor,
            files=files,
        )
        with JobProgress(notebook.name) as progress:
            outcomes = run_jobs(jobs, on_progress=progress.update)
    project.runs.refresh(timeout=RESULTS_WITHIN)
    (job,) = outcomes.jobs
    run = find_run(project, job.spec.run_id)
    if run is not None and as_json:
        print_json(run)
    elif run is not None:
        print_data(run_heading(run), metrics_grid(run))
    if job.error is not None:
        say(error_text(job.error, place=str(notebook)))
    if job.status == "cancelled":
        say("Cancelled.")
    return outcomes.exit_code
