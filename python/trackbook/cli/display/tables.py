"""Tables: right-aligned numbers, columns that fit the terminal, everything when the output is no terminal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rich import box
from rich.table import Table
from rich.text import Text

from trackbook.cli.output import data_console

_GAP = 2


@dataclass(slots=True, eq=False)
class Column:
    """A column with one cell a row. Of those that don't fit, the ones with the highest `rank` go first."""

    header: str
    cells: list[Text] = field(default_factory=list)
    justify: Literal["left", "right"] = "left"
    rank: int = 0

    @property
    def width(self) -> int:
        """How many places its widest cell takes."""
        return max(Text(self.header).cell_len, *(cell.cell_len for cell in self.cells), 0)


def to_column(
    header: str,
    cells: Iterable[str | Text],
    *,
    justify: Literal["left", "right"] = "left",
    rank: int = 0,
    style: str = "",
) -> Column:
    """Return a column of texts."""
    texts = [cell if isinstance(cell, Text) else Text(cell, style) for cell in cells]
    return Column(header, texts, justify, rank)


def make_table(columns: Sequence[Column], margin: int = 0) -> Table:
    """Return the columns as a table for stdout, `margin` places narrower than the terminal.

    Its last line says which columns the terminal has no room for; where stdout is none, there is room for all.
    """
    console = data_console()
    width = console.width - margin if console.is_terminal else None
    shown, hidden = (list(columns), []) if width is None else fit(columns, width)
    table = Table(
        box=None if width is None else box.SIMPLE_HEAD,
        # The box has a space of its own between columns.
        padding=(0, _GAP if width is None else _GAP - 1, 0, 0),
        pad_edge=False,
        header_style="bold",
        show_edge=False,
    )
    for column in shown:
        table.add_column(Text(column.header), justify=column.justify, no_wrap=True, overflow="ellipsis")
    for row in zip(*(column.cells for column in shown), strict=True):
        table.add_row(*row)
    if hidden:
        table.caption = f"No room for {', '.join(column.header for column in hidden)}; --json has everything."
        table.caption_justify = "left"
    return table


def fit(columns: Sequence[Column], width: int) -> tuple[list[Column], list[Column]]:
    """Return the columns that fit into `width` places, in their order, and those that don't; rank 0 always stays."""
    shown = list(columns)
    hidden: list[Column] = []
    while _width(shown) > width:
        worst = max(shown, key=lambda column: (column.rank, columns.index(column)), default=None)
        if worst is None or worst.rank == 0:
            break
        shown.remove(worst)
        hidden.append(worst)
    return shown, hidden[::-1]


def _width(columns: Sequence[Column]) -> int:
    return sum(column.width + _GAP for column in columns) - _GAP
