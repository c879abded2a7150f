"""How notebooks stand against their baselines, as `trackbook test` prints it."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from trackbook.cli.display.detail import error_text
from trackbook.domain.difference import Difference
from trackbook.domain.formatting import format_duration, one_line
from trackbook.domain.regression import CellCheck, TestReport, TestStatus

_LOOKS: dict[TestStatus, tuple[str, str]] = {
    "passed": ("✓ passed", "green"),
    "recorded": ("✓ recorded", "green"),
    "different": ("✗ different", "red"),
    "failed": ("✗ failed", "red"),
    "died": ("✗ died", "red"),
}


def report_sections(report: TestReport) -> Iterator[RenderableType]:
    """Yield what is to be told about one notebook."""
    word, style = _LOOKS[report.status]
    against = f", against {report.baseline.label}" if report.baseline is not None else ""
    counted = f" · {_counts(report.cells)}" if report.cells else ""
    heading = Text(f"{report.notebook}  ", "bold").append(word, style)
    yield heading.append(f"{against}{counted} · {format_duration(report.duration)}", "default")
    if report.params:
        given = ", ".join(f"{name}={one_line(repr(value), 40)}" for name, value in report.params.items())
        yield _indented(Text(f"with {given}"))
    for cell in report.cells:
        if cell.status in ("different", "failed"):
            yield _indented(Text(f"cell {cell.cell}: {_code_line(cell.source)}", "bold"))
            for difference in cell.differences:
                yield from _difference(difference)
    if report.metrics:
        yield _indented(Text("metrics", "bold"))
        for difference in report.metrics:
            yield from _difference(difference, excerpts=False)
    if report.error is not None:
        yield _indented(error_text(report.error))
    new = [str(cell.cell) for cell in report.cells if cell.status == "new" and cell.source.strip()]
    if new and report.baseline is not None:
        yield _indented(Text(f"not compared, the baseline has no such cell: {', '.join(new)}", "yellow"))
    for line in report.gone:
        yield _indented(Text(f"gone since the baseline: {line}", "yellow"))
    if report.compares_nothing:
        yield _indented(
            Text("None of the baseline's results is there any more: nothing was compared.", "red")
        )
    if report.run_id is not None:
        became = "is the baseline now" if report.error is None else "failed, and became no baseline"
        yield _indented(Text(f"run #{report.number} {became}"))


def summary(reports: Sequence[TestReport]) -> Text:
    """Return one line about all notebooks."""
    counts = {status: sum(report.status == status for report in reports) for status in _LOOKS}
    told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    good = counts["passed"] + counts["recorded"]
    noun = "notebook" if len(reports) == 1 else "notebooks"
    return Text(f"{len(reports)} {noun}: {told}", "green" if good == len(reports) else "")


def _counts(cells: Sequence[CellCheck]) -> str:
    words = {"same": "same", "different": "different", "failed": "failed", "ignored": "ignored"}
    words |= {"new": "new", "not_run": "not run"}
    counts = {word: sum(cell.status == status for cell in cells) for status, word in words.items()}
    return "cells: " + ", ".join(f"{count} {word}" for word, count in counts.items() if count)


def _difference(difference: Difference, excerpts: bool = True) -> Iterator[RenderableType]:
    place = f"output {difference.output}: " if difference.output is not None else ""
    yield _indented(Text(f"{place}{difference.message}"), 4)
    if excerpts and (difference.expected or difference.actual):
        yield _indented(Text(f"expected  {difference.expected}", "green"), 6)
        yield _indented(Text(f"actual    {difference.actual}", "red"), 6)


def _code_line(source: str) -> str:
    lines = source.strip().splitlines()
    return one_line(lines[0], 80) if lines else ""


def _indented(content: RenderableType, indent: int = 2) -> Padding:
    return Padding(content, (0, 0, 0, indent), expand=False)
