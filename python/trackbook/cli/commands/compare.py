"""`trackbook compare`: what differs between runs."""

import click

from trackbook.cli.display.comparison import comparison_sections, differs_at_all
from trackbook.cli.options import json_option
from trackbook.cli.output import print_data, print_json, say
from trackbook.cli.project import open_project
from trackbook.errors import UsageError


@click.command()
@click.argument("references", metavar="RUN RUN...", nargs=-1, required=True)
@click.option("--all", "everything", is_flag=True, help="Show what is equal, too.")
@json_option
def compare(references: tuple[str, ...], everything: bool, as_json: bool) -> None:
    """Show what differs between runs.

    Compared are parameters, metrics, tags, environment, packages and executed cells. The best value of a metric
    is marked when its goal is known.
    """
    if len(references) < 2:
        raise UsageError("A comparison needs two runs at least: trackbook compare RUN RUN")
    project = open_project()
    chosen = [project.runs.get(reference) for reference in references]
    comparison = project.compare.compare([run.id for run in chosen], all=everything)
    if as_json:
        print_json(comparison)
        return
    print_data(*comparison_sections(comparison))
    if not differs_at_all(comparison):
        say("Nothing differs between these runs.")
