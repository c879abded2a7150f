"""Groups of runs as a table."""

from rich.table import Table

from trackbook.cli.display.tables import make_table, to_column
from trackbook.services.group_tables import GroupTable
from trackbook.services.group_texts import group_columns


def groups_table(table: GroupTable) -> Table:
    """Return groups as a table, a row a group."""
    return make_table(
        [
            to_column(
                column.title, column.texts, justify="right" if column.number else "left", rank=column.rank
            )
            for column in group_columns(table)
        ],
        hint="--columns shows chosen ones, --json all",
    )
