"""`trackbook runs`: list and search."""

import click

from trackbook.cli.display.runs import runs_table
from trackbook.cli.options import json_option
from trackbook.cli.output import print_data, print_json, say
from trackbook.cli.project import open_project
from trackbook.domain.run import Run

_SHOWN = 20
_PAGE = 500


@click.command()
@click.argument("query", required=False)
@click.option("--order-by", metavar="KEYS", help="Sort by these, such as 'metrics.acc desc, started'.")
@click.option(
    "--limit", type=click.IntRange(min=1), help=f"List at most so many; by default {_SHOWN}, with --json all."
)
@click.option("--trashed", is_flag=True, help="List the runs in the trash instead.")
@json_option
def runs(query: str | None, order_by: str | None, limit: int | None, trashed: bool, as_json: bool) -> None:
    """List the project's runs, newest first.

    QUERY chooses among them, such as "metrics.acc > 0.9 and params.lr <= 0.1". A word alone is looked for in
    names, experiments, notes and tags. The best value of a metric in each experiment is marked when its goal is
    known (`%track goal acc max`).
    """
    project = open_project()
    wanted = limit or (None if as_json else _SHOWN)
    found: list[Run] = []
    total = 1
    while len(found) < total and (wanted is None or len(found) < wanted):
        size = _PAGE if wanted is None else min(_PAGE, wanted - len(found))
        page = project.runs.search(query, order_by=order_by, offset=len(found), limit=size, trashed=trashed)
        total = page.total if page.runs else len(found)
        found += page.runs
    if as_json:
        print_json(found)
    elif found:
        print_data(runs_table(found))
        if len(found) < total:
            say(f"{len(found)} of {total:,} runs; --limit shows more.", "dim")
    else:
        say(_nothing_found(query, trashed))


def _nothing_found(query: str | None, trashed: bool) -> str:
    if query:
        return "No run matches."
    if trashed:
        return "The trash is empty."
    return (
        "No runs yet. `%track start EXPERIMENT` in a notebook, or `trackbook run NOTEBOOK`, makes the first."
    )
