"""`trackbook export`: runs as a folder of Parquet and JSON."""

from pathlib import Path

import click

from trackbook.cli.options import json_option
from trackbook.cli.output import message_console, print_json, say
from trackbook.cli.project import open_project
from trackbook.domain.exchange import ExportReport
from trackbook.domain.formatting import format_bytes


@click.command("export")
@click.argument("folder", metavar="FOLDER", type=click.Path(path_type=Path))
@click.argument("query", required=False)
@click.option("--no-artifacts", is_flag=True, help="Leave out the content of artifacts.")
@json_option
def export_runs(folder: Path, query: str | None, no_artifacts: bool, as_json: bool) -> None:
    """Write runs to a new folder of Parquet and JSON.

    It can be read without Trackbook, and `trackbook import` gives the same runs back. Without a QUERY these are all
    runs, those in the trash too; with one, those that `trackbook runs QUERY` lists. The folder appears when all is
    written.
    """
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
