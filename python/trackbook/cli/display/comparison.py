"""A comparison of runs: a row for each thing compared, a column for each run."""

import difflib
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from trackbook.cli.display.runs import metric_cells
from trackbook.cli.display.symbols import status_text
from trackbook.cli.display.tables import make_table, to_column
from trackbook.domain.compare import ComparedCell, ComparedMetric, Comparison
from trackbook.domain.comparedtexts import value_sections
from trackbook.domain.formatting import format_value, one_line, plain_text

_VALUE_WIDTH = 24
_DIFF_LINES = 40


def comparison_sections(comparison: Comparison) -> Iterator[RenderableType]:
    """Yield what is to be told about a comparison."""
    yield _table(comparison)
    if comparison.cells:
        yield from _cells(comparison)


def differs_at_all(comparison: Comparison) -> bool:
    """Tell whether there is any difference between the runs."""
    if any(row.differs for _, group in value_sections(comparison) for row in group):
        return True
    return any(row.differs for row in comparison.metrics) or any(row.differs for row in comparison.cells)


def _table(comparison: Comparison) -> Table:
    labels: list[Text] = [Text("Experiment"), Text("Name"), Text("Status")]
    rows: list[Sequence[Text]] = [
        [Text(one_line(run.experiment, _VALUE_WIDTH)) for run in comparison.runs],
        [Text(one_line(run.name, _VALUE_WIDTH)) for run in comparison.runs],
        [status_text(run.status) for run in comparison.runs],
    ]

    def add_heading(title: str) -> None:
        labels.append(Text(title, "bold"))
        rows.append([Text()] * len(comparison.runs))

    if comparison.metrics:
        add_heading("Metrics")
        for metric in comparison.metrics:
            labels.append(_label(metric.key))
            cells = metric_cells(metric.values, metric.goal)
            rows.append([_with_change(cell, metric, place) for place, cell in enumerate(cells)])
    for title, group in value_sections(comparison):
        if group:
            add_heading(title)
            for row in group:
                labels.append(_label(row.key))
                rows.append([_value(value) for value in row.values])
    columns = [to_column("", labels, folds=True)]
    for number, run in enumerate(comparison.runs):
        cells = [row[number] for row in rows]
        columns.append(to_column(f"#{run.number}", cells, justify="right", rank=max(0, number - 1)))
    return make_table(columns)


def _with_change(cell: Text, metric: ComparedMetric, place: int) -> Text:
    change, better = metric.relative[place], metric.better[place]
    if not place or not change:
        return cell
    word = "" if better is None else " better" if better else " worse"
    return Text.assemble(cell, Text(f" ({change:+.1%}{word})", "dim"))


def _label(key: str) -> Text:
    return Text(f"  {one_line(key, None)}")


def _value(value: Any) -> Text:
    return Text("–", "dim") if value is None else Text(one_line(format_value(value), _VALUE_WIDTH))


def _cells(comparison: Comparison) -> Iterator[RenderableType]:
    yield Text("\nCells", "bold")
    for position, cell in enumerate(comparison.cells, start=1):
        yield Text(f"  {_cell_name(cell, position)}: {_verdict(cell, comparison)}")
        if len(comparison.runs) == 2 and len(set(cell.sources)) > 1:
            yield _diff(cell)


def _cell_name(cell: ComparedCell, position: int) -> str:
    order = next((order for order in cell.orders if order is not None), position)
    return f"cell {cell.cell_id}" if cell.cell_id else f"execution {order}"


def _verdict(cell: ComparedCell, comparison: Comparison) -> str:
    """Say which runs share a source: `#41 #42 alike, #43 differs, not run in #44`."""
    by_source: dict[str, list[str]] = {}
    absent: list[str] = []
    for run, source in zip(comparison.runs, cell.sources, strict=True):
        if source is None:
            absent.append(f"#{run.number}")
        else:
            by_source.setdefault(source, []).append(f"#{run.number}")
    groups = [" = ".join(numbers) for numbers in by_source.values()]
    text = " ≠ ".join(groups) if len(groups) > 1 else "same source"
    if len(groups) == 1 and not absent and len(set(cell.status)) > 1:
        words = zip_longest(comparison.runs, cell.status)
        text += ", " + ", ".join(f"#{run.number} {status}" for run, status in words)
    return f"{text}, not run in {' '.join(absent)}" if absent else text


def _diff(cell: ComparedCell) -> Text:
    before, after = (plain_text(source or "").splitlines() for source in cell.sources)
    lines = list(difflib.unified_diff(before, after, lineterm="", n=2))[2:]
    text = Text()
    for line in lines[:_DIFF_LINES]:
        style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
        text.append(f"    {line}\n", style)
    if len(lines) > _DIFF_LINES:
        text.append(f"    … {len(lines) - _DIFF_LINES} more lines: --json\n", "dim")
    text.rstrip()
    return text
