"""Tables: right-aligned numbers, columns that fit the terminal, everything when the output is no terminal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rich import box
from rich.table import Table
from rich.text import Text

from trackbook.cli.output import data_console

_GAP = 2
_NARROWEST = 16


@dataclass(slots=True, eq=False)
class Column:
    """A column with one cell a row. Of those that don't fit, the ones with the highest `rank` go first.

    A column that `shrinks` is cut where the terminal ends, down to 16 places, before any other is left out.
    """

    header: str
    cells: list[Text] = field(default_factory=list)
    justify: Literal["left", "right"] = "left"
    rank: int = 0
    shrinks: bool = False

    @property
    def width(self) -> int:
        """How many places its widest cell takes."""
        return max(Text(self.header).cell_len, *(cell.cell_len for cell in self.cells), 0)

    @property
    def least_width(self) -> int:
        """How many places it needs at least."""
        return min(self.width, _NARROWEST) if self.shrinks else self.width


def to_column(
    header: str,
    cells: Iterable[str | Text],
    *,
    justify: Literal["left", "right"] = "left",
    rank: int = 0,
    shrinks: bool = False,
    style: str = "",
) -> Column:
    """Return a column of texts."""
    texts = [cell if isinstance(cell, Text) else Text(cell, style) for cell in cells]
    return Column(header, texts, justify, rank, shrinks)


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
        table.add_column(
            Text(column.header),
            justify=column.justify,
            no_wrap=True,
            overflow="ellipsis",
            max_width=None if width is None else _width_of(column, shown, width),
        )
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
    while _least_width(shown) > width:
        worst = max(shown, key=lambda column: (column.rank, columns.index(column)), default=None)
        if worst is None or worst.rank == 0:
            break
        shown.remove(worst)
        hidden.append(worst)
    return shown, hidden[::-1]


def _least_width(columns: Sequence[Column]) -> int:
    return sum(column.least_width + _GAP for column in columns) - _GAP


def _width_of(column: Column, shown: Sequence[Column], width: int) -> int:
    """Return a column's width: one that shrinks takes what those before it have left over."""
    if not column.shrinks:
        return column.width
    before = shown[: shown.index(column)]
    taken = sum(_width_of(other, shown, width) - other.least_width for other in before)
    return min(column.width, column.least_width + max(0, width - _least_width(shown) - taken))
