"""`tb.table(group_by=)` and `%track runs --group-by`: groups of runs as a table to be read."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from trackbook.services.group_tables import GroupTable
from trackbook.services.group_texts import group_columns
from trackbook.views.grid import Cell, Column, Grid
from trackbook.views.markup import bundle, in_page
from trackbook.views.reading import text_width

if TYPE_CHECKING:
    import pandas as pd


class RunGroups:
    """Groups of runs as a table. `table` holds them, `total` says how many groups there are, `frame` is the pandas
    table of the same.
    """

    def __init__(self, table: GroupTable, order: str) -> None:
        self.table = table
        self.total = table.total
        self._order = order
        self._seen_at = datetime.now(UTC)

    @property
    def frame(self) -> "pd.DataFrame":
        """The groups as a pandas table: a row a group, with columns such as `mean of metrics.acc`."""
        from trackbook.services.tables import frame_of_groups

        return frame_of_groups(self.table)

    def to_html(self) -> str:
        """Return the table as HTML that needs no scripts and no style sheet."""
        return in_page(self._grid().to_html())

    def to_text(self, width: int | None = None) -> str:
        """Return the table as lines of at most `width` places."""
        return self._grid().to_text(width)

    def __len__(self) -> int:
        return len(self.table.groups)

    def __repr__(self) -> str:
        return self.to_text(text_width())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return bundle(self.to_text(text_width()), self.to_html())

    def _grid(self) -> Grid:
        columns = group_columns(self.table)
        cells = [
            [
                Cell(text, full if full != text else "")
                for text, full in zip(one.texts, one.exact, strict=True)
            ]
            for one in columns
        ]
        heads = [Column(one.title, one.number, one.rank, one.full) for one in columns]
        rows: list[Any] = list(zip(*cells, strict=True))
        return Grid(heads, rows, [self._note()], "--columns (columns=) shows chosen ones")

    def _note(self) -> str:
        shown, total, runs = len(self.table.groups), self.total, self.table.runs
        if not shown:
            return "There are no such runs."
        count = f"{total:,} group{'s' if total != 1 else ''}"
        if shown < total:
            count = f"{shown:,} of {count}"
        of = f"{runs:,} run{'s' if runs != 1 else ''}"
        return f"{count} of {of} · {self._order} · as of {self._seen_at.astimezone():%Y-%m-%d %H:%M}"
