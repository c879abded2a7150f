"""`trackbook export`: runs as a folder of Parquet and JSON, or a notebook as a module, a script or a page."""

from pathlib import Path
from typing import get_args

import click

from trackbook.cli.options import json_option, param_option
from trackbook.cli.output import message_console, print_json, say
from trackbook.cli.project import open_project
from trackbook.domain.exchange import ExportReport
from trackbook.domain.formatting import format_bytes
from trackbook.domain.parameter import check_values, parse_assignments
from trackbook.errors import UsageError
from trackbook.notebook.parameters import find_parameters
from trackbook.notebook.read import read_notebook
from trackbook.services.notebook_export import NotebookExport, NotebookForm, export_notebook

_FORMS = get_args(NotebookForm)


@click.command("export")
@click.argument("target", metavar="FOLDER|NOTEBOOK", type=click.Path(path_type=Path))
@click.argument("query", required=False)
@click.option("--no-artifacts", is_flag=True, help="Leave out the content of artifacts.")
@click.option("--to", "form", type=click.Choice(_FORMS), help="What a notebook becomes.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Write here, not beside the notebook.",
)
@click.option("--flat", is_flag=True, help="Of a module: all cells in one function.")
@click.option("--display", "displays", is_flag=True, help="Of a module: display what cells show.")
@click.option("--force", is_flag=True, help="Write over files that are there.")
@param_option
@json_option
def export(
    target: Path,
    query: str | None,
    no_artifacts: bool,
    form: NotebookForm | None,
    output: Path | None,
    flat: bool,
    displays: bool,
    force: bool,
    params: tuple[str, ...],
    as_json: bool,
) -> None:
    """Write runs to a folder, or a notebook as a module.

    Runs go to a new folder of Parquet and JSON. It can be read without Trackbook, and `trackbook import` gives the
    same runs back. Without a QUERY these are all runs, those in the trash too; with one, those that
    `trackbook runs QUERY` lists. The folder appears when all is written.

    A notebook becomes with --to module a typed Python module, in which cells are functions, and a test that proves it
    equal; with --to script a plain script; with --to html a page.
    """
    if form is None and target.suffix == ".ipynb":
        raise UsageError(f"Say what {target} becomes: --to {', --to '.join(_FORMS)}.")
    if form is None:
        if output is not None or flat or displays or force or params:
            raise UsageError("--output, --flat, --display, --force and --param are for notebooks, with --to.")
        _export_runs(target, query, no_artifacts, as_json)
        return
    if query is not None or no_artifacts:
        raise UsageError("A notebook takes no QUERY and no --no-artifacts; they choose runs.")
    if form != "module" and (flat or displays or params):
        raise UsageError("--flat, --display and --param are for --to module.")
    declared = find_parameters(read_notebook(target), target)
    values = check_values(declared, parse_assignments(declared, params))
    done = export_notebook(target, form, output, flat=flat, displays=displays, params=values, overwrite=force)
    if as_json:
        print_json(done)
    else:
        _tell_of_notebook(done)


def _tell_of_notebook(done: NotebookExport) -> None:
    for file in done.files:
        say(f"{file} is written.")
    if done.left_out:
        say("Left out, for it has no counterpart: " + "; ".join(done.left_out), "yellow")


def _export_runs(folder: Path, query: str | None, no_artifacts: bool, as_json: bool) -> None:
    project = open_project()
    with message_console().status("Writing…"):
        report = project.exports.write(folder, query, artifacts=not no_artifacts)
    if as_json:
        print_json(report)
    else:
        _tell(report)


def _tell(report: ExportReport) -> None:
    say(
        f"{report.runs:,} runs, {report.points:,} points and {report.blobs:,} pieces of content "
        f"({format_bytes(report.size)}) are in {report.folder}"
    )
    if report.missing:
        say(
            f"{len(report.missing):,} pieces of content that runs name are missing in the store; "
            "`trackbook doctor` names them.",
            "yellow",
        )
    if report.unread:
        say(
            f"{report.unread:,} damaged records, or records of a newer Trackbook, can't be exported; "
            "`trackbook doctor` names them.",
            "yellow",
        )
