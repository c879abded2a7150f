"""`trackbook resume`: a job's run goes on where it failed."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from trackbook.cli.display.detail import error_text, metrics_grid, run_heading
from trackbook.cli.display.progress import JobProgress
from trackbook.cli.display.resumption import resumption_sections, snapshots_table
from trackbook.cli.exits import FINE
from trackbook.cli.options import json_option, param_option, params_file_option
from trackbook.cli.output import print_data, print_json, say, show
from trackbook.cli.project import RESULTS_WITHIN, find_run, open_project
from trackbook.cli.values import read_values
from trackbook.errors import UsageError
from trackbook.notebook.parameters import find_parameters
from trackbook.notebook.read import read_notebook

if TYPE_CHECKING:
    from trackbook.services.context import Services
    from trackbook.services.resumption import ResumeRequest


@click.command()
@click.argument("reference", metavar="RUN", required=False)
@click.option(
    "--notebook",
    metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The corrected notebook; by default the file that the job came from, as it is now.",
)
@click.option(
    "--from",
    "number",
    metavar="NUMBER",
    type=click.IntRange(min=1),
    help="Go on from this cell, counted from 1, instead of the one that failed.",
)
@click.option("--all", "everything", is_flag=True, help="Keep nothing: run all cells again.")
@param_option
@params_file_option
@click.option("--no-snapshot", is_flag=True, help="Run again what is needed, even where a snapshot is there.")
@click.option("--dry-run", is_flag=True, help="Only say which cells would run again, and why.")
@click.option(
    "--list", "lists", is_flag=True, help="List the snapshots that are kept, of RUN or of all runs."
)
@click.option("--drop", is_flag=True, help="End the snapshots that are kept, of RUN or of all runs.")
@json_option
def resume(
    reference: str | None,
    notebook: Path | None,
    number: int | None,
    everything: bool,
    params: tuple[str, ...],
    params_file: Path | None,
    no_snapshot: bool,
    dry_run: bool,
    lists: bool,
    drop: bool,
    as_json: bool,
) -> int:
    """Go on with a job's run where it failed.

    Correct the cell that failed and save the notebook. Cells before it that are as they were are kept, with what they
    showed and logged; those that were changed, and those that others need, run again. The result is a run of its own.
    Exits with 1 if a cell raises.
    """
    from trackbook.services.resumption import ResumeRequest

    project = open_project()
    if lists or drop:
        return _snapshots(project, reference, drop, as_json)
    if reference is None:
        raise UsageError("Name the run to resume, such as 42; `trackbook runs` lists them.")
    if everything and number is not None:
        raise UsageError("--all runs every cell again, --from those from one on; name one of them.")
    given: dict[str, Any] = {}
    if params or params_file is not None:
        path = notebook or project.resumptions.notebook_path(reference)
        given, _ = read_values(find_parameters(read_notebook(path), path), params, params_file)
    request = ResumeRequest(None, notebook, given, number, everything, not no_snapshot)
    if dry_run:
        return _plan(project, reference, request, as_json)
    return _run(project, reference, request, as_json)


def _plan(project: "Services", reference: str, request: "ResumeRequest", as_json: bool) -> int:
    resumption = project.resumptions.plan(reference, request).resumption
    if as_json:
        print_json(resumption)
    else:
        print_data(*resumption_sections(resumption, project.runs.get(reference)))
    return FINE


def _run(project: "Services", reference: str, request: "ResumeRequest", as_json: bool) -> int:
    from trackbook.jobs.pool import run_jobs

    failed = project.runs.get(reference)
    job, resumption = project.resumptions.submit(reference, request)
    show(*resumption_sections(resumption, failed))
    with JobProgress(job.spec.path) as progress:
        outcomes = run_jobs(project.store, [job], on_progress=progress.update)
    project.runs.refresh(timeout=RESULTS_WITHIN)
    (job,) = outcomes.jobs
    run = find_run(project, job.spec.run_id)
    if run is not None and as_json:
        print_json(run)
    elif run is not None:
        print_data(run_heading(run), metrics_grid(run))
    if job.error is not None:
        say(error_text(job.error, place=job.spec.path))
    if job.status == "cancelled":
        say("Cancelled.")
    return outcomes.exit_code


def _snapshots(project: "Services", reference: str | None, drop: bool, as_json: bool) -> int:
    run = project.runs.get(reference) if reference is not None else None
    if drop:
        count = project.resumptions.drop_snapshots(run)
        say(f"{count} {'snapshot' if count == 1 else 'snapshots'} ended.")
        return FINE
    found = project.resumptions.snapshots(run)
    if as_json:
        print_json(found)
    elif found:
        known = {one.run_id: find_run(project, one.run_id) for one in found}
        numbers = [f"#{other.number}" if (other := known[one.run_id]) is not None else "" for one in found]
        print_data(snapshots_table(found, numbers))
    else:
        say("No snapshots. Jobs that run with --snapshots keep some.")
    return FINE
