"""`trackbook import`: runs taken in from an export."""

from pathlib import Path

import click

from trackbook.cli.options import json_option
from trackbook.cli.output import message_console, print_json, say
from trackbook.cli.project import open_folder_project
from trackbook.domain.exchange import ImportReport

_SHOWN = 10


@click.command("import")
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))
@json_option
def import_runs(folder: Path, as_json: bool) -> None:
    """Take in the runs of an export.

    They keep their ids, times and values, and their numbers where these are free. What is here already is not
    changed, so an import can be repeated. A project is made where there is none.
    """
    project = open_folder_project(Path.cwd())
    with message_console().status("Reading…"):
        report = project.imports.read(folder)
    if as_json:
        print_json(report)
    else:
        _tell(report)


def _tell(report: ImportReport) -> None:
    say(f"{len(report.added):,} runs and {report.points:,} points came from {report.project}.")
    if report.updated:
        say(f"{len(report.updated):,} runs were here, and got what they lacked.")
    if report.unchanged:
        say(f"{len(report.unchanged):,} runs were here, and lacked nothing.")
    if report.different:
        say(
            f"{len(report.different):,} runs are here with another content, and were left as they are: "
            + ", ".join(report.different[:_SHOWN])
            + ("…" if len(report.different) > _SHOWN else ""),
            "yellow",
        )
    for moved in report.renumbered[:_SHOWN]:
        say(f"#{moved.number_there} is #{moved.number_here} here: the number belongs to another run.")
    if len(report.renumbered) > _SHOWN:
        say(f"{len(report.renumbered) - _SHOWN:,} more have new numbers; --json lists them.")
    if report.without_artifacts:
        say("The export was made without the content of artifacts.")
