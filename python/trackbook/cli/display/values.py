"""The rich values of a run, as `trackbook show` lists them: a line a key and context."""

from collections.abc import Iterable

from rich.table import Table

from trackbook.cli.display.tables import make_table, to_column
from trackbook.domain.formatting import format_bytes, one_line
from trackbook.domain.metric import series_name
from trackbook.domain.rich import LoggedValue, RichValue

_INDENT = 2


def values_table(logged: Iterable[LoggedValue]) -> Table:
    """Return a table of values with the last one of each key and context, and how many there are."""
    series: dict[str, list[RichValue]] = {}
    for one in logged:
        series.setdefault(series_name(one.value.key, one.value.context), []).append(one.value)
    last = [max(values, key=lambda value: value.step) for values in series.values()]
    return make_table(
        [
            to_column("Value", [one_line(name, None) for name in series], folds=True),
            to_column("Kind", [value.kind for value in last]),
            to_column("Last", [_describe(value) for value in last], rank=2, shrinks=True),
            to_column("Step", [str(value.step) for value in last], justify="right", rank=1),
            to_column("Steps", [str(len(values)) for values in series.values()], justify="right", rank=3),
            to_column("Size", [format_bytes(value.size) for value in last], justify="right"),
        ],
        margin=_INDENT,
    )


def _describe(value: RichValue) -> str:
    """Return in few words what a value's meta says: of a text its beginning, of an image its size."""
    meta = value.meta
    if "width" in meta and "height" in meta:
        return f"{meta['width']} × {meta['height']}"
    if "rows" in meta and isinstance(meta.get("columns"), list):
        return f"{meta['rows']:,} rows, {len(meta['columns']) + meta.get('more_columns', 0)} columns"
    if "seconds" in meta:
        return f"{meta['seconds']} s"
    for key in ("preview", "title"):
        if isinstance(meta.get(key), str):
            return one_line(meta[key], 60)
    for key in ("length", "count"):
        if key in meta:
            return f"{meta[key]:,} {'values' if key == 'length' else 'counted'}"
    return one_line(", ".join(map(str, meta.get("labels", []))), 60)
