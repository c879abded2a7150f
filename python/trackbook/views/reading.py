"""Which runs a view is about, and how their values read in it."""

import shutil
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from trackbook import api
from trackbook.domain.formatting import format_number, format_value, one_line
from trackbook.domain.run import Run, RunDetail, RunStatus
from trackbook.errors import UsageError
from trackbook.views.grid import Cell, Mark

if TYPE_CHECKING:
    from trackbook.services.context import Services

VALUE_WIDTH = 40
BEST = "★"
NOTHING = Cell("–", mark="quiet")

_STATUSES: dict[RunStatus, tuple[str, Mark]] = {
    "running": ("●", "busy"),
    "finished": ("✓", "good"),
    "failed": ("✗", "bad"),
    "killed": ("✗", "bad"),
    "timed_out": ("✗", "bad"),
    "aborted": ("■", ""),
    "pruned": ("■", ""),
    "lost": ("?", ""),
}


def to_reference(run: object) -> str:
    """Return an id or a number from what users name a run by. Raises UsageError for anything else."""
    if isinstance(run, api.Run | Run):
        return run.id
    if isinstance(run, str) and run.strip():
        return run
    if isinstance(run, int) and not isinstance(run, bool):
        return f"#{run}"
    raise UsageError(
        f"A run is named by its number (42 or '#42') or its id, not by {one_line(repr(run), 60)}."
    )


def status_cell(status: RunStatus) -> Cell:
    """Return a status as symbol and word."""
    symbol, mark = _STATUSES[status]
    return Cell(f"{symbol} {status.replace('_', ' ')}", mark=mark)


def value_cell(value: Any) -> Cell:
    """Return a parameter, tag or fact."""
    if value is None:
        return NOTHING
    text = format_value(value)
    short = one_line(text, VALUE_WIDTH)
    exact = repr(value) if isinstance(value, float) else text
    return Cell(short, exact if exact != short else "")


def value_cells(values: Sequence[Any]) -> list[Cell]:
    """Return values of one parameter, tag or fact beside each other: long ones so that they can be told apart."""
    cells = [value_cell(value) for value in values]
    if len({cell.text for cell in cells}) < len({repr(value) for value in values}):
        return _from_where_they_part(values)
    return cells


def metric_texts(values: Sequence[float | None]) -> list[str]:
    """Return values of one metric as they are shown beside each other, with as many digits each."""
    whole = all(value is None or value - value != 0 or value == int(value) for value in values)
    return ["" if value is None else format_number(value, whole=whole) for value in values]


def units_of(details: Iterable[RunDetail]) -> dict[str, str]:
    """Return the units of metrics by their keys."""
    return {one.key: one.unit for detail in details for one in detail.series if one.unit}


def units_in(services: "Services", runs: Sequence[Run], most: int = 5) -> dict[str, str]:
    """Return the units of the metrics of these runs, looked up in at most `most` of them."""
    missing = {name for run in runs for name in run.metrics}
    chosen: list[str] = []
    for run in runs:
        if missing & run.metrics.keys() and len(chosen) < most:
            missing -= run.metrics.keys()
            chosen.append(run.id)
    return units_of(services.runs.detail(identity) for identity in chosen)


def unit_of(name: str, units: dict[str, str]) -> str | None:
    """Return the unit of a metric by the one-line name of one of its series."""
    return units.get(name.partition("{")[0])


def with_unit(name: str, unit: str | None) -> str:
    """Return a metric's name with its unit."""
    return f"{name} [{unit}]" if unit else name


def text_width() -> int:
    """Return how wide text may be: as the terminal is, or as is usual where there is none."""
    return shutil.get_terminal_size((120, 24)).columns if sys.stdout.isatty() else 120


def _from_where_they_part(values: Sequence[Any]) -> list[Cell]:
    """Return values that begin alike from where they part on, so that the difference is to be seen."""
    texts = ["" if value is None else format_value(value) for value in values]
    known = [text for text, value in zip(texts, values, strict=True) if value is not None]
    alike = 0
    while all(alike < len(text) and text[alike] == known[0][alike] for text in known):
        alike += 1
    skipped = max(0, alike - VALUE_WIDTH // 4)
    return [
        NOTHING
        if value is None
        else Cell(("…" if skipped else "") + one_line(text[skipped:], VALUE_WIDTH), text)
        for text, value in zip(texts, values, strict=True)
    ]
