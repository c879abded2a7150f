"""`trackbook reproduce`: a recorded run once more, and whether its results hold."""

from typing import TYPE_CHECKING

import click

from trackbook.cli.display.detail import error_text
from trackbook.cli.display.progress import JobProgress
from trackbook.cli.display.reproduction import reproduction_sections
from trackbook.cli.exits import CANCELLED, FINE, INFRASTRUCTURE_FAILED, WORK_FAILED
from trackbook.cli.options import json_option, run_argument, timeout_option
from trackbook.cli.output import message_console, print_data, print_json, say
from trackbook.cli.project import find_run, open_project
from trackbook.domain.reproduction import ReproductionOptions

if TYPE_CHECKING:
    from trackbook.domain.reproduction import Reproduction
    from trackbook.services.context import Services


@click.command()
@run_argument
@click.option(
    "--tolerance",
    metavar="SHARE",
    type=click.FloatRange(min=0),
    help="How far numbers may be off, relative to their size; 1e-5 without it.",
)
@click.option(
    "--ignore",
    metavar="METRIC",
    multiple=True,
    help="Leave metrics of this name out, such as times; * stands for any text. May be repeated.",
)
@click.option(
    "--env",
    "environment",
    is_flag=True,
    help="Install the recorded packages into a fresh environment, and run there.",
)
@click.option("--allow-changed-data", is_flag=True, help="Go on although data is missing or has changed.")
@timeout_option
@json_option
def reproduce(
    reference: str,
    tolerance: float | None,
    ignore: tuple[str, ...],
    environment: bool,
    allow_changed_data: bool,
    timeout: float | None,
    as_json: bool,
) -> int:
    """Run a recorded run again and compare the results.

    What ran is repeated as a job: the same cells in the same order, with the same parameters, seeds and folder. Each
    metric, output and artifact is then compared within the tolerance. The verdict stays with the run.

    Exits with 1 if results differ or the notebook fails. What makes a run hard to repeat is named by
    `trackbook doctor RUN`.
    """
    from trackbook.jobs.reproduce import recorded_environment, submit_reproduction, wait_for_reproduction

    project = open_project()
    options = ReproductionOptions("", tolerance, environment, allow_changed_data, list(ignore))
    job = submit_reproduction(project, reference, options, timeout=timeout)
    if environment:
        from trackbook.jobs.environments import build_environment

        try:
            with message_console().status("Installing packages …"):
                built = build_environment(recorded_environment(project, reference), say)
        except BaseException:
            project.jobs.cancel(job.id)
            raise
        for name in built.unreachable:
            say(f"{name} is there in another version, or not at all.", "yellow")
    with JobProgress(job.spec.path) as progress:
        repeated = wait_for_reproduction(project, job, progress.update)
    if repeated.reproduction is not None:
        _show(project, reference, repeated.reproduction, as_json)
    if repeated.job.error is not None:
        say(error_text(repeated.job.error, place=job.spec.path))
    if repeated.interrupted or repeated.job.status == "cancelled":
        say("Cancelled.")
        return CANCELLED
    if repeated.reproduction is None:
        return INFRASTRUCTURE_FAILED
    return FINE if repeated.reproduction.verdict == "reproduced" else WORK_FAILED


def _show(project: "Services", reference: str, reproduction: "Reproduction", as_json: bool) -> None:
    if as_json:
        print_json(reproduction)
        return
    run, other = project.runs.get(reference), find_run(project, reproduction.run_id)
    print_data(*reproduction_sections(reproduction, run, other))
