"""What differs between the executed cells of runs: their sources line by line, and the order they ran in."""

import difflib
from collections.abc import Iterator, Sequence

from trackbook.domain.alignment import longest_rising
from trackbook.domain.compare import ComparedCell, Comparison
from trackbook.domain.formatting import one_line
from trackbook.views.grid import Cell, Mark
from trackbook.views.markup import BAD, GOOD, as_html, tidy

_MOST_LINES = 40
_SIGNS: dict[str, Mark] = {"+": "good", "-": "bad"}
_COLOURS = {"good": GOOD, "bad": BAD}


def moved_cells(comparison: Comparison) -> set[int]:
    """Return the places of cells that a later run executed at another point among those that both executed."""
    moved: set[int] = set()
    for other in range(1, len(comparison.runs)):
        orders = [
            (first, second, place)
            for place, cell in enumerate(comparison.cells)
            if (first := cell.orders[0]) is not None and (second := cell.orders[other]) is not None
        ]
        orders.sort()
        kept = longest_rising([second for _, second, _ in orders])
        moved |= {place for index, (_, _, place) in enumerate(orders) if index not in kept}
    return moved


def cell_row(cell: ComparedCell, moved: bool) -> list[Cell]:
    """Return one cell as a row: what it begins with, and for each run its order, and how it differs."""
    text = next((source for source in cell.sources if source is not None), "")
    first_line = next((line for line in text.splitlines() if line.strip()), "")
    label = Cell(
        f"  {one_line(first_line, 36) or '(no source)'}", f"cell {cell.cell_id}" if cell.cell_id else ""
    )
    base = next((place for place, source in enumerate(cell.sources) if source is not None), 0)
    return [label, *(_execution(cell, place, base, moved) for place in range(len(cell.sources)))]


def source_diffs(comparison: Comparison) -> Iterator[tuple[str, list[str]]]:
    """Yield, for each cell that another run executed with another source, a title and the lines of a diff."""
    for cell in comparison.cells:
        base = next((place for place, source in enumerate(cell.sources) if source is not None), 0)
        shown: set[str | None] = {cell.sources[base], None}
        for place, source in enumerate(cell.sources):
            if source in shown or source is None:
                continue
            shown.add(source)
            title = (
                f"Cell [{cell.orders[base]}] of #{comparison.runs[base].number} → "
                f"[{cell.orders[place]}] of #{comparison.runs[place].number}"
            )
            yield title, _diff(cell.sources[base] or "", source)


def diff_html(title: str, lines: Sequence[str]) -> str:
    """Return a diff as HTML; its signs tell what the colours tell."""
    shown = "\n".join(_line_html(line) for line in lines)
    return f'<p style="margin: 8px 0 2px"><b>{as_html(title)}</b></p><pre>{shown}</pre>'


def diff_text(title: str, lines: Sequence[str]) -> str:
    """Return a diff as text."""
    return "\n".join([title, *(f"  {tidy(line)}" for line in lines)])


def _execution(cell: ComparedCell, place: int, base: int, moved: bool) -> Cell:
    source, status, order = cell.sources[place], cell.status[place], cell.orders[place]
    if source is None:
        return Cell("not run", mark="quiet")
    words = [f"[{order}]"]
    if place != base:
        words.append("same source" if source == cell.sources[base] else "source differs")
    if moved:
        words.append("other order" if place != base else "")
    if status != "ok":
        words.append(str(status))
    return Cell(" ".join(word for word in words if word), mark="bad" if status == "error" else "")


def _diff(before: str, after: str) -> list[str]:
    old, new = tidy(before).splitlines(), tidy(after).splitlines()
    lines = list(difflib.unified_diff(old, new, lineterm="", n=2))[2:]
    if not lines:
        return ["(only line ends or invisible characters differ)"]
    more = len(lines) - _MOST_LINES
    return [*lines[:_MOST_LINES], f"… {more} more lines"] if more > 0 else lines


def _line_html(line: str) -> str:
    mark = _SIGNS.get(line[:1])
    inner = as_html(line)
    return inner if mark is None else f'<span style="color: {_COLOURS[mark]}">{inner}</span>'
