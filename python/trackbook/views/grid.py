"""Tables that read well as HTML with or without styles, and as text that fits its terminal."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from trackbook.domain.formatting import first_names
from trackbook.views.markup import BAD, BUSY, GOOD, as_html, tidy

Mark = Literal["", "best", "good", "bad", "busy", "quiet"]

_STYLES: dict[Mark, str] = {
    "": "",
    "best": f"color: {GOOD}",
    "good": f"color: {GOOD}",
    "bad": f"color: {BAD}",
    "busy": f"color: {BUSY}",
    "quiet": "opacity: 0.7",
}
_GAP = "  "


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text on one line, what it says in full, and how it stands out."""

    text: str
    full: str = ""
    mark: Mark = ""


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column. Where room is short the columns with the highest `rank` go first; 0 always stays."""

    title: str
    number: bool = False
    rank: int = 0
    full: str = ""


@dataclass(slots=True)
class Grid:
    """A table: a row is its cells, or the heading of the rows below it. Notes stand underneath.

    `hint` says how columns are seen for which a terminal has no room.
    """

    columns: list[Column]
    rows: list[Sequence[Cell] | str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    hint: str = ""

    def to_html(self) -> str:
        """Return the table as HTML. Alignment is also said in attributes, which pages that drop styles keep."""
        head = "".join(
            f"<th {_alignment(column.number)}{_title(column.full)}>{as_html(column.title)}</th>"
            for column in self.columns
        )
        body = "".join(self._row_html(row) for row in self.rows)
        notes = "".join(
            f'<div style="opacity: 0.8; margin: 2px 8px; font-size: 0.9em">{as_html(note)}</div>'
            for note in self.notes
        )
        if not self.rows:
            return notes
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{notes}"

    def to_text(self, width: int | None = None) -> str:
        """Return the table as lines of at most `width` places; a last line names the first columns left out."""
        shown, hidden = self._fit(width)
        lines = [self._line([self.columns[place].title for place in shown], shown)] if self.rows else []
        for row in self.rows:
            if isinstance(row, str):
                lines.append(tidy(row))
            else:
                lines.append(self._line([row[place].text for place in shown], shown))
        left_out = first_names([self.columns[place].title for place in hidden])
        hint = f"; {self.hint}" if self.hint else ""
        notes = [*self.notes, *([f"No room for {left_out}{hint}."] if left_out else [])]
        return "\n".join([*lines, *(tidy(note) for note in notes)])

    def _row_html(self, row: Sequence[Cell] | str) -> str:
        if isinstance(row, str):
            span = f'colspan="{len(self.columns)}" scope="rowgroup"'
            return f"<tr><th {span} {_alignment(False)}>{as_html(row)}</th></tr>"
        return f"<tr>{''.join(map(_cell_html, row, self.columns))}</tr>"

    def _line(self, texts: Sequence[str], places: Sequence[int]) -> str:
        cells = []
        for text, place in zip(texts, places, strict=True):
            text = tidy(text)
            blank = " " * (self._width(place) - width_of(text))
            cells.append(blank + text if self.columns[place].number else text + blank)
        return _GAP.join(cells).rstrip()

    def _width(self, place: int) -> int:
        texts = [row[place].text for row in self.rows if not isinstance(row, str)]
        return max(width_of(tidy(text)) for text in [self.columns[place].title, *texts])

    def _fit(self, width: int | None) -> tuple[list[int], list[int]]:
        places = list(range(len(self.columns)))
        if width is None:
            return places, []
        shown = [place for place in places if self.columns[place].rank == 0]
        left = width + len(_GAP) - sum(self._width(place) + len(_GAP) for place in shown)
        for place in sorted(places, key=lambda place: self.columns[place].rank):
            taken = self._width(place) + len(_GAP)
            if self.columns[place].rank and taken <= left:
                shown.append(place)
                left -= taken
        return sorted(shown), [place for place in places if place not in shown]


def width_of(text: str) -> int:
    """Return how many places text takes in a terminal."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def _cell_html(cell: Cell, column: Column) -> str:
    inner = as_html(cell.text)
    if cell.mark == "best":
        inner = f"<b>{inner}</b>"
    return f"<td {_alignment(column.number, _STYLES[cell.mark])}{_title(cell.full)}>{inner}</td>"


def _alignment(number: bool, style: str = "") -> str:
    side = "right" if number else "left"
    styles = f"text-align: {side}; white-space: nowrap; padding: 2px 8px{'; ' if style else ''}{style}"
    return f'align="{side}" style="{styles}"'


def _title(full: str) -> str:
    return f' title="{as_html(full)}"' if full else ""
