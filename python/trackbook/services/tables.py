"""Runs and comparisons as pandas tables, for notebooks and scripts."""

import warnings
from typing import Any

import pandas as pd

from trackbook.domain.compare import Comparison
from trackbook.domain.run import Run
from trackbook.domain.table import AGGREGATES
from trackbook.services.context import Services
from trackbook.services.group_tables import GroupTable

_PAGE = 500


def runs_table(
    services: Services, query: str | None, order_by: str | None, limit: int | None
) -> pd.DataFrame:
    """Return matching runs, a row a run, with `params.*`, `metrics.*` and `tags.*` columns."""
    services.runs.refresh()
    found: list[Run] = []
    while limit is None or len(found) < limit:
        size = _PAGE if limit is None else min(_PAGE, limit - len(found))
        page = services.runs.search(query, order_by=order_by, offset=len(found), limit=size)
        found += page.runs
        if not page.runs or len(found) >= page.total:
            break
    for hint in services.runs.unknown_keys(query, order_by, len(found)):
        warnings.warn(hint, stacklevel=3)
    return frame_of(found)


def frame_of(runs: list[Run]) -> pd.DataFrame:
    """Return runs that were found already as such a table."""
    return pd.DataFrame([_row(run) for run in runs], columns=_columns(runs))


def frame_of_groups(table: GroupTable) -> pd.DataFrame:
    """Return groups, a row a group: what they are grouped by, `count`, and columns such as `mean of metrics.acc`."""
    rows = [
        dict(zip(table.group_by, group.values, strict=True))
        | {"count": group.count}
        | {
            f"{name} of {column}": getattr(numbers, name)
            for column, numbers in zip(table.columns, group.columns, strict=True)
            if numbers is not None
            for name in AGGREGATES
        }
        for group in table.groups
    ]
    return pd.DataFrame(rows, columns=None if rows else [*table.group_by, "count"])


def frame_of_comparison(comparison: Comparison) -> pd.DataFrame:
    """Return what differs, of a comparison that may hold more, as such a table."""
    rows = [
        (f"{kind}.{row.key}", row.values)
        for kind, group in (
            ("params", comparison.params),
            ("metrics", comparison.metrics),
            ("tags", comparison.tags),
        )
        for row in group
        if row.differs
    ]
    columns = [f"#{run.number}" for run in comparison.runs]
    return pd.DataFrame([values for _, values in rows], index=[key for key, _ in rows], columns=columns)


def values_table(services: Services, reference: str, key: str | None) -> pd.DataFrame:
    """Return the rich values of a run, a row a value; with `key` only those that are logged under it."""
    services.runs.refresh()
    found = [
        logged
        for logged in services.values.list(services.runs.get(reference).id)
        if key is None or logged.value.key == key
    ]
    rows = [{name: getattr(logged.value, name) for name in _VALUE} | {"at": logged.at} for logged in found]
    return pd.DataFrame(rows, columns=[*_VALUE, "at"])


_VALUE = ("key", "step", "context", "kind", "media_type", "size", "meta", "digest")
_FIXED = ("id", "number", "experiment", "name", "status", "started", "ended", "duration")


def _row(run: Run) -> dict[str, Any]:
    row = {name: getattr(run, name) for name in _FIXED}
    for prefix, values in (("params", run.params), ("metrics", run.metrics), ("tags", run.tags)):
        row |= {f"{prefix}.{key}": value for key, value in values.items()}
    return row


def _columns(found: list[Run]) -> list[str]:
    seen: dict[str, None] = dict.fromkeys(_FIXED)
    for prefix in ("params", "metrics", "tags"):
        keys = {key for run in found for key in getattr(run, prefix)}
        seen |= dict.fromkeys(f"{prefix}.{key}" for key in sorted(keys))
    return list(seen)
