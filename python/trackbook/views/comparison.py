"""`tb.compare` and `%track diff`: what differs between runs, as a table to be read and as a pandas table."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from trackbook import api
from trackbook.domain.celldifference import CounterpartKind
from trackbook.domain.compare import ComparedMetric, ComparedValue, Comparison
from trackbook.domain.comparedtexts import value_sections
from trackbook.domain.formatting import one_line
from trackbook.domain.metric import is_system
from trackbook.domain.ranking import best_value
from trackbook.errors import MissingExtra, UsageError
from trackbook.views.celldiff import cell_row, diff_html, diff_text, moved_cells, source_diffs
from trackbook.views.grid import Cell, Column, Grid
from trackbook.views.markup import bundle, in_page
from trackbook.views.reading import (
    BEST,
    NOTHING,
    metric_texts,
    status_cell,
    text_width,
    to_reference,
    unit_of,
    units_of,
    value_cell,
    value_cells,
    with_unit,
)

if TYPE_CHECKING:
    from trackbook.views.comparedruns import ComparedRuns

_SHORT_COMMIT = 10
_UNITS_FROM = 5


class ComparisonView:
    """A comparison to be read. Without `everything`, only what differs is in it."""

    def __init__(self, comparison: Comparison, units: dict[str, str], everything: bool = False) -> None:
        self.comparison = comparison
        self._units = units
        self._everything = everything
        self._moved = moved_cells(comparison)
        self._pair = len(comparison.runs) == 2

    def to_html(self) -> str:
        """Return the comparison as HTML that needs no scripts and no style sheet."""
        diffs = (diff_html(title, lines) for title, lines in source_diffs(self.comparison))
        return in_page(self._grid().to_html(), *diffs)

    def to_text(self, width: int | None = None) -> str:
        """Return the comparison as text, its table at most `width` places wide."""
        diffs = (diff_text(title, lines) for title, lines in source_diffs(self.comparison))
        return "\n\n".join([self._grid().to_text(width), *diffs])

    def __repr__(self) -> str:
        return self.to_text(text_width())

    def bundle(self) -> dict[str, str]:
        """Return the comparison as a notebook's output."""
        return bundle(self.to_text(text_width()), self.to_html())

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return self.bundle()

    def _grid(self) -> Grid:
        runs = self.comparison.runs
        columns = [Column("")]
        columns += [
            Column(
                f"#{run.number} {one_line(run.name, 24)}", True, max(0, place - 1), f"{run.name} ({run.id})"
            )
            for place, run in enumerate(runs)
        ]
        columns += [Column("Change", True)] if self._pair else []
        rows = [self._row([Cell("Status"), *(status_cell(run.status) for run in runs)])]
        if len({run.experiment for run in runs}) > 1:
            rows.append(self._row([Cell("Experiment"), *(value_cell(run.experiment) for run in runs)]))
        grid = Grid(columns, list(rows))
        for title, section in self._sections():
            if section:
                grid.rows += [title, *section]
        if len(grid.rows) == len(rows):
            grid.notes.append(
                "Nothing differs: the same parameters, metrics, tags, data, environment, packages and cells."
            )
        return grid

    def _sections(self) -> Iterator[tuple[str, list[list[Cell]]]]:
        compared = self.comparison
        # What machine and process used is never the same, and seldom the question.
        metrics = [row for row in compared.metrics if self._everything or not is_system(row.key)]
        yield "Metrics", [self._metric(row) for row in metrics if self._is_shown(row)]
        for title, group in value_sections(compared):
            prefix = "git." if title == "Git" else ""
            yield title, [self._values(row, prefix) for row in group if self._is_shown(row)]
        yield (
            "Cells",
            [
                self._row(cell_row(cell, place in self._moved))
                for place, cell in enumerate(compared.cells)
                if self._everything or cell.differs or place in self._moved
            ],
        )

    def _is_shown(self, row: ComparedValue | ComparedMetric) -> bool:
        return self._everything or row.differs

    def _metric(self, row: ComparedMetric) -> list[Cell]:
        best = best_value(row.values, row.goal)
        changes = row.changes()
        cells = [Cell(f"  {one_line(with_unit(row.key, unit_of(row.key, self._units)), 36)}", row.key)]
        for place, (value, text) in enumerate(zip(row.values, metric_texts(row.values), strict=True)):
            if value is None:
                cells.append(NOTHING)
                continue
            change = "" if self._pair or not place else _percent(changes[place], brackets=True)
            is_best = value == best
            cells.append(
                Cell(
                    f"{BEST if is_best else ''} {text}{change}".strip(),
                    repr(value),
                    "best" if is_best else "",
                )
            )
        return [*cells, _change_cell(row)] if self._pair else cells

    def _values(self, row: ComparedValue, prefix: str) -> list[Cell]:
        label = Cell(f"  {one_line(row.key.removeprefix(prefix), 36)}", row.key)
        if row.key in ("git.commit", "git.diff", "lock.digest"):
            commits = [NOTHING if v is None else Cell(str(v)[:_SHORT_COMMIT], str(v)) for v in row.values]
            return self._row([label, *commits])
        return self._row([label, *value_cells(row.values)])

    def _row(self, cells: Sequence[Cell]) -> list[Cell]:
        return [*cells, Cell("")] if self._pair else [*cells]


def compare(*references: Any, everything: bool = False) -> "ComparedRuns":
    """Return what differs between 2 to 100 runs: a pandas table with a row a parameter, metric or tag, a column a run.

    A reference is a run, its id, or its number such as "#42"; changes are relative to the first. In a notebook the
    table is shown with environment, git, packages and cells, which its `view` holds; `everything` also shows there
    what is equal. Raises NotFound for an unknown run, UsageError for too few or too many, MissingExtra in the light
    install.
    """
    view = compared(references, everything)
    try:
        from trackbook.views.comparedruns import ComparedRuns
    except ImportError as error:
        raise MissingExtra("Comparing runs as a pandas table") from error
    return ComparedRuns.of(view)


def compared(references: Sequence[Any], everything: bool = False) -> ComparisonView:
    """Return a comparison to be read; raises as `compare` does."""
    services = api.open_project()
    services.runs.refresh()
    ids = [services.runs.get(to_reference(one)).id for one in references]
    # All of it: cells that are equal show whether those that differ ran in another order.
    comparison = services.compare.compare(ids, all=True)
    units = units_of(services.runs.detail(identity) for identity in ids[:_UNITS_FROM])
    return ComparisonView(comparison, units, everything)


def compared_with(reference: Any, kind: CounterpartKind, everything: bool = False) -> ComparisonView:
    """Return a run compared with the best of its experiment, or the previous one of its notebook, which comes first.

    Raises UsageError, which says what to do, where there is none; else as `compare` does.
    """
    services = api.open_project()
    services.runs.refresh()
    run = services.runs.get(to_reference(reference))
    found = services.differences.counterpart(run.id, kind)
    if found.run_id is None:
        raise UsageError(found.message)
    return compared([found.run_id, run.id], everything)


def _change_cell(row: ComparedMetric) -> Cell:
    change = row.changes()[1]
    if change is None or not row.differs:
        return Cell("")
    better = {"max": change > 0, "min": change < 0}.get(row.goal or "")
    return Cell(_percent(change), "", "" if better is None or not change else "good" if better else "bad")


def _percent(change: float | None, brackets: bool = False) -> str:
    if change is None:
        return ""
    size = abs(change) * 100
    digits = 0 if size >= 100 else 1 if size >= 1 or size == 0 else 2
    text = f"{change * 100:+,.{digits}f} %" if size < 1e6 else f"× {change + 1:.3g}"
    return f" ({text})" if brackets else text
