"""`trackbook runs`: list and search."""

import click

from trackbook.cli.display.groups import groups_table
from trackbook.cli.display.runs import left_out, runs_table
from trackbook.cli.options import ManyWords, json_option
from trackbook.cli.output import data_console, print_data, print_json, say
from trackbook.cli.project import open_project
from trackbook.domain.formatting import first_names
from trackbook.domain.run import Run
from trackbook.domain.runcolumns import named_columns
from trackbook.errors import UsageError
from trackbook.services.group_tables import GroupTable, group_table, named_groups

_SHOWN = 20
_PAGE = 500


@click.command(cls=ManyWords, many=("--columns",))
@click.argument("query", required=False)
@click.option("--order-by", metavar="KEYS", help="Sort by these, such as 'metrics.acc desc, started'.")
@click.option(
    "--limit", type=click.IntRange(min=1), help=f"List at most so many; by default {_SHOWN}, with --json all."
)
@click.option("--trashed", is_flag=True, help="List the runs in the trash instead.")
@click.option(
    "--columns",
    metavar="NAME ...",
    multiple=True,
    help="Show these columns, such as 'status', 'params.lr' or 'metrics.*'.",
)
@click.option(
    "--group-by",
    metavar="COLUMN[,COLUMN]",
    multiple=True,
    help="Show a line for all runs with the same values of these, such as 'params.lr', with mean, standard deviation, "
    "minimum, maximum and count of metrics, or of --columns.",
)
@json_option
def runs(
    query: str | None,
    order_by: str | None,
    limit: int | None,
    trashed: bool,
    columns: tuple[str, ...],
    group_by: tuple[str, ...],
    as_json: bool,
) -> None:
    """List the project's runs, newest first.

    QUERY chooses among them, such as "metrics.acc > 0.9 and params.lr <= 0.1". A word alone is looked for in
    names, experiments, notes and tags. The best value of a metric in each experiment is marked when its goal is
    known (`%track goal acc max`).
    """
    if columns and as_json and not group_by:
        raise UsageError("--columns chooses what the table shows; --json has everything. Say one of the two.")
    project = open_project()
    wanted = limit or (None if as_json else _SHOWN)
    if group_by:
        table = group_table(
            project.run_tables,
            group_by,
            columns,
            query=query,
            order_by=order_by,
            limit=wanted,
            trashed=trashed,
        )
        for hint in project.runs.unknown_keys(
            query, ", ".join([*table.group_by, *table.columns]), table.runs
        ):
            say(hint)
        _print_groups(table, as_json, _nothing_found(query, trashed))
        return
    found: list[Run] = []
    total = 1
    while len(found) < total and (wanted is None or len(found) < wanted):
        size = _PAGE if wanted is None else min(_PAGE, wanted - len(found))
        page = project.runs.search(query, order_by=order_by, offset=len(found), limit=size, trashed=trashed)
        total = page.total if page.runs else len(found)
        found += page.runs
    for hint in project.runs.unknown_keys(query, order_by, len(found)):
        say(hint)
    if as_json:
        print_json(found)
    elif found:
        print_data(runs_table(found, named_columns(found, columns) if columns else None))
        further = [] if columns else left_out(found)
        if further and not data_console().is_terminal:
            say(f"Not shown: {first_names(further)}; --columns shows chosen ones, --json all.", "dim")
        if len(found) < total:
            say(f"{len(found)} of {total:,} runs; --limit shows more.", "dim")
    else:
        say(_nothing_found(query, trashed))


def _print_groups(table: GroupTable, as_json: bool, nothing: str) -> None:
    if as_json:
        print_json(named_groups(table))
    elif table.groups:
        print_data(groups_table(table))
        if len(table.groups) < table.total:
            say(f"{len(table.groups)} of {table.total:,} groups; --limit shows more.", "dim")
    else:
        say(nothing)


def _nothing_found(query: str | None, trashed: bool) -> str:
    if query:
        return "No run matches."
    if trashed:
        return "The trash is empty."
    return (
        "No runs yet. `%track start EXPERIMENT` in a notebook, or `trackbook run NOTEBOOK`, makes the first."
    )
