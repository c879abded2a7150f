"""Tables: right-aligned numbers, columns that fit the terminal, everything when the output is no terminal."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rich import box
from rich.table import Table
from rich.text import Text

from trackbook.cli.output import data_console
from trackbook.domain.formatting import first_names, one_line

_GAP = 2
_NARROWEST = 16
_FOLDED = 32


@dataclass(slots=True, eq=False)
class Column:
    """A column with one cell a row. Of those that don't fit, the ones with the highest `rank` go first.

    A column that `shrinks` is cut where the terminal ends, down to 16 places, before any other is left out. One that
    `folds` goes on in further lines instead, down to 32 places: nothing of it is lost.
    """

    header: str
    cells: list[Text] = field(default_factory=list)
    justify: Literal["left", "right"] = "left"
    rank: int = 0
    shrinks: bool = False
    folds: bool = False

    @property
    def width(self) -> int:
        """How many places its widest cell takes."""
        return max(Text(self.header).cell_len, *(cell.cell_len for cell in self.cells), 0)

    @property
    def least_width(self) -> int:
        """How many places it needs at least."""
        if self.folds:
            return min(self.width, _FOLDED)
        return min(self.width, _NARROWEST) if self.shrinks else self.width


def to_column(
    header: str,
    cells: Iterable[str | Text],
    *,
    justify: Literal["left", "right"] = "left",
    rank: int = 0,
    shrinks: bool = False,
    folds: bool = False,
    style: str = "",
) -> Column:
    """Return a column of texts."""
    texts = [cell if isinstance(cell, Text) else Text(cell, style) for cell in cells]
    return Column(header, texts, justify, rank, shrinks, folds)


def cut_here(text: str, limit: int) -> str:
    """Return text on one line, cut to `limit` characters where stdout is a terminal; elsewhere nothing is cut."""
    return one_line(text, limit if data_console().is_terminal else None)


def make_table(
    columns: Sequence[Column],
    margin: int = 0,
    further: Sequence[str] = (),
    hint: str = "--json has everything",
) -> Table:
    """Return the columns as a table for stdout, `margin` places narrower than the terminal.

    In a terminal its last line says what there is no room for, `further` included, which is no column here, and with
    `hint` how it is seen. Where stdout is none, there is room for all columns.
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
    _fill(table, shown, width)
    left_out = [*(column.header for column in hidden), *further]
    if left_out and width is not None:
        table.caption = f"No room for {first_names(left_out)}; {hint}."
        table.caption_justify = "left"
    return table


def make_plain_table(columns: Sequence[Column], width: int) -> Table:
    """Return those of the columns that fit into `width` places, without lines: for what is drawn again and again."""
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, show_edge=False)
    _fill(table, fit(columns, width)[0], width)
    return table


def fit(columns: Sequence[Column], width: int) -> tuple[list[Column], list[Column]]:
    """Return the columns that fit into `width` places, in their order, and those that don't; rank 0 always stays.

    A column that is too wide makes room for those after it.
    """
    shown = [column for column in columns if column.rank == 0]
    for column in sorted(columns, key=lambda column: column.rank):
        if column.rank and _least_width([*shown, column]) <= width:
            shown.append(column)
    return [one for one in columns if one in shown], [one for one in columns if one not in shown]


def _fill(table: Table, columns: Sequence[Column], width: int | None) -> None:
    for column in columns:
        table.add_column(
            Text(column.header),
            justify=column.justify,
            no_wrap=not column.folds,
            overflow="fold" if column.folds else "ellipsis",
            max_width=None if width is None else _width_of(column, columns, width),
        )
    for row in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*row)


def _least_width(columns: Sequence[Column]) -> int:
    return sum(column.least_width + _GAP for column in columns) - _GAP


def _width_of(column: Column, shown: Sequence[Column], width: int) -> int:
    """Return a column's width: one that shrinks takes what those before it have left over."""
    if not (column.shrinks or column.folds):
        return column.width
    before = shown[: shown.index(column)]
    taken = sum(_width_of(other, shown, width) - other.least_width for other in before)
    return min(column.width, column.least_width + max(0, width - _least_width(shown) - taken))
