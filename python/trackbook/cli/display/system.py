"""System metrics of a run, as `trackbook show` prints them: in the units in which people say them."""

from collections.abc import Sequence

from rich.table import Table

from trackbook.cli.display.tables import make_table, to_column
from trackbook.domain.formatting import format_bytes, format_number, one_line, spark_line, thin
from trackbook.domain.metric import SYSTEM, SeriesSummary, series_name


def system_table(series: Sequence[SeriesSummary], margin: int) -> Table:
    """Return system metrics as a table, a row a series."""
    names = [series_name(one.key.removeprefix(SYSTEM), one.context) for one in series]
    return make_table(
        [
            to_column("Metric", [one_line(name, None) for name in names], folds=True),
            to_column("Last", [_amount(one.last, one.unit) for one in series], justify="right"),
            to_column("Min", [_amount(one.min, one.unit) for one in series], justify="right", rank=1),
            to_column("Max", [_amount(one.max, one.unit) for one in series], justify="right", rank=1),
            to_column("Samples", [str(one.count) for one in series], justify="right", rank=3),
            to_column("Curve", [spark_line(thin(one.spark)) for one in series], rank=2, style="cyan"),
        ],
        margin=margin,
    )


def _amount(value: float | None, unit: str | None) -> str:
    if value is None:
        return ""
    if unit in ("B", "B/s") and value == value and abs(value) != float("inf"):
        return format_bytes(round(value)) + unit.removeprefix("B")
    number = f"{value:.1f}" if unit == "%" else format_number(value)
    return f"{number} {unit}" if unit else number
